"""``videoqa export``: what is remembered of a video, in formats that other programs read."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from video_vlm.cli.format_by_suffix import STDOUT, OutOption, form_of
from video_vlm.cli.session import OverwriteOption, Session
from video_vlm.cli.terminal import print_json, printing
from video_vlm.errors import SettingsError

__all__ = ["ExportFormat", "What", "export"]


class ExportFormat(StrEnum):
    """How it is written."""

    PARQUET = "parquet"
    JSONL = "jsonl"
    CSV = "csv"
    JSON = "json"
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
        str, typer.Argument(metavar="VIDEO", help="A video file, or the name or id of one in the library.")
    ],
    form: Annotated[
        ExportFormat | None,
        typer.Option("--format", help="How to write it [default: by the file's ending].", show_default=False),
    ] = None,
    what: Annotated[
        What, typer.Option("--what", help="Which table: parquet, jsonl, csv and json only.")
    ] = What.SCENES,
    out: OutOption = None,
    overwrite: OverwriteOption = False,
) -> None:
    """Export what is remembered of a video.

    Tables (parquet, jsonl, csv, json) hold scenes, summaries, observations or vectors. Subtitles (srt, vtt)
    have one cue a scene; documents (md, html) times and small pictures; otio is a timeline for editing
    programs. The video must be in the library. A file that is there is replaced only if it is as it was
    exported before.

    Examples:

    \b
      videoqa export film.mp4 -o film.html
      videoqa export film.mp4 --format srt > scenes.srt
      videoqa export film.mp4 --what observations -o seen.parquet
      videoqa export film.mp4 -o film.otio --overwrite
    """
    from video_vlm.export import FORMATS, outputs_for
    from video_vlm.export import export as write

    out = None if out == STDOUT else out
    form = form_of(ExportFormat, form, out)
    if form is None:
        raise SettingsError(
            f"name a format: --format {', '.join(FORMATS)}; or a file that ends like one: -o film.html"
        )
    if out is None and not FORMATS[form].is_text:
        raise SettingsError(f"{form.value} is no text: name a file with -o")
    with session.open() as videos:
        memory = videos.memory(video)
        if out is None:
            with printing(sys.stdout):
                write(memory, binary_stdout(), form=form.value, what=what.value)
            return
        outputs = outputs_for(videos.library, overwrite=overwrite, inputs=[Path(video)])
        with outputs.open(out) as file:
            write(memory, file, form=form.value, what=what.value)
    if session.json:
        print_json({"path": str(out), "format": form.value, "what": what.value, "bytes": out.stat().st_size})


def binary_stdout() -> BinaryIO:
    sys.stdout.flush()
    return sys.stdout.buffer
