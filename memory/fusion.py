"""Several rankings made one, by rank alone: scores of different searches need no common scale."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

__all__ = ["RRF_K", "Fused", "fuse"]

T = TypeVar("T", bound=Hashable)

RRF_K: Final = 60
"""The constant of the paper: how little the very first ranks stand out."""


@dataclass(frozen=True, slots=True)
class Fused(Generic[T]):
    """One item, its fused score, and its rank (from 1) in each list that holds it."""

    item: T
    score: float
    ranks: Mapping[str, int]


def fuse(rankings: Mapping[str, Sequence[T]], *, k: int = RRF_K) -> list[Fused[T]]:
    """Reciprocal rank fusion, best first; equal scores keep the order of the lists.

    ``score = sum over lists of 1 / (k + rank)``: Cormack, Clarke and Buettcher, "Reciprocal rank
    fusion outperforms Condorcet and individual rank learning methods", SIGIR 2009.
    """
    ranks: dict[T, dict[str, int]] = {}
    for name, ranking in rankings.items():
        for rank, item in enumerate(dict.fromkeys(ranking), start=1):
            ranks.setdefault(item, {})[name] = rank
    fused = [Fused(item, sum(1 / (k + rank) for rank in found.values()), found) for item, found in ranks.items()]
    return sorted(fused, key=lambda one: -one.score)
