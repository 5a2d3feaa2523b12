"""Samplers others published, written from what their papers say, for comparison only.

Each takes ``scores`` at one candidate a second (``(n,)``) and how many to pick, and gives candidate numbers:
not always as many as asked for, and not always distinct. That is part of what is compared.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

__all__ = ["RIVALS", "Seen"]

Scores = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Seen:
    """What a rival is told: how well each second fits the question, and at which seconds shots begin."""

    scores: Scores
    shot_starts: Sequence[int]


def uniform(seen: Seen, count: int) -> list[int]:
    """The centres of equal parts."""
    return [int((place + 0.5) * len(seen.scores) / count) for place in range(count)]


def top_k(seen: Seen, count: int) -> list[int]:
    """The best scores, wherever they are."""
    return np.argsort(-seen.scores, kind="stable")[:count].tolist()


def aks(seen: Seen, count: int, *, threshold: float = 0.8, depth: int = 5) -> list[int]:
    """Adaptive Keyframe Sampling (Tang et al. 2025, arXiv 2502.21271): judge and split.

    A part whose best scores stand out over its mean by ``threshold`` (scores scaled to [0, 1]) gives its
    best; any other is halved, budget and all, down to ``depth``. Halving rounds down: a leaf may be left with
    nothing.
    """
    return _judge(_unit(seen.scores), 0, count, threshold=threshold, depth=depth)


def _judge(scores: Scores, start: int, count: int, *, threshold: float, depth: int) -> list[int]:
    if count == 0 or len(scores) == 0:
        return []
    best = np.argsort(-scores, kind="stable")[:count]
    if depth == 0 or scores[best].mean() - scores.mean() > threshold:
        return sorted((start + best).tolist())
    half = len(scores) // 2
    left = _judge(scores[:half], start, count // 2, threshold=threshold, depth=depth - 1)
    return left + _judge(scores[half:], start + half, count // 2, threshold=threshold, depth=depth - 1)


def bolt(seen: Seen, count: int, *, power: float = 3.0) -> list[int]:
    """BOLT (Liu et al. 2025, arXiv 2503.21483): inverse transform sampling of sharpened scores."""
    mass = np.cumsum(_unit(seen.scores) ** power)
    share = mass / mass[-1] if mass[-1] > 0 else np.ones_like(mass)
    wanted = (np.arange(count) + 0.5) / count
    return np.minimum(np.searchsorted(share, wanted), len(share) - 1).tolist()


def bandit(seen: Seen, count: int, *, arm_seconds: int = 30, pulls: int = 4, per_arm: int = 4) -> list[int]:
    """In the manner of FOCUS (Zhu et al. 2025, arXiv 2510.27280): clips are arms, the most promising are
    looked into.

    A few evenly spaced pulls of each arm give a mean and a Bernstein radius; the arms of the highest upper
    bound give their best pictures.
    """
    arms = np.array_split(np.arange(len(seen.scores)), max(1, len(seen.scores) // arm_seconds))
    log = np.log(len(arms) * pulls)
    bounds = []
    for arm in arms:
        pulled = seen.scores[arm[np.linspace(0, len(arm) - 1, min(pulls, len(arm))).astype(int)]]
        bounds.append(
            pulled.mean()
            + np.sqrt(2 * pulled.var() * log / len(pulled))
            + 3 * np.ptp(pulled) * log / len(pulled) ** 2
        )
    chosen = np.argsort(-np.array(bounds), kind="stable")[: max(1, count // per_arm)]
    picked = [
        place for arm in chosen for place in arms[arm][np.argsort(-seen.scores[arms[arm]])[:per_arm]].tolist()
    ]
    return sorted(picked[:count])


def list_index(seen: Seen, count: int) -> list[int]:
    """Every so-many-th of a list of frames that holds one for each shot and one every half minute inside long
    ones."""
    edges = [*seen.shot_starts, len(seen.scores)]
    listed = [second for start, end in pairwise(edges) for second in range(start, end, 30)]
    return [listed[int(place * len(listed) / count)] for place in range(count)]


def _unit(scores: Scores) -> Scores:
    spread = np.ptp(scores)
    return (scores - scores.min()) / spread if spread > 0 else np.zeros_like(scores)


RIVALS: Mapping[str, Callable[[Seen, int], list[int]]] = {
    "uniform": uniform,
    "top-k": top_k,
    "AKS": aks,
    "BOLT": bolt,
    "bandit": bandit,
    "list index": list_index,
}
