"""Segments of a file without pictures: they end in pauses of what is said."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from video_vlm.records import Observation, ObservationKind, Span

__all__ = ["sound_segments"]


def sound_segments(heard: Sequence[Observation], *, longest_seconds: float) -> Iterator[Span]:
    """Spans that tile the sound, each but the last at least half as long as it may be; it ends in the longest pause
    there.

    Args:
        heard: What was heard, in order of time; what is said of the kinds of sound tiles it.
        longest_seconds: The longest segment.
    """
    end = max((one.span.end for one in heard if one.kind is ObservationKind.SOUND), default=0.0)
    said = [one.span for one in heard if one.kind is ObservationKind.SPEECH]
    pauses = [Span(before.end, after.start) for before, after in pairwise(said) if before.end < after.start]
    start = 0.0
    while start < end:
        limit = start + longest_seconds
        late = [one for one in pauses if start + longest_seconds / 2 <= one.middle <= limit]
        pause = max(late, key=lambda one: one.duration_seconds, default=Span(limit, limit))
        until = end if end <= limit else pause.middle
        yield Span(start, until)
        start = until
