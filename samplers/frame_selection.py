"""Spending a frame budget: frames taken one by one, gaps covered evenly, and a plan at the end.

The contract of all samplers is kept here: a plan has exactly as many frames as the budget allows, or all
there are; each one once, in order, inside the video. A sampler takes frames in order of preference; the rest
of its budget goes to the widest gaps.
"""

from __future__ import annotations

import heapq
import math
from bisect import bisect_left, insort
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from video_vlm.records import Sample, Span
from video_vlm.samplers.frame_times import FrameTimes

__all__ = ["FrameSelection"]

Prefer = Callable[[float, float], float]
"""``(seconds, reach) -> seconds``: a better time no further than ``reach`` away."""


class FrameSelection:
    """Frames taken so far.

    Args:
        frames: The frames that can be taken.
        frame_budget: How many may be taken.

    Raises:
        ValueError: ``frame_budget`` is below 1.
    """

    def __init__(self, frames: FrameTimes, frame_budget: int) -> None:
        if frame_budget < 1:
            raise ValueError(f"frame_budget must be at least 1, got {frame_budget}")
        self._pictures = frames
        self._budget = min(frame_budget, len(frames))
        self._taken: dict[int, Sample] = {}
        self._order: list[int] = []

    @property
    def num_left(self) -> int:
        """How many frames may still be taken."""
        return self._budget - len(self._order)

    def take(self, seconds: float, *, score: float = 0.0, reason: str) -> bool:
        """Take the frame nearest to a time; False if it is taken already, or nothing is left."""
        return self._take(self._pictures.nearest(seconds), score, reason)

    def cover(
        self, num_frames: int, *, reason: str, within: Span | None = None, prefer: Prefer | None = None
    ) -> int:
        """Take ``num_frames`` where the gaps between what is taken are widest, evenly inside each gap.

        Worked example: ``[0, 100)`` with 50 taken and 3 to go -> 17 and 33, 75: no gap is wider than 25.

        Args:
            num_frames: How many; at most as many as are left in the budget.
            reason: Why, for the samples.
            within: Only in this span; in the whole video if None.
            prefer: May move each frame by up to a quarter of the distance to its neighbours.

        Returns:
            How many were taken: fewer where there are no more frames.
        """
        first, stop = (0, len(self._pictures)) if within is None else self._pictures.inside(within)
        gaps = self._gaps(first, stop, within or self._pictures.span)
        shares = _shares(gaps, min(num_frames, self.num_left))
        for gap, share in zip(gaps, shares, strict=True):
            for index in _placed(gap, share, self._pictures, prefer):
                self._take(index, 0.0, reason)
        return sum(shares)

    def plan(self) -> tuple[Sample, ...]:
        """The frames taken, in order of time, after spending the rest of the budget on the widest gaps."""
        self.cover(self.num_left, reason="coverage: the widest gap")
        return tuple(self._taken[index] for index in self._order)

    def _take(self, index: int, score: float, reason: str) -> bool:
        if index in self._taken or self.num_left == 0:
            return False
        score = float(score) if math.isfinite(score) else 0.0
        self._taken[index] = Sample(self._pictures.seconds(index), score, reason)
        insort(self._order, index)
        return True

    def _gaps(self, first: int, stop: int, span: Span) -> list[_Gap]:
        """The stretches between taken frames that hold free ones; frames ``[first, stop)`` only."""
        inside = self._order[bisect_left(self._order, first) : bisect_left(self._order, stop)]
        edges = [(first - 1, span.start), *((index, self._pictures.seconds(index)) for index in inside)]
        edges.append((stop, span.end))
        return [
            _Gap(left + 1, right, start, end)
            for (left, start), (right, end) in pairwise(edges)
            if right - left > 1
        ]


@dataclass(frozen=True, slots=True)
class _Gap:
    """Free frames ``[first, stop)`` between two times in seconds."""

    first: int
    stop: int
    start: float
    end: float

    def width(self, share: int) -> float:
        """The distance between neighbours once ``share`` frames stand in it."""
        return (self.end - self.start) / (share + 1)


def _shares(gaps: Sequence[_Gap], num_frames: int) -> list[int]:
    """How many each gap gets, so that the widest distance left is as small as can be."""
    shares = [0] * len(gaps)
    widest = [(-gap.width(0), place) for place, gap in enumerate(gaps)]
    heapq.heapify(widest)
    while widest and num_frames > 0:
        _, place = heapq.heappop(widest)
        shares[place] += 1
        num_frames -= 1
        gap = gaps[place]
        if shares[place] < gap.stop - gap.first:
            heapq.heappush(widest, (-gap.width(shares[place]), place))
    return shares


def _placed(gap: _Gap, share: int, frames: FrameTimes, prefer: Prefer | None) -> list[int]:
    """``share`` distinct frames of a gap, evenly spread; never more than it holds."""
    step = gap.width(share)
    times = [gap.start + (place + 1) * step for place in range(share)]
    if prefer is not None:
        times = [prefer(seconds, step / 4) for seconds in times]
    indices = [min(max(frames.nearest(seconds), gap.first), gap.stop - 1) for seconds in times]
    for place in range(1, share):  # no two on one picture: push to the right, ...
        indices[place] = max(indices[place], indices[place - 1] + 1)
    for place in range(share - 1, -1, -1):  # ... then back from the right edge
        indices[place] = min(indices[place], gap.stop - share + place)
    return indices
