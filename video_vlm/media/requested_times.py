"""Requested times."""

from __future__ import annotations

import math
from collections.abc import Sequence

__all__ = ["TIME_TOLERANCE_SECONDS", "ascending"]

TIME_TOLERANCE_SECONDS = 1e-6
"""A time this close before a frame means that frame: seconds are floats, PTS are not."""


def ascending(times: Sequence[float]) -> list[float]:
    """The distinct times in order.

    Raises:
        ValueError: one of them is not a finite number.
    """
    for seconds in times:
        if not math.isfinite(seconds):
            raise ValueError(f"a time must be a finite number of seconds, got {seconds}")
    return sorted(set(times))
