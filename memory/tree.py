"""The tree of nodes: their ids, the order of levels, which node holds a span, and gaps between nodes."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final

from video_vlm.records import Level, Node, Span
from video_vlm.settings import digest

__all__ = ["FINEST_FIRST", "TOLERANCE_SECONDS", "TreeRow", "gaps", "holder", "level_above", "node_id"]

FINEST_FIRST: Final = tuple(sorted(Level, key=lambda level: level.rank))

TOLERANCE_SECONDS: Final = 1e-6
"""Times this close are equal: rounding errors of summed floats, far below the duration of a frame."""


def node_id(content_id: str, level: Level, span: Span, recipe: str) -> str:
    """A node's id: the same video, level, span and recipe always give the same one."""
    return digest(content_id, level.value, [float(span.start), float(span.end)], recipe)


def level_above(level: Level) -> Level | None:
    """The next coarser level; None above the video."""
    position = FINEST_FIRST.index(level) + 1
    return FINEST_FIRST[position] if position < len(FINEST_FIRST) else None


def holder(nodes: Iterable[Node], span: Span) -> Node | None:
    """The first node that contains the middle of ``span``; None if there is none."""
    return next((node for node in nodes if node.span.contains(span.middle)), None)


class TreeRow:
    """Nodes of one level in order of time, searched for the holder of a span by bisection."""

    def __init__(self, nodes: Sequence[Node]) -> None:
        self._nodes = nodes
        self._starts = [node.span.start for node in nodes]
        self._is_tidy = all(left.span.end <= right.span.start for left, right in pairwise(nodes))

    def holder(self, span: Span) -> Node | None:
        """The first node that contains the middle of ``span``; None if there is none."""
        if not self._is_tidy:
            return holder(self._nodes, span)
        place = bisect_right(self._starts, span.middle)
        return holder(self._nodes[max(0, place - 2) : place], span)


def gaps(spans: Sequence[Span], whole: Span) -> tuple[Span, ...]:
    """Where ``spans``, in order of time, fail to tile ``whole``: holes and overlaps alike.

    ``[0, 2) [2, 5)`` in ``[0, 6)`` -> ``[5, 6)``; ``[0, 3) [2, 6)`` in ``[0, 6)`` -> ``[2, 3)``.
    """
    edges = [Span(whole.start, whole.start), *spans, Span(whole.end, whole.end)]
    return tuple(
        Span(*sorted((left.end, right.start)))
        for left, right in pairwise(edges)
        if abs(right.start - left.end) > TOLERANCE_SECONDS
    )
