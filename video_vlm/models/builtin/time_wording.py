"""Times and lengths in words. Every number is rounded down, so that two numbers told for one time agree."""

from __future__ import annotations

import math

from video_vlm.records import Span, clock, whole_seconds

__all__ = ["fine_clock", "spoken_length", "spoken_stretch", "spoken_time"]


def spoken_time(span: Span) -> str:
    """``From 0:49 to 1:06 (49 s to 66 s)``; its start alone for what is over within a second."""
    start, end = whole_seconds(span.start), whole_seconds(span.end)
    if span.duration_seconds < 1:
        return f"At {clock(span.start)} ({start} s)"
    return f"From {clock(span.start)} to {clock(span.end)} ({start} s to {end} s)"


def spoken_stretch(span: Span) -> str:
    """``from 0:49.4 to 1:06``: as fine as the length that is told beside it."""
    return f"from {fine_clock(span.start)} to {fine_clock(span.end)}"


def spoken_length(start: float, end: float) -> str:
    """``16.6 seconds``: between two times as :func:`fine_clock` tells them."""
    tenths = abs(_tenths(end) - _tenths(start))
    return "1 second" if tenths == 10 else f"{_decimal(tenths // 10, tenths % 10)} seconds"


def fine_clock(seconds: float) -> str:
    """``0:49.4``; ``1:06`` where it is a whole second."""
    tenths = _tenths(seconds)
    return _decimal(clock(tenths / 10), max(tenths, 0) % 10)


def _tenths(seconds: float) -> int:
    return math.floor(round(round(seconds, 3) * 10, 2))  # in thousandths first, as whole_seconds() has them


def _decimal(whole: object, tenth: int) -> str:
    return f"{whole}.{tenth}" if tenth else str(whole)
