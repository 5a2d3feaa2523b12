"""What is said in a video, in words: as paragraphs, subtitles or JSON."""

from __future__ import annotations

import html
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from video_vlm.export.scene_subtitles import cue_text, cue_times
from video_vlm.own_files import MARK
from video_vlm.protocols import VideoMemory
from video_vlm.records import Observation, ObservationKind, clock
from video_vlm.records.observations import SPOKEN, UNSURE
from video_vlm.text import one_line

__all__ = ["TRANSCRIPTS", "transcript_lines"]

TRANSCRIPT_FORMAT_VERSION: Final = 1

_PAUSE_SECONDS: Final = 3.0
_PARAGRAPH_SECONDS: Final = 60.0
_END: Final = re.compile(r"[.?!…。？！][\"'”’)\]]*$")
_UNSURE_MARK: Final = " (?)"


def transcript_lines(memory: VideoMemory, *, track: str | None = None) -> tuple[Observation, ...]:
    """What is said, in order of time: the lines of one subtitle track, and what was heard beside them.

    Args:
        memory: Of the video.
        track: Whose words: the source of a line, as exports name it; None for the subtitle track with the most
            lines.
    """
    said = memory.observations(kinds=SPOKEN)
    if track is not None:
        return tuple(one for one in said if one.track == track)
    written = Counter(one.track for one in said if one.kind is not ObservationKind.SPEECH)
    most = max(written, key=lambda name: written[name], default=None)
    return tuple(one for one in said if one.kind is ObservationKind.SPEECH or one.track == most)


def as_text(lines: Sequence[Observation]) -> Iterator[str]:
    """Paragraphs, each behind the time at which it begins. A sentence that was not clearly heard ends in
    ``(?)``."""
    paragraph: list[Observation] = []
    for line in lines:
        if paragraph and _begins_anew(paragraph, line):
            yield _paragraph(paragraph)
            paragraph = []
        paragraph.append(line)
    if paragraph:
        yield _paragraph(paragraph)


def as_srt(lines: Sequence[Observation]) -> Iterator[str]:
    """SubRip; each cue carries the mark by which it is not read back as the film's subtitles."""
    for number, line in enumerate(lines, start=1):
        start, end = cue_times(line.span, ",")
        yield f"{number}\n{start} --> {end}\n{cue_text(_marked(line), is_srt=True)}{MARK}\n"


def as_vtt(lines: Sequence[Observation]) -> Iterator[str]:
    """WebVTT, with the same marks."""
    yield "WEBVTT\n"
    for line in lines:
        start, end = cue_times(line.span, ".")
        text = html.escape(cue_text(_marked(line)), quote=False)
        yield f"{start} --> {end}\n{text}{MARK}\n"


def as_json(lines: Sequence[Observation]) -> Iterator[str]:
    """One object; times in seconds, confidence in ``[0, 1]``: of what was heard, that of the least sure word."""
    rows = [
        {
            "start": line.span.start,
            "end": line.span.end,
            "text": line.text,
            "kind": line.kind,
            "source": line.source,
            "confidence": line.confidence,
            "unsure": _is_unsure(line),
        }
        for line in lines
    ]
    yield json.dumps({"version": TRANSCRIPT_FORMAT_VERSION, "lines": rows}, ensure_ascii=False, indent=2)


TRANSCRIPTS: Final[Mapping[str, Callable[[Sequence[Observation]], Iterator[str]]]] = {
    "txt": as_text,
    "srt": as_srt,
    "vtt": as_vtt,
    "json": as_json,
}
"""By name, which is also the ending of the files; each gives lines of text."""


def _begins_anew(paragraph: Sequence[Observation], line: Observation) -> bool:
    last = paragraph[-1]
    is_long = line.span.end - paragraph[0].span.start > _PARAGRAPH_SECONDS
    return line.span.start - last.span.end > _PAUSE_SECONDS or (
        is_long and _END.search(last.text) is not None
    )


def _paragraph(lines: Sequence[Observation]) -> str:
    return f"[{clock(lines[0].span.start)}] {' '.join(_marked(line) for line in lines)}\n"


def _marked(line: Observation) -> str:
    return one_line(line.text) + (_UNSURE_MARK if _is_unsure(line) else "")


def _is_unsure(line: Observation) -> bool:
    return line.kind is ObservationKind.SPEECH and line.confidence < UNSURE
