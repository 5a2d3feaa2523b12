"""The speed of work and the time left, estimated from progress events and a clock."""

from __future__ import annotations

import time
from collections.abc import Callable

from video_vlm.protocols import ProgressEvent
from video_vlm.records import clock as in_minutes

__all__ = ["RateEstimate"]


class RateEstimate:
    """For one file: seconds of video done each second, since its first event with a total.

    Args:
        now: The clock, in seconds.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._began: tuple[float, float] | None = None
        self.done = 0.0
        self.total: float | None = None
        self.speed: float | None = None

    def note(self, event: ProgressEvent) -> None:
        """Update the estimate. Speed counts from the first event with a total: seconds done by an earlier run
        do not count."""
        self.done, self.total = event.done, event.total
        if event.total is None:
            return
        moment = self._now()
        if self._began is None:
            self._began = (moment, event.done)
        since, first = self._began
        if moment > since and event.done > first:
            self.speed = (event.done - first) / (moment - since)

    @property
    def eta_seconds(self) -> float | None:
        """The time left in seconds; None where it is unknown."""
        if self.total is None or not self.speed:
            return None
        return max(0.0, self.total - self.done) / self.speed

    def __str__(self) -> str:
        """``12:00 of 1:30:00, 24.0x, 3:15 left``."""
        parts = [in_minutes(self.done) + ("" if self.total is None else f" of {in_minutes(self.total)}")]
        parts += [f"{self.speed:.1f}x"] if self.speed else []
        parts += [f"{in_minutes(self.eta_seconds)} left"] if self.eta_seconds is not None else []
        return ", ".join(parts)
