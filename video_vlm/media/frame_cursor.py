"""The frame on display at a time, out of frames that come one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, TypeVar

from video_vlm.protocols import DecodedFrame

__all__ = ["FrameCursor"]

P = TypeVar("P", bound=DecodedFrame)


class FrameCursor(Generic[P]):
    """Moves forward over frames; holds the one on display and the one after it.

    The first frame is on display before its time, the last one after it.
    """

    def __init__(self, frames: Iterator[P]) -> None:
        self._pictures = frames
        self._current = next(frames, None)
        self._upcoming = next(frames, None)

    @property
    def pts(self) -> float:
        """The PTS, in ticks, of the last frame that was decoded."""
        reached = self._upcoming or self._current
        return reached.pts if reached is not None else float("-inf")

    def seconds_ahead(self, seconds: float) -> float:
        """How many seconds ``seconds`` lies behind the last decoded frame; negative where it does not, or no
        frame is left."""
        return seconds - self._upcoming.pts_seconds if self._upcoming is not None else -1.0

    def on_display(self, pts: int) -> P | None:
        """The last frame at or before ``pts``, in ticks; None where there is no frame at all."""
        while self._upcoming is not None and self._upcoming.pts <= pts:
            self._current, self._upcoming = self._upcoming, next(self._pictures, None)
        return self._current
