"""Scenes as subtitles: one cue for each scene, from its start to its end, with its summary."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import BinaryIO

from video_vlm.export.outline import Outline, words
from video_vlm.own_files import MARK
from video_vlm.records import Span

__all__ = ["cue_text", "cue_times", "write_srt", "write_vtt"]

_LEAST_SECONDS = 0.001
_TIMESTAMP = re.compile(r"\d:\d{1,9}:\d{1,9}[.,]\d")
_UNMARKED = str.maketrans("<>{}", "‹›()")
"""Players read tags in angle brackets and styles in braces as markup; SubRip has no escapes for them."""


def write_srt(video: Outline, out: BinaryIO) -> None:
    """Write SubRip in UTF-8. It has no times before zero: they become zero. Each cue ends in a mark by which
    the file is recognized as exported (:mod:`video_vlm.own_files`)."""
    for number, scene in enumerate(video.scenes, start=1):
        start, end = cue_times(scene.span, ",")
        out.write(f"{number}\n{start} --> {end}\n{cue_text(words(scene), is_srt=True)}{MARK}\n\n".encode())


def write_vtt(video: Outline, out: BinaryIO) -> None:
    """Write WebVTT in UTF-8; ``<`` and ``&`` in text are escaped. It has the same marks, and a note."""
    out.write(b"WEBVTT\n\nNOTE exported by videoqa: what was found in the video, not what is said in it\n\n")
    for scene in video.scenes:
        start, end = cue_times(scene.span, ".")
        out.write(f"{start} --> {end}\n{html.escape(cue_text(words(scene)), quote=False)}{MARK}\n\n".encode())


def cue_text(text: str, *, is_srt: bool = False) -> str:
    """A line of text for a cue, without anything that looks like the times of another cue, or in SubRip like
    markup."""
    plain = _TIMESTAMP.sub(lambda match: match[0].replace(":", "∶"), text.replace("-->", "→"))
    return plain.translate(_UNMARKED) if is_srt else plain


def cue_times(span: Span, point: str) -> Iterator[str]:
    """When a cue begins and ends, with ``point`` before the milliseconds; none is before zero."""
    start = max(0.0, span.start)
    for seconds in (start, max(span.end, start + _LEAST_SECONDS)):
        minutes, milliseconds = divmod(round(seconds * 1000), 60_000)
        hours, minute = divmod(minutes, 60)
        yield f"{hours:02}:{minute:02}:{milliseconds // 1000:02}{point}{milliseconds % 1000:03}"
