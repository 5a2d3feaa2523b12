"""Observations of a whole video, indexed by time."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from itertools import accumulate

from video_vlm.records import Observation, Span

__all__ = ["ObservationIndex"]


class ObservationIndex:
    """Finds the observations that overlap a span without a pass over all of them."""

    def __init__(self, observations: Iterable[Observation]) -> None:
        self._given = tuple(observations)
        self._order = sorted(range(len(self._given)), key=lambda place: self._given[place].span.start)
        self._starts = [self._given[place].span.start for place in self._order]
        self._ends = list(accumulate((self._given[place].span.end for place in self._order), max))
        """Of each and all before it, the latest."""

    def overlapping(self, span: Span) -> list[Observation]:
        """The observations that overlap ``[start, end)``, in the order they were given."""
        first = bisect_left(self._ends, span.start)
        after = bisect_right(self._starts, span.end)
        return [
            one
            for place in sorted(self._order[first:after])
            if (one := self._given[place]).span.overlaps(span)
        ]
