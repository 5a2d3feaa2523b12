"""``videoqa export``: what is remembered of a video, in formats that other programs read."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from video_vlm.cli.command import Session
from video_vlm.cli.terminal import print_json
from video_vlm.cli.travel import check_not_the_video
from video_vlm.errors import SettingsError

__all__ = ["ExportFormat", "What", "export", "written_whole"]


class ExportFormat(StrEnum):
    """How it is written."""

    PARQUET = "parquet"
    JSONL = "jsonl"
    CSV = "csv"
    SRT = "srt"
    VTT = "vtt"
    MD = "md"
    HTML = "html"
    OTIO = "otio"


class What(StrEnum):
    """Which table."""

    SCENES = "scenes"
    SUMMARIES = "summaries"
    OBSERVATIONS = "observations"
    VECTORS = "vectors"


def export(
    session: Session,
    video: Annotated[
        Path, typer.Argument(metavar="VIDEO", help="A video file, or the name or id of one in the library.")
    ],
    form: Annotated[ExportFormat, typer.Option("--format", help="How to write it.")],
    what: Annotated[What, typer.Option("--what", help="Which table: parquet, jsonl and csv only.")] = What.SCENES,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="OUT", help="The file; stdout if not given.", show_default=False),
    ] = None,
) -> None:
    """Export what is remembered of a video.

    Tables (parquet, jsonl, csv) hold scenes, summaries, observations or vectors. Subtitles (srt, vtt) have one cue
    a scene; documents (md, html) times and small pictures; otio is a timeline for editing programs. The video must
    be in the library.

    Examples:

    \b
      videoqa export film.mp4 --format html -o film.html
      videoqa export film.mp4 --format srt > scenes.srt
      videoqa export film.mp4 --format parquet --what observations -o seen.parquet
      videoqa export film.mp4 --format otio -o film.otio
    """
    from video_vlm.export import FORMATS
    from video_vlm.export import export as write

    if out is None and not FORMATS[form].is_text:
        raise SettingsError(f"{form.value} is no text: name a file with -o")
    with session.open() as videos:
        memory = videos.memory(video)
        if out is None:
            write(memory, binary_stdout(), form=form.value, what=what.value)
            return
        check_not_the_video(out, memory.video.path, video)
        with written_whole(out) as file:
            write(memory, file, form=form.value, what=what.value)
    if session.json:
        print_json({"path": str(out), "format": form.value, "what": what.value, "bytes": out.stat().st_size})


def binary_stdout() -> BinaryIO:
    sys.stdout.flush()
    return sys.stdout.buffer


@contextmanager
def written_whole(path: Path) -> Iterator[BinaryIO]:
    """A file to write that takes its name once all of it is on the disk; what was there before stays until then."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
