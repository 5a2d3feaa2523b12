"""Series of scores made comparable: smoothed, standardized with the median, and their peaks found in time.

Any input is allowed (constant, one spike, NaN, infinite, negative, huge): an unknown score counts as the
median, and a series without variation as zeros.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from video_vlm.samplers.frame_times import Seconds
from video_vlm.samplers.sampler_input import Channels, Scores

__all__ = ["extent", "loudest", "peaks", "relevance", "robust_z", "smooth", "softened"]

_NORMAL = 1.4826
"""The standard deviation of normal noise, over its median absolute deviation."""

_STEEP = 8.0
"""Above this z only the logarithm counts."""


def relevance(channels: Channels) -> Scores:
    """The highest robust z over the channels, each smoothed over 3 candidates and scaled by itself: ``(n,)``,
    empty without channels."""
    return softened(loudest(channels, taps=3))


def loudest(channels: Channels, *, taps: int) -> Scores:
    """The same without :func:`softened`, ``(n,)``: a few hits among zeros may reach a z of hundreds."""
    rows = [robust_z(smooth(scores, taps=taps)) for scores in channels.values()]
    return np.max(np.stack(rows), axis=0) if rows else np.zeros(0)


def smooth(scores: Scores, *, taps: int) -> Scores:
    """The mean of each score and its neighbours, ``taps`` in all: ``(n,)``. Scores that are not finite are
    left out; NaN where none is left."""
    known = np.isfinite(scores)
    values = np.where(known, scores, 0.0) / _magnitude(scores)
    total = _windowed(values, taps)
    count = _windowed(known.astype(np.float64), taps)
    return np.where(count > 0.5, total / np.maximum(count, 1.0), np.nan)


def _windowed(values: Scores, taps: int) -> Scores:
    """Sums over ``taps`` neighbours, as long as ``values``; zero beyond both ends."""
    before = taps // 2
    sums = np.concatenate([np.zeros(1), np.cumsum(np.pad(values, (before, taps - 1 - before)))])
    return np.asarray(sums[taps:] - sums[:-taps])


def _magnitude(scores: Scores) -> float:
    """The largest finite absolute value: dividing by it keeps sums of huge scores finite."""
    finite = np.abs(scores[np.isfinite(scores)])
    return float(finite.max(initial=0.0)) or 1.0


def robust_z(scores: Scores) -> Scores:
    """``(s - median) / (1.4826 MAD)``, ``(n,)``; 0 where a score is not finite.

    Where more than half of the scores are equal the MAD is 0 and the standard deviation takes its place: a
    few hits among zeros keep a high z. Where all scores are equal every z is 0.
    """
    known = np.isfinite(scores)
    if not known.any():
        return np.zeros(len(scores))
    values = scores / _magnitude(scores)
    middle = float(np.median(values[known]))
    away = np.abs(values[known] - middle)
    scale = _NORMAL * float(np.median(away))
    if scale < 1e-9:
        scale = float(values[known].std())
    if scale < 1e-9:
        return np.zeros(len(scores))
    return np.where(known, values - middle, 0.0) / scale


def softened(z: Scores) -> Scores:
    """``(n,)``, logarithmic above 8, so that one certain channel does not hide a likely one; at least -8."""
    return np.where(z > _STEEP, _STEEP + np.log(np.maximum(z, _STEEP) / _STEEP), np.maximum(z, -_STEEP))


def peaks(times: Seconds, z: Scores, *, least: float, apart_seconds: float, most: int) -> list[int]:
    """The places of the highest values, none within ``apart_seconds`` of a higher one; highest first.

    Args:
        times: Ascending, ``(n,)``.
        z: What is compared, ``(n,)``; ties go to the earlier one.
        least: Nothing below this is a peak.
        apart_seconds: Non-maximum suppression, to both sides.
        most: How many at most.
    """
    free = z >= least
    found: list[int] = []
    while free.any() and len(found) < most:
        place = int(np.argmax(np.where(free, z, -np.inf)))
        found.append(place)
        low, high = np.searchsorted(
            times, [times[place] - apart_seconds, times[place] + apart_seconds + 1e-9]
        )
        free[low:high] = False
    return found


def extent(z: Scores, place: int) -> tuple[int, int]:
    """The run of values around a peak of at least half its height, as ``[first, stop)``.

    Worked example: ``[0, 3, 4, 3, 0]``, place 2 -> ``(1, 4)``.
    """
    above = z >= z[place] / 2
    first = place - _run(above[place::-1]) + 1
    return first, place + _run(above[place:])


def _run(flags: npt.NDArray[np.bool_]) -> int:
    """How many are True before the first False."""
    return int(np.argmin(flags)) if not flags.all() else len(flags)
