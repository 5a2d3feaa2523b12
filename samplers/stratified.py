"""Time stretched by what happens in it, and cut into equal parts.

Samplers that want more pictures in one place than in another say how much each stretch weighs; equal parts of
the weighed time then get one picture each. Weights are bounded by those who make them, so that no place,
however loud, can take what the rest of the video is owed.
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
        edges: ``(n + 1,)``, ascending.
        weights: What a second weighs between two edges, ``(n,)``, positive.
        count: How many parts.
    """
    mass = np.concatenate([np.zeros(1), np.cumsum(np.diff(edges) * weights)])
    wanted = (np.arange(count) + 0.5) / count * mass[-1]
    return np.asarray(np.interp(wanted, mass, edges))


def candidate_edges(candidates: Seconds, *, start: float, end: float) -> Seconds:
    """Each candidate speaks for the time that is nearest to it: the borders between, ``(n + 1,)``."""
    borders = (candidates[1:] + candidates[:-1]) / 2
    return np.asarray(np.clip(np.concatenate([[start], borders, [end]]), start, end), np.float64)
