"""From scenes to chapters of 5 to 15 minutes: a list short enough to read, whatever the number of scenes.

Neighbouring scenes are joined, the most alike first, until every chapter is long enough. With *n* scenes that
takes *n log n* steps: ten hours of fast cuts are thousands of scenes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from itertools import pairwise
from typing import TypeAlias

from video_vlm.records import Span
from video_vlm.samplers.scene_grouping import GroupedSpan, alike, mean

__all__ = ["chapters", "shortest_chapter_seconds"]

_Offer: TypeAlias = "tuple[float, float, int, int, _Run, _Run]"
"""Two neighbours that may be joined, in the order of a heap: negative likeness, length in seconds, their
places (to order equals), and the two themselves."""

_LONGEST_SECONDS = 900.0
_SHORTEST_SECONDS = (300.0, 450.0)
_MOST_OF_SHORTEST = 18
_ONE_CHAPTER_SECONDS = 600.0


def shortest_chapter_seconds(seconds: float) -> float:
    """The shortest chapter of a video of so many seconds: 300 s up to 90 minutes, 450 s from 135 minutes on.

    Two hours thus have 8 to 19 chapters, ten hours 40 to 80.
    """
    least, most = _SHORTEST_SECONDS
    return min(max(seconds / _MOST_OF_SHORTEST, least), most)


def chapters(parts: Sequence[GroupedSpan]) -> tuple[Span, ...]:
    """Join neighbouring scenes into chapters of 5 to 15 minutes, which begin and end with a scene.

    A video of up to ten minutes is one chapter. A short one that is left between two full ones is evened out
    with its neighbour. Only where scenes are themselves longer than a few minutes can a chapter be longer or
    shorter.
    """
    if not parts:
        return ()
    whole = parts[0].span.cover(parts[-1].span)
    if whole.duration_seconds <= _ONE_CHAPTER_SECONDS:
        return (whole,)
    shortest = shortest_chapter_seconds(whole.duration_seconds)
    edges = [*(run.first for run in _joined(parts, shortest)), len(parts)]
    _even_out(edges, parts, shortest)
    return tuple(_stretch(parts, first, after) for first, after in pairwise(edges))


@dataclass(frozen=True, slots=True, eq=False)
class _Run:
    """Scenes that were joined: the places of the first and the last, and all of them as one."""

    first: int
    last: int
    part: GroupedSpan


def _joined(parts: Sequence[GroupedSpan], shortest: float) -> list[_Run]:
    starts: dict[int, _Run] = {place: _Run(place, place, part) for place, part in enumerate(parts)}
    ends = dict(starts)
    offers = [_offer(starts[a], starts[a + 1]) for a in range(len(parts) - 1)]
    heapify(offers)
    while offers:
        *_, left, right = heappop(offers)
        one, other = left.part.span, right.part.span
        # An offer is void once either has been joined with another.
        is_open = ends.get(left.last) is left and starts.get(right.first) is right
        is_short = min(one.duration_seconds, other.duration_seconds) < shortest
        if not is_open or not is_short or other.end - one.start > _LONGEST_SECONDS:
            continue
        signature = mean([(one, left.part.signature), (other, right.part.signature)])
        joined = _Run(left.first, right.last, GroupedSpan(one.cover(other), signature))
        del ends[left.last], starts[right.first]
        starts[joined.first] = ends[joined.last] = joined
        if joined.first > 0:
            heappush(offers, _offer(ends[joined.first - 1], joined))
        if joined.last + 1 < len(parts):
            heappush(offers, _offer(joined, starts[joined.last + 1]))
    return [starts[place] for place in sorted(starts)]


def _offer(left: _Run, right: _Run) -> _Offer:
    seconds = right.part.span.end - left.part.span.start
    return -alike(left.part.signature, right.part.signature), seconds, left.first, right.last, left, right


def _even_out(edges: list[int], parts: Sequence[GroupedSpan], shortest: float) -> None:
    """Move the border between a short chapter and its shorter neighbour to the middle, or take it away."""
    place = 0
    while place < len(edges) - 1:
        seconds = [_stretch(parts, a, b).duration_seconds for a, b in pairwise(edges)]
        place += 1
        if len(seconds) < 2 or seconds[place - 1] >= shortest:
            continue
        border = min(
            (one for one in (place - 1, place) if 0 < one < len(seconds)), key=_beside(place - 1, seconds)
        )
        first, after = edges[border - 1], edges[border + 1]
        if _stretch(parts, first, after).duration_seconds <= _LONGEST_SECONDS:
            del edges[border]
            place = border - 1
            continue
        middle = (parts[first].span.start + parts[after - 1].span.end) / 2
        edges[border] = min(range(first + 1, after), key=lambda one: abs(parts[one].span.start - middle))


def _beside(place: int, seconds: Sequence[float]) -> Callable[[int], float]:
    """The length of the chapter on the other side of a border of the one at ``place``."""
    return lambda border: seconds[border if border > place else border - 1]


def _stretch(parts: Sequence[GroupedSpan], first: int, after: int) -> Span:
    return parts[first].span.cover(parts[after - 1].span)
