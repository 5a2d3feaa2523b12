"""What comes after, before, between or during: the anchor is found by itself, then time is walked from it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from video_vlm.models.builtin.draft import Draft, draft, quoted_claim
from video_vlm.models.builtin.matching import Match, find_anchors
from video_vlm.models.builtin.passages import Passage, Passages
from video_vlm.models.builtin.query import Query, Wanted
from video_vlm.models.builtin.words import phrase_position, squeeze
from video_vlm.operators import ADJACENT_SECONDS, REACH_SECONDS, OperatorKind, walked
from video_vlm.records import ObservationKind, Span

__all__ = ["ORDINALS", "find_beside", "find_in_order_of_time", "locate", "reach", "region", "sent"]

_QUOTED = re.compile(r"[\"“”„«»]([^\"“”„«»]+)[\"“”„«»]|(?<!\w)['‘]([^'’]{2,})['’](?!\w)")
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
_DISCOURSE = {
    OperatorKind.AFTER: re.compile(r"\b(?:after|afterwards?|then|later|next|since|once|following)\b", re.I),
    OperatorKind.BEFORE: re.compile(r"\b(?:before|earlier|previously|until|used to|formerly|had been)\b", re.I),
}

_OPPOSITE = {OperatorKind.AFTER: OperatorKind.BEFORE, OperatorKind.BEFORE: OperatorKind.AFTER}

FindFact = Callable[[Query, Sequence[Passage], Passages], Draft | None]


def locate(query: Query, passages: Passages) -> list[Match]:
    """The moments the operator's first anchor names; "the second X" takes the second of them."""
    anchors = query.parsed.operator.anchors
    return _find(anchors[0], passages) if anchors else []


def _find(phrase: str, passages: Passages) -> list[Match]:
    quotes = [found[1] or found[2] for found in _QUOTED.finditer(phrase)]
    matches = find_anchors(phrase, quotes, passages)
    ordinal = next((place for word, place in ORDINALS.items() if re.search(rf"\b{word}\b", phrase, re.I)), None)
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


def find_in_order_of_time(query: Query, passages: Passages, whole: Span, find_fact: FindFact) -> Draft | None:
    """A fact looked for only where the operator sends it, or in a sentence that itself says "before that"."""
    found: list[Draft] = []
    discourse = _DISCOURSE.get(query.parsed.operator.kind)
    for anchor, span in region(query, passages, whole):
        sure = anchor.coverage**0.5 if anchor else 1.0
        pool = [
            passage
            for passage in passages.all
            if passage.span.start >= span.start - 0.25 and passage.span.start < span.end
        ]
        if anchor and discourse:
            said = [passage for passage in passages.near(anchor.passage, 20.0) if passage.is_spoken]
            telling = find_fact(query, [passage for passage in said if discourse.search(passage.text)], passages)
            if telling:
                found.append(
                    replace(telling, confidence=min(telling.confidence * 1.05, 1.0), reason="said so in words")
                )
        opposite = _DISCOURSE.get(_OPPOSITE.get(query.parsed.operator.kind, query.parsed.operator.kind))
        if anchor and discourse and opposite:
            pool = [passage for passage in pool if discourse.search(passage.text) or not opposite.search(passage.text)]
        inside = find_fact(query, pool, passages)
        if inside:
            found.append(
                replace(
                    inside, confidence=inside.confidence * sure, reason=f"{inside.reason} {query.parsed.operator.kind}"
                )
            )
    return max(found, key=lambda item: item.confidence, default=None)


def find_beside(query: Query, passages: Passages) -> Draft | None:
    """What stands next to the anchor in its own track: the words that follow a line, the next card, the next chapter."""
    operator = query.parsed.operator
    if operator.kind not in {OperatorKind.AFTER, OperatorKind.BEFORE}:
        return None
    for anchor in locate(query, passages):
        found = _beside(query, anchor, passages, forward=operator.kind is OperatorKind.AFTER)
        if found:
            return found
    return None


def _beside(query: Query, anchor: Match, passages: Passages, *, forward: bool) -> Draft | None:
    passage = anchor.passage
    if passage.kind is ObservationKind.CHAPTER:
        beside = _next_in(passages.chapters, passage, forward=forward, reach=3600.0)[:1]
        return _told(beside, 0.9 * anchor.coverage**0.5, "next chapter")
    if passage.kind is ObservationKind.CAPTION:
        beside = _next_in(passages.seen, passage, forward=forward, reach=ADJACENT_SECONDS)[:1]
        return _told(beside, 0.85 * anchor.coverage**0.5, "what is seen next")
    if query.wanted is Wanted.WORDS:
        rest = _rest(query, passage) if forward else ""
        if rest:
            return draft([quoted_claim(passage, rest)], 0.9, "the words that follow")
    if passage.is_spoken:
        beside = _next_in(passages.spoken, passage, forward=forward, reach=ADJACENT_SECONDS)
        seen = _new_rows(passages, passage.span, forward=forward) if query.wanted is Wanted.EVENT else []
        count = 1 if query.wanted is Wanted.WORDS else 2
        return _told([*beside[:count], *seen[:2]], 0.85 * anchor.coverage**0.5, "what follows")
    rows = _new_rows(passages, passage.span, forward=forward)
    said = (
        _next_in(passages.spoken, passage, forward=forward, reach=ADJACENT_SECONDS)[:1]
        if query.wanted is Wanted.EVENT
        else []
    )
    return _told([*rows[:3], *said], 0.85 * anchor.coverage**0.5, "what is shown next")


def _told(beside: Sequence[Passage], confidence: float, reason: str) -> Draft | None:
    return draft([quoted_claim(passage) for passage in beside], confidence, reason) if beside else None


def _rest(query: Query, passage: Passage) -> str:
    """What is left of a passage behind the quoted anchor."""
    for found in _QUOTED.finditer(query.parsed.operator.anchors[0]):
        place = phrase_position(found[1] or found[2], passage.text)
        if place:
            return passage.text[place[1] :].strip(" .,;:!?…-–|\"'”’")
    return ""


def _next_in(track: Sequence[Passage], passage: Passage, *, forward: bool, reach: float) -> list[Passage]:
    """The passages on one side of another, nearest first; not the same words again."""
    same = squeeze(passage.text)
    track = [other for other in track if squeeze(other.text) != same]
    if forward:
        return [
            other for other in track if 0 <= other.span.start - passage.span.end + 0.5 <= reach and other is not passage
        ]
    before = [
        other for other in track if 0 <= passage.span.start - other.span.end + 0.5 <= reach and other is not passage
    ]
    return before[::-1]


def _new_rows(passages: Passages, span: Span, *, forward: bool) -> list[Passage]:
    """The screen rows of the nearest card on one side that was not there with the anchor."""
    rows = [
        row
        for row in passages.screen
        if not row.span.overlaps(Span(span.start + 0.2, max(span.end - 0.2, span.start + 0.2)))
    ]
    if forward:
        later = [row for row in rows if row.span.start >= span.end - 0.5]
        edge = min((row.span.start for row in later), default=0.0)
        return [row for row in later if row.span.start <= edge + 0.75 and edge - span.end <= REACH_SECONDS]
    earlier = [row for row in rows if row.span.end <= span.start + 0.5]
    edge = max((row.span.end for row in earlier), default=0.0)
    return [row for row in earlier if row.span.end >= edge - 0.75 and span.start - edge <= REACH_SECONDS]
