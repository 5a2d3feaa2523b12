"""Time weighted and divided into parts of equal weight.

Samplers that want more frames in some places give each stretch of time a weight; each part of equal weight
then gets one frame. The samplers bound their weights, so that no place can take the frames of all others.
"""

from __future__ import annotations

import numpy as np

from video_vlm.samplers.frame_times import Seconds
from video_vlm.samplers.sampler_input import Scores

__all__ = ["candidate_edges", "equal_parts"]


def equal_parts(edges: Seconds, weights: Scores, count: int) -> Seconds:
    """The middles of ``count`` parts of equal weight, in seconds, ascending.

    Worked example: edges 0, 10, 20 with weights 3 and 1 a second, 4 parts -> 1.67, 5, 8.33, 15.

    Args:
        edges: In seconds, ``(n + 1,)``, ascending.
        weights: The weight of a second between two edges, ``(n,)``, positive.
        count: How many parts.
    """
    mass = np.concatenate([np.zeros(1), np.cumsum(np.diff(edges) * weights)])
    wanted = (np.arange(count) + 0.5) / count * mass[-1]
    return np.asarray(np.interp(wanted, mass, edges))


def candidate_edges(candidates: Seconds, *, start: float, end: float) -> Seconds:
    """The borders of the times nearest to each candidate, in seconds, ``(n + 1,)``."""
    borders = (candidates[1:] + candidates[:-1]) / 2
    return np.asarray(np.clip(np.concatenate([[start], borders, [end]]), start, end), np.float64)
