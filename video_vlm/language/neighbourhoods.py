"""Of a long video, the passages that may bear on a question, each with those beside it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from heapq import nlargest
from typing import Final

from video_vlm.language.passages import Passage
from video_vlm.records import Span

__all__ = ["around_hits"]

_MOST_HITS: Final = 300
"""So many passages with words of a question are read: those with the most telling ones."""
_BESIDE: Final = 2
"""So many passages before and after each are read with it."""
_LONGEST_SECONDS: Final = 30.0
"""What lasts longer, a title, is not found by a moment inside it."""


def around_hits(
    pool: Sequence[Passage], weights: Mapping[str, float], found: Iterable[Span]
) -> list[Passage]:
    """The passages of ``pool``, in order of time, that hold any stem of ``weights`` or lie where a search ``found``
    something, with those beside them.

    Args:
        pool: Passages in order of time.
        weights: How much each stem that may stand for a word of the question tells.
        found: Moments that a search found.
    """
    stems = weights.keys()
    shared = (
        (stems & passage.stems or stems & passage.referents, place) for place, passage in enumerate(pool)
    )
    hits = [(sum(map(weights.__getitem__, there)), -place) for there, place in shared if there]
    places = [-place for _, place in nlargest(_MOST_HITS, hits)]
    for span in found:
        places += _overlapping(pool, span)
    read = {near for place in places for near in range(place - _BESIDE, place + _BESIDE + 1)}
    return [pool[place] for place in sorted(read) if 0 <= place < len(pool)]


def _overlapping(pool: Sequence[Passage], span: Span) -> Iterator[int]:
    first, last = (bisect_left(pool, at, key=_start) for at in (span.start - _LONGEST_SECONDS, span.end))
    return (place for place in range(first, last) if pool[place].span.overlaps(span))


def _start(passage: Passage) -> float:
    return passage.span.start
