"""What comes after, before, between or during: the anchor is found by itself, then time is walked from it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from video_vlm.language.anchors import locate, region
from video_vlm.language.matching import Match
from video_vlm.language.passages import Passage, Passages
from video_vlm.language.query import Query, Wanted
from video_vlm.language.quotation import quotations
from video_vlm.language.time_operators import ADJACENT_SECONDS, REACH_SECONDS, OperatorKind
from video_vlm.language.word_forms import phrase_position, squeeze
from video_vlm.models.builtin.draft import Draft, draft, quoted_claim
from video_vlm.records import ObservationKind, Span

__all__ = ["find_beside", "find_in_order_of_time"]

_DISCOURSE = {
    OperatorKind.AFTER: re.compile(r"\b(?:after|afterwards?|then|later|next|since|once|following)\b", re.I),
    OperatorKind.BEFORE: re.compile(
        r"\b(?:before|earlier|previously|until|used to|formerly|had been)\b", re.I
    ),
}

_OPPOSITE = {OperatorKind.AFTER: OperatorKind.BEFORE, OperatorKind.BEFORE: OperatorKind.AFTER}

FindFact = Callable[[Query, Sequence[Passage], Passages], Draft | None]


def find_in_order_of_time(query: Query, passages: Passages, whole: Span, find_fact: FindFact) -> Draft | None:
    """A fact looked for only where the operator sends it, or in a sentence that itself says "before that"."""
    found: list[Draft] = []
    discourse = _DISCOURSE.get(query.parsed.operator.kind)
    for anchor, span in region(query, passages, whole):
        sure = anchor.coverage**0.5 if anchor else 1.0
        pool = _pool(query, anchor, span, passages)
        if anchor and discourse:
            said = [passage for passage in passages.near(anchor.passage, 20.0) if passage.is_spoken]
            telling = find_fact(
                query, [passage for passage in said if discourse.search(passage.text)], passages
            )
            if telling:
                found.append(
                    replace(
                        telling, confidence=min(telling.confidence * 1.05, 1.0), reason="said so in words"
                    )
                )
        opposite = _DISCOURSE.get(_OPPOSITE.get(query.parsed.operator.kind, query.parsed.operator.kind))
        if anchor and discourse and opposite:
            pool = [
                passage
                for passage in pool
                if discourse.search(passage.text) or not opposite.search(passage.text)
            ]
        inside = find_fact(query, pool, passages)
        if inside:
            found.append(
                replace(
                    inside,
                    confidence=inside.confidence * sure,
                    reason=f"{inside.reason} {query.parsed.operator.kind}",
                )
            )
    return max(found, key=lambda item: item.confidence, default=None)


def _pool(query: Query, anchor: Match | None, span: Span, passages: Passages) -> list[Passage]:
    """What begins in a stretch, and what only shares a cue with the anchor but comes after it, or before."""
    kind = query.parsed.operator.kind
    there = {id(one) for one in passages.all if span.start - 0.25 <= one.span.start < span.end}
    if anchor and anchor.passage.is_spoken and kind in _OPPOSITE:
        before, after = _sides(passages.spoken, anchor.passage)
        wanted, other = (after, before) if kind is OperatorKind.AFTER else (before, after)
        there |= {id(one) for one in wanted if one.span.overlaps(anchor.passage.span)}
        there -= {id(one) for one in other} | {id(anchor.passage)}
    return [one for one in passages.all if id(one) in there]


def find_beside(query: Query, passages: Passages) -> Draft | None:
    """What stands next to the anchor in its own track: the words that follow a line, the next card, the next
    chapter."""
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
    for quotation in quotations(query.parsed.operator.anchors[0]):
        place = phrase_position(quotation, passage.text)
        if place:
            return passage.text[place[1] :].strip(" .,;:!?…-–|\"'”’")
    return ""


def _next_in(track: Sequence[Passage], passage: Passage, *, forward: bool, reach: float) -> list[Passage]:
    """The passages on one side of another, nearest first; not the same words again. Sentences of one cue have
    its time, and their order."""
    same = squeeze(passage.text)
    before, after = _sides(track, passage)
    near = (
        [other for other in after if other.span.start - passage.span.end + 0.5 <= reach]
        if forward
        else [other for other in before[::-1] if passage.span.start - other.span.end + 0.5 <= reach]
    )
    return [other for other in near if squeeze(other.text) != same]


def _sides(track: Sequence[Passage], passage: Passage) -> tuple[Sequence[Passage], Sequence[Passage]]:
    """What comes before and after a passage: of its own track by order, of others what does not overlap it."""
    place = next((place for place, other in enumerate(track) if other is passage), None)
    if place is not None and passage.is_spoken:
        return track[:place], track[place + 1 :]
    return (
        [one for one in track if one is not passage and passage.span.start - one.span.end + 0.5 >= 0],
        [one for one in track if one is not passage and one.span.start - passage.span.end + 0.5 >= 0],
    )


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
