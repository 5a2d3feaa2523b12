"""Fusing several rankings by rank alone: scores of different searches have no common scale."""

from __future__ import annotations

import heapq
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Generic, TypeVar

from video_vlm.records import Span

__all__ = ["RRF_K", "Fused", "apart", "fuse"]

T = TypeVar("T", bound=Hashable)

RRF_K: Final = 20
"""The constant k: the larger, the less the first ranks stand out. The paper has 60, for lists of a thousand;
these have about fifty items."""


SAME_MOMENT: Final = 0.8
"""Two spans are the same moment if their overlap is this share of the span that covers both."""

TOLD_ALREADY: Final = 1 / 3
"""The score of an item is multiplied by this for each earlier result at the same moment."""

LEAST_VOTE: Final = 0.01
"""The least vote of an item: it keeps its order in its own list, and counts little beside other lists."""


@dataclass(frozen=True, slots=True)
class Fused(Generic[T]):
    """One item, its fused score, and its rank (from 1) in each list that holds it."""

    item: T
    score: float
    ranks: Mapping[str, int]


def fuse(
    rankings: Mapping[str, Sequence[T]], *, k: int = RRF_K, votes: Mapping[str, Sequence[float]] | None = None
) -> list[Fused[T]]:
    """Reciprocal rank fusion, best first; equal scores keep the order of the lists.

    ``score = sum over lists of vote / (k + rank)``, votes of 1: Cormack, Clarke and Buettcher, "Reciprocal
    rank fusion outperforms Condorcet and individual rank learning methods", SIGIR 2009.

    Args:
        rankings: Each list by name, best first.
        k: The larger, the less the first ranks stand out.
        votes: The weights of a list's items in ``[0, 1]``, in order, where they are not all 1; each counts
            as :data:`LEAST_VOTE` at least.
    """
    ranks: dict[T, dict[str, int]] = {}
    for name, ranking in rankings.items():
        for rank, item in enumerate(dict.fromkeys(ranking), start=1):
            ranks.setdefault(item, {})[name] = rank
    counts = {name: [max(LEAST_VOTE, vote) for vote in of_list] for name, of_list in (votes or {}).items()}

    def vote(name: str, rank: int) -> float:
        return (counts[name][rank - 1] if name in counts else 1.0) / (k + rank)

    fused = [
        Fused(item, sum(vote(name, rank) for name, rank in found.items()), found)
        for item, found in ranks.items()
    ]
    return sorted(fused, key=lambda one: -one.score)


def apart(fused: Sequence[Fused[T]], moments: Mapping[T, tuple[str, Span]], *, limit: int) -> list[Fused[T]]:
    """The first ``limit`` of a fused list, with lower scores for further results at the same moment.

    A title card of six rows, its colours and its scene's summary are eight results at one moment. This is
    maximal marginal relevance (Carbonell and Goldstein, SIGIR 1998) over time instead of words. ``moments``
    has the content id and the span of each item.
    """
    told: dict[str, list[Span]] = {}
    chosen: list[Fused[T]] = []
    waiting = [(-one.score, place, 0, one) for place, one in enumerate(fused)]
    heapq.heapify(waiting)
    while waiting and len(chosen) < limit:
        score, place, checked, one = heapq.heappop(waiting)
        video, span = moments[one.item]
        before = told.setdefault(video, [])
        again = sum(_same(span, other) for other in before[checked:])
        if again:
            heapq.heappush(waiting, (score * TOLD_ALREADY**again, place, len(before), one))
            continue
        before.append(span)
        chosen.append(replace(one, score=-score))
    return chosen


def _same(one: Span, other: Span) -> bool:
    shared = one.overlap(other)
    return one == other or (
        shared is not None and shared.duration_seconds >= SAME_MOMENT * one.cover(other).duration_seconds > 0
    )
