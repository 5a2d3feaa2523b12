"""Spans of time in seconds, and clock times."""

from __future__ import annotations

import math
from dataclasses import dataclass

__all__ = ["Span", "clock", "whole_seconds"]


def clock(seconds: float) -> str:
    """Seconds as a clock time, rounded down: ``0:08``, ``12:30``, ``1:02:03``, ``-0:01``."""
    whole = whole_seconds(seconds)
    minutes, second = divmod(abs(whole), 60)
    hours, minute = divmod(minutes, 60)
    sign = "-" if whole < 0 else ""
    return f"{sign}{hours}:{minute:02}:{second:02}" if hours else f"{sign}{minute}:{second:02}"


def whole_seconds(seconds: float) -> int:
    """Whole seconds, rounded down as :func:`clock` does, after rounding to milliseconds."""
    return math.floor(round(seconds, 3))


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A span of time, ``[start, end)`` in seconds; ``start == end`` is an instant.

    Raises:
        ValueError: the ends are not finite, or in the wrong order.
    """

    start: float
    end: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.start) and math.isfinite(self.end)) or self.end < self.start:
            raise ValueError(f"a span needs finite start <= end, got [{self.start}, {self.end})")

    @property
    def duration_seconds(self) -> float:
        return self.end - self.start

    @property
    def middle(self) -> float:
        return (self.start + self.end) / 2

    def contains(self, seconds: float) -> bool:
        return self.start <= seconds < self.end or seconds == self.start

    def overlaps(self, other: Span) -> bool:
        """Whether the two have time in common; an instant overlaps a span that contains it."""
        if self.start == self.end or other.start == other.end:
            return self.contains(other.start) or other.contains(self.start)
        return self.start < other.end and other.start < self.end

    def overlap(self, other: Span) -> Span | None:
        """The common span; None if there is none."""
        if not self.overlaps(other):
            return None
        return Span(max(self.start, other.start), min(self.end, other.end))

    def cover(self, other: Span) -> Span:
        """The smallest span that contains both."""
        return Span(min(self.start, other.start), max(self.end, other.end))

    def widen(self, seconds: float) -> Span:
        return Span(self.start - seconds, self.end + seconds)

    def __str__(self) -> str:
        return f"{clock(self.start)}–{clock(self.end)}"
