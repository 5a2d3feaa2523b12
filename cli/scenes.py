"""``videoqa scenes``: a video's scenes as a table, as data, or as one picture."""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from video_vlm.cli.contact_sheet import check_ending, save_contact_sheet
from video_vlm.cli.exit_codes import ExitCode
from video_vlm.cli.failures import beside
from video_vlm.cli.format_by_suffix import output_file
from video_vlm.cli.session import OverwriteOption, Session, SpeedOption
from video_vlm.cli.terminal import one_line, print_json, table, write
from video_vlm.records import Node, clock
from video_vlm.text import inert

if TYPE_CHECKING:
    from video_vlm.memory import MemoryView

__all__ = ["scenes"]

COLUMNS = ("scene", "start", "end", "seconds", "what")


class SceneListFormat(StrEnum):
    """How scenes are written."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


def scenes(
    session: Session,
    video: Annotated[
        str, typer.Argument(metavar="VIDEO", help="A video file, or the name or id of one in the library.")
    ],
    form: Annotated[
        SceneListFormat, typer.Option("--format", help="How to write them.")
    ] = SceneListFormat.TABLE,
    sheet: Annotated[
        Path | None,
        typer.Option(
            parser=output_file,
            metavar="OUT.jpg",
            help="Also draw a contact sheet: one small picture per scene.",
            show_default=False,
        ),
    ] = None,
    speed: SpeedOption = None,
    overwrite: OverwriteOption = False,
) -> ExitCode:
    """List the scenes of a video.

    A scene is one or more shots of one event. The video is read first if the library does not know it.

    Examples:

    \b
      videoqa scenes film.mp4
      videoqa scenes film.mp4 --format csv > scenes.csv
      videoqa scenes film.mp4 --sheet scenes.jpg
      videoqa scenes film.mp4 --speed fast
    """
    from video_vlm.export import outputs_for

    if sheet:
        check_ending(sheet)
    with session.open(speed=speed) as videos:
        outputs = outputs_for(videos.library, overwrite=overwrite, inputs=[Path(video)])
        if sheet:
            outputs.check(sheet)
        found = videos.scenes(video)
        posters = posters_of(videos.memory(video), found) if sheet else []
    works = [lambda: save_contact_sheet(posters, sheet, outputs=outputs)] if sheet else []
    return beside(lambda: WRITERS[SceneListFormat.JSON if session.json else form](found), *works)


def posters_of(memory: MemoryView, found: Sequence[Node]) -> list[tuple[str, bytes | None]]:
    """The clock time at which each scene begins, and its thumbnail as JPEG bytes."""
    return [(clock(scene.span.start), memory.thumbnail(scene)) for scene in found]


def as_table(found: Sequence[Node]) -> None:
    rows = []
    for i, scene in enumerate(found, 1):
        start, end = clock(scene.span.start), clock(scene.span.end)
        rows.append((str(i), start, end, f"{scene.span.duration_seconds:.1f}", what(scene)))
    write(table(rows, header=COLUMNS))


def as_json(found: Sequence[Node]) -> None:
    rows = [
        {"scene": i, "start": one.span.start, "end": one.span.end, "what": what(one), "id": one.id}
        for i, one in enumerate(found, 1)
    ]
    print_json(rows)


def as_csv(found: Sequence[Node]) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(COLUMNS)
    for i, scene in enumerate(found, 1):
        seconds = (scene.span.start, scene.span.end, scene.span.duration_seconds)
        writer.writerow((i, *(f"{value:.3f}" for value in seconds), inert(one_line(what(scene)))))


def what(scene: Node) -> str:
    return scene.title or scene.text


WRITERS: Mapping[SceneListFormat, Callable[[Sequence[Node]], None]] = {
    SceneListFormat.TABLE: as_table,
    SceneListFormat.JSON: as_json,
    SceneListFormat.CSV: as_csv,
}
