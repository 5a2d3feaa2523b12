"""``videoqa entities``: who and what is named in a video, and when."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from video_vlm.cli.session import Session
from video_vlm.cli.terminal import print_json, table, write
from video_vlm.errors import SettingsError
from video_vlm.text import visible

if TYPE_CHECKING:
    from video_vlm.memory import Entity

__all__ = ["entities"]


def entities(
    session: Session,
    video: Annotated[
        str, typer.Argument(metavar="VIDEO", help="A video of the library: its file, its name or its id.")
    ],
    name: Annotated[
        str | None,
        typer.Argument(metavar="[NAME]", help="Only this name, with every mention.", show_default=False),
    ] = None,
) -> None:
    """List the names in a video, or every mention of one.

    Names are read from subtitles, speech, text on screen, chapter titles and captions of a video that was
    indexed before: runs of capitalised words. A name that is typed is found however it is written.

    Examples:

    \b
      videoqa entities film.mp4
      videoqa entities film.mp4 Olive
      videoqa entities lecture.mkv "Odile Ferrant" --json
    """
    with session.open() as videos:
        memory = videos.memory(video)
        try:
            found = memory.entities() if name is None else (memory.entity(name),)
        except ValueError as error:
            raise SettingsError(f"NAME: {error}") from error
    if session.json:
        print_json([{"name": one.name, **as_plain(one)} for one in found])
        return
    write(overview(found) if name is None else mentions(found[0]))


def as_plain(one: Entity) -> dict[str, object]:
    return {
        "timeline": [asdict(span) for span in one.timeline],
        "mentions": [asdict(seen) for seen in one.mentions],
    }


def overview(found: tuple[Entity, ...]) -> str:
    rows = [(one.name, str(len(one.mentions)), ", ".join(map(str, one.timeline))) for one in found]
    return table(rows, header=("name", "mentions", "when")) if rows else "no names found"


def mentions(one: Entity) -> str:
    rows = [(str(seen.span), seen.kind.value, seen.text) for seen in one.mentions]
    return table(rows, header=("time", "kind", "what")) if rows else f"nothing names {visible(one.name)}"
