"""The times of a video's frames: known one by one, or at a fixed interval."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from video_vlm.records import Span

__all__ = ["FrameTimes", "Seconds"]

Seconds = npt.NDArray[np.float64]
"""Times, ``(n,)``, in seconds on the container's clock."""


@dataclass(frozen=True, slots=True, eq=False)
class FrameTimes:
    """The frames of a video, numbered in order of time.

    Args:
        span: The time they cover. A span without length holds one frame.
        step_seconds: How long each frame is shown, where ``times`` is None.
        times: When each frame begins, in seconds, ``(n,)``, ascending and inside ``span``, where that is
            known (variable frame rate).

    Raises:
        ValueError: a step that is not positive, or times that are out of order or outside the span.
    """

    span: Span
    step_seconds: float = 0.04
    times: Seconds | None = None

    def __post_init__(self) -> None:
        if not (math.isfinite(self.step_seconds) and self.step_seconds > 0):
            raise ValueError(f"step_seconds must be above 0, got {self.step_seconds}")
        if self.times is None:
            return
        if self.times.size == 0 or not bool(np.all(np.diff(self.times) > 0)):
            raise ValueError("the times of pictures must be ascending, at least one")
        if not (self.span.contains(float(self.times[0])) and self.span.contains(float(self.times[-1]))):
            raise ValueError(f"the times of pictures must lie in {self.span}")

    def __len__(self) -> int:
        if self.times is not None:
            return int(self.times.size)
        return max(1, round(self.span.duration_seconds / self.step_seconds))

    def seconds(self, index: int) -> float:
        """A time at which frame ``index`` is shown: its own where known, else the middle of its duration, so
        that rounded time stamps do not select its neighbour."""
        if self.times is not None:
            return float(self.times[index])
        return self.span.start + (index + 0.5) * self.span.duration_seconds / len(self)

    def nearest(self, seconds: float) -> int:
        """The number of the frame nearest to a time in seconds; the first or the last one where that is
        outside the span."""
        if self.times is None:
            share = (seconds - self.span.start) / (self.span.duration_seconds or 1.0)
            return min(max(math.floor(share * len(self)), 0), len(self) - 1)
        right = int(np.searchsorted(self.times, seconds))
        if right == 0 or right == len(self):
            return min(right, len(self) - 1)
        return right - int(seconds - self.times[right - 1] <= self.times[right] - seconds)

    def inside(self, span: Span) -> tuple[int, int]:
        """The frames whose :meth:`seconds` lie in ``[start, end)``, as ``[first, stop)``."""
        first, stop = (self._first_from(edge) for edge in (span.start, span.end))
        return first, max(first, stop)

    def _first_from(self, seconds: float) -> int:
        """The number of the first frame at or after a time; their count where there is none."""
        if self.times is not None:
            return int(np.searchsorted(self.times, seconds))
        guess = self.nearest(seconds)
        return guess if self.seconds(guess) >= seconds else guess + 1
