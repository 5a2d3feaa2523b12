"""``videoqa transcript``: what is said in a video, with times."""

from __future__ import annotations

import logging
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from video_vlm.cli.format_by_suffix import STDOUT, OutOption, form_of
from video_vlm.cli.session import OverwriteOption, Session, SpeedOption
from video_vlm.cli.terminal import write

logger = logging.getLogger(__name__)

__all__ = ["TranscriptFormat", "transcript"]


class TranscriptFormat(StrEnum):
    """How it is written."""

    TXT = "txt"
    SRT = "srt"
    VTT = "vtt"
    JSON = "json"


def transcript(
    session: Session,
    video: Annotated[
        str, typer.Argument(metavar="VIDEO", help="A video file, or the name or id of one in the library.")
    ],
    form: Annotated[
        TranscriptFormat | None,
        typer.Option(
            "--format", help="How to write it [default: by the file's ending, else txt].", show_default=False
        ),
    ] = None,
    track: Annotated[
        str | None,
        typer.Option(
            metavar="SOURCE",
            help="Whose words: a subtitle track or the model that heard, as --format json names it.",
            show_default=False,
        ),
    ] = None,
    out: OutOption = None,
    speed: SpeedOption = None,
    overwrite: OverwriteOption = False,
) -> None:
    """Write what is said in a video, with times.

    The words of the subtitles where there are any, and what was heard where there are none. The video is read
    first if the library does not know it. A sentence that was not clearly heard ends in (?).

    Examples:

    \b
      videoqa transcript talk.mp4
      videoqa transcript talk.mp4 -o talk.en.srt
      videoqa transcript talk.mp4 --format json
      videoqa transcript talk.mp4 --set index.language=de
    """
    from video_vlm.export import outputs_for
    from video_vlm.export.transcript import TRANSCRIPTS, transcript_lines

    out = None if out == STDOUT else out
    by_ending = form_of(TranscriptFormat, form, out) or TranscriptFormat.TXT
    form = TranscriptFormat.JSON if session.json and form is None else by_ending
    with session.open(speed=speed) as videos:
        outputs = outputs_for(videos.library, overwrite=overwrite, inputs=[Path(video)])
        if out is not None:
            outputs.check(out)
        videos.scenes(video)  # reads it, if it is not known
        memory = videos.memory(video)
        lines = transcript_lines(memory, track=track)
        for one in memory.stored.missing if not lines else ():
            if one.startswith("speech"):
                logger.warning("%s was not listened to: %s", video, one)
        parts = TRANSCRIPTS[form.value](lines)
        if out is None:
            for part in parts:
                write(part)
            return
        with outputs.open(out) as file:
            for part in parts:
                file.write(f"{part}\n".encode())
