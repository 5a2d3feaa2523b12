"""Where a question's time operator sends the search in one video: its anchor is found by its words, then time
is walked."""

from __future__ import annotations

import re
from collections.abc import Sequence

from video_vlm.language.matching import Match, find_anchors
from video_vlm.language.passages import Passages
from video_vlm.language.query import Query
from video_vlm.language.quotation import quotations
from video_vlm.language.time_operators import OperatorKind, walked
from video_vlm.records import Span

__all__ = ["ORDINALS", "locate", "reach", "region", "sent"]

ORDINALS = {
    "first": 0,
    "1st": 0,
    "second": 1,
    "2nd": 1,
    "third": 2,
    "3rd": 2,
    "fourth": 3,
    "4th": 3,
    "last": -1,
    "final": -1,
}


def locate(query: Query, passages: Passages) -> list[Match]:
    """The moments the operator's first anchor names; "the second X" takes the second of them."""
    anchors = query.parsed.operator.anchors
    return _find(anchors[0], passages) if anchors else []


def _find(phrase: str, passages: Passages) -> list[Match]:
    matches = find_anchors(phrase, quotations(phrase), passages)
    ordinal = next(
        (place for word, place in ORDINALS.items() if re.search(rf"\b{word}\b", phrase, re.I)), None
    )
    alike = [item for item in matches if item.coverage >= 0.9 * matches[0].coverage] if matches else []
    alike.sort(key=lambda item: item.passage.span.start)
    if ordinal is not None and len(alike) > 1 and ordinal < len(alike):
        return [alike[ordinal]]
    return matches


def region(query: Query, passages: Passages, whole: Span) -> Sequence[tuple[Match | None, Span]]:
    """Where the operator sends the search: a stretch for each possible anchor."""
    operator = query.parsed.operator
    if operator.kind is OperatorKind.WITHIN and operator.window:
        return [(None, operator.window.resolve(whole))]
    if operator.kind is OperatorKind.BETWEEN and len(operator.anchors) == 2:
        firsts, seconds = (_find(anchor, passages) for anchor in operator.anchors)
        return [
            (first, Span(first.passage.span.end, second.passage.span.start))
            for first in firsts[:1]
            for second in seconds
            if second.passage.span.start >= first.passage.span.end
        ][:1]
    moved = ((item, walked(operator, item.passage.span)) for item in locate(query, passages))
    return [(item, span) for item, span in moved if span is not None]


def reach(query: Query, passages: Passages, whole: Span) -> Span | None:
    """The stretch that the operator means, to its very end: "how often ... after X" is not for a minute.

    None where its anchor is nowhere.
    """
    kind = query.parsed.operator.kind
    if kind is OperatorKind.NONE:
        return whole
    anchor, span = next(iter(region(query, passages, whole)), (None, None))
    if span and anchor and kind is OperatorKind.AFTER:
        return Span(anchor.passage.span.end, max(whole.end, anchor.passage.span.end))
    if span and anchor and kind is OperatorKind.BEFORE:
        return Span(min(whole.start, anchor.passage.span.start), anchor.passage.span.start)
    return span


def sent(query: Query, passages: Passages, whole: Span) -> Passages | None:
    """What is in the stretch that the operator means; None where its anchor is nowhere."""
    span = reach(query, passages, whole)
    if span is None:
        return None
    return passages if query.parsed.operator.kind is OperatorKind.NONE else passages.beginning_in(span)
