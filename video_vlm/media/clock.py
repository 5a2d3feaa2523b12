"""The one clock: an integer PTS for every picture, strictly rising."""

from __future__ import annotations

import logging
from fractions import Fraction
from typing import Any

from av.packet import Packet
from av.video.frame import VideoFrame

__all__ = ["Clock", "own_time"]

logger = logging.getLogger(__name__)

_RESTART_SECONDS = 1


def own_time(carrier: VideoFrame | Packet[Any]) -> int | None:
    """The time a picture or packet brings along: its PTS, or else its DTS (AVI keeps no other)."""
    return carrier.pts if carrier.pts is not None else carrier.dts


class Clock:
    """Stamps pictures as they leave the decoder, in the order they are shown.

    A picture's own time stands as it is. One without is dated by the frame rate: from the
    picture before it or, for those before the first dated one, backwards from that. A clock that
    jumps back by a second and more (recordings glued together) goes on from where it was.

    Args:
        time_base: Seconds a tick.
        frame_ticks: Ticks from one picture to the next, by the frame rate.
        first_pts: The first PTS that any picture carries.
        num_undated: How many pictures come before that one.
    """

    def __init__(self, *, time_base: Fraction, frame_ticks: Fraction, first_pts: int = 0, num_undated: int = 0) -> None:
        self._time_base = time_base
        self._frame_ticks = max(frame_ticks, Fraction(1))
        self._first_undated = first_pts - num_undated * frame_ticks
        self._shift = 0
        self._last: int | None = None

    def stamp(self, pts: int | None) -> int | None:
        """The PTS of a picture that brings ``pts`` along, or None where it repeats a time already shown."""
        stamped = round(self._next_undated()) if pts is None else pts + self._shift
        if self._last is not None and stamped <= self._last:
            if (self._last - stamped) * self._time_base < _RESTART_SECONDS:
                return None
            stamped = self._go_on_from(self._last, stamped)
        self._last = stamped
        return stamped

    def _next_undated(self) -> Fraction:
        return self._first_undated if self._last is None else self._last + self._frame_ticks

    def _go_on_from(self, last: int, stamped: int) -> int:
        resumed = round(last + self._frame_ticks)
        self._shift += resumed - stamped
        logger.warning(
            "the container's clock goes back from %.3f s to %.3f s; times go on from there",
            last * self._time_base,
            stamped * self._time_base,
        )
        return resumed
