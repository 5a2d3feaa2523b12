"""Questions whose answer is a time, an order, or a number of times."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from video_vlm.models.builtin.draft import Draft, draft, quoted
from video_vlm.models.builtin.facts import find_fact
from video_vlm.models.builtin.matching import Match, best_matches, find_phrase, is_named, named_chapters
from video_vlm.models.builtin.passages import Passage, Passages
from video_vlm.models.builtin.query import Query, Wanted, terms
from video_vlm.records import Citation, Claim, Span, clock

__all__ = ["count_times", "find_duration", "find_order", "find_when", "spoken_time"]

_SEEN = re.compile(
    r"\b(?:appears?|appeared|appearing|shown?|shows|visible|seen|see|in (?:the )?(?:picture|view|frame)|on (?:the )?screen|enters?|"
    r"displayed|come into view|out of)\b",
    re.I,
)
_SAID = re.compile(
    r"\b(?:sa(?:y|ys|id)|sings?|sang|sung|mention\w*|speaks?|spoken?|told|tells?|talks?|talked|heard?|explain\w*)\b",
    re.I,
)
_STARTS = re.compile(r"\b(?:starts?|begins?|first)\b", re.I)
_ENDS = re.compile(r"\b(?:ends?|stops?|finish(?:es)?|disappears?|last)\b", re.I)
_PAST = re.compile(r"^\W*(?:when|at\s+what\s+time)\s+(?:was|were|did|had)\b", re.I)
_SURE = 0.6


def spoken_time(span: Span) -> str:
    """``From 0:49 to 1:06 (49 s to 66 s)``; seconds alone are told for what is over within one."""
    start, end = clock(span.start), clock(span.end)
    seconds = f"{span.start:.0f} s to {span.end:.0f} s"
    return f"At {start} ({span.start:.0f} s)" if span.duration_seconds < 1 else f"From {start} to {end} ({seconds})"


def find_when(query: Query, passages: Passages) -> Draft | None:
    """When something is shown, read or said. A date the video states answers "when was" before its own clock does."""
    if _PAST.search(query.parsed.target) and not _SEEN.search(query.parsed.target):
        stated = find_fact(replace(query, wanted=Wanted.DATE), passages.all, passages)
        if stated and stated.confidence >= _SURE:
            return stated
    matches = _moments(query, query.quotes, _pool(query, passages), passages)
    if _SEEN.search(query.parsed.target) and not query.quotes:
        matches = named_chapters(query.terms, best_matches(query.terms, passages.chapters, passages)) or matches
    if not matches:
        return None
    best = matches[0].coverage
    likely = sorted((item for item in matches if item.coverage >= 0.9 * best), key=lambda item: item.passage.span.start)
    chosen = likely[-1] if query.parsed.extreme == "last" else likely[0]
    span = chosen.passage.span
    if _STARTS.search(query.parsed.target) and not query.quotes:
        span = Span(span.start, span.start)
    elif _ENDS.search(query.parsed.target) and not query.quotes:
        span = Span(span.end, span.end)
    claim = Claim(f"{spoken_time(span)}. {quoted(chosen.passage)}", (chosen.passage.cite(),))
    fits = max(chosen.coverage, 0.75) if chosen.passage in passages.chapters else chosen.coverage
    return draft([claim], fits**0.8 * (0.5 if chosen.lost_names else 1.0), "when")


def find_duration(query: Query, passages: Passages) -> Draft | None:
    """How long a card, a caption or a chapter stays."""
    if not _SEEN.search(query.parsed.target) and query.channel != "written":
        return None
    matches = _moments(query, query.quotes, passages.written, passages)
    if not matches or matches[0].coverage < _SURE:
        return None
    passage = matches[0].passage
    seconds = passage.span.duration_seconds
    claim = Claim(
        f"About {seconds:.0f} seconds, {spoken_time(passage.span)[:1].lower()}{spoken_time(passage.span)[1:]}.",
        (passage.cite(),),
    )
    return draft([claim], 0.9 * matches[0].coverage, "how long it is there")


def count_times(query: Query, passages: Passages) -> Draft | None:
    """How many times something is said or shown: every passage that matches it, in one channel."""
    wanted = tuple(term for term in query.terms if term.weight >= 0.5)
    for pool in _count_pools(query, passages):
        strict = any(term.strict for term in wanted)
        hits = _moments(query, query.quotes, pool, passages, least_direct=0.0 if strict else 0.45)
        if not hits:
            continue
        names = [term for term in wanted if term.strict]
        if names:
            hits = [hit for hit in hits if all(is_named(term, hit.passage) for term in names)]
        else:
            hits = [hit for hit in hits if hit.direct >= 0.75 * hits[0].direct]
        if not hits:
            continue
        spans = _apart(sorted((hit.passage for hit in hits), key=lambda passage: passage.span.start))
        sure = 0.85 if names or query.quotes else 0.9 * hits[0].direct ** 0.3
        times = {1: "Once", 2: "Twice"}.get(len(spans), f"{len(spans)} times")
        where = ", ".join(clock(passage.span.start) for passage in spans[:12])
        claim = Claim(f"{times} ({len(spans)}): at {where}.", tuple(passage.cite() for passage in spans))
        return draft([claim], sure, "count")
    return None


def find_order(query: Query, passages: Passages) -> Draft | None:
    """Which of the things a question lists comes first, or in which order they come."""
    listed = _alternatives(query.parsed.text)
    if len(listed) < 2:
        return None
    said = bool(_SAID.search(query.parsed.text)) or query.channel == "said"
    pools: list[Sequence[Passage]] = (
        [passages.spoken] if said else [passages.chapters, passages.screen, passages.written, passages.seen]
    )
    if not said and not _SEEN.search(query.parsed.text):
        pools.append(passages.spoken)
    for pool in pools:
        firsts = [_first(name, pool, passages) for name in listed]
        if all(firsts):
            return _told_order(query, listed, [item for item in firsts if item])
    return None


def _moments(
    query: Query, quotes: Sequence[str], pool: Sequence[Passage], passages: Passages, *, least_direct: float = 0.4
) -> list[Match]:
    """Matches of a quotation as written, else of the terms."""
    if quotes:
        return [Match(passage, 1.0, 1.0, passage.stems) for quote in quotes for passage in find_phrase(quote, pool)]
    if not any(term.weight >= 0.5 for term in query.terms):
        return []
    return [
        item for item in best_matches(query.terms, pool, passages, least_direct=least_direct) if not item.lost_names
    ]


def _pool(query: Query, passages: Passages) -> Sequence[Passage]:
    """Spoken words do not say when a thing is *seen*."""
    if query.channel == "said" or _SAID.search(query.parsed.target):
        return passages.spoken
    if query.channel == "written":
        return passages.written
    return (*passages.written, *passages.seen) if _SEEN.search(query.parsed.target) else passages.all


def _count_pools(query: Query, passages: Passages) -> list[Sequence[Passage]]:
    if query.channel == "said" or _SAID.search(query.parsed.text):
        return [passages.spoken]
    if query.channel == "written":
        return [passages.screen]
    return [passages.chapters, passages.screen, passages.seen]


def _apart(found: Sequence[Passage]) -> list[Passage]:
    """Passages that touch or share the screen count once."""
    kept: list[Passage] = []
    for passage in found:
        if not kept or passage.span.start > kept[-1].span.end + 1.0 or passage.is_spoken:
            kept.append(passage)
    return kept


def _alternatives(question: str) -> list[str]:
    """``"Which comes first, the lecture or the bottles?" -> ["the lecture", "the bottles"]``"""
    text = question.strip().rstrip("?. ")
    if not re.search(r"\b(?:first|last|earlier|later|before|after|order|sequence)\b", text, re.I):
        return []
    found = re.search(
        r"\border\b.*?\b(?:do|does|did|are|were|is|was)\s+(?P<list>.+?)(?:\s+(?:appear|come|occur|shown|seen|mentioned|said|happen)\w*.*)?$",
        text,
        re.I,
    )
    if not found:
        found = re.search(r"(?:first|last|earlier|later)\b[^,:]*[,:]\s*(?P<list>.+\bor\b.+)$", text, re.I)
    if not found:
        found = re.search(
            r"^\W*(?:is|was|does|did|do|are|were)\s+(?P<list>.+?\s+(?:shown |seen |mentioned |said |come |appear )?before or after\s+.+)$",
            text,
            re.I,
        )
    if not found:
        return []
    parts = re.split(
        r",?\s+(?:or|and|(?:shown |seen |mentioned |said |come |appear )?before or after)\s+|,\s*", found["list"]
    )
    return [part.strip() for part in parts if part.strip()]


def _first(name: str, pool: Sequence[Passage], passages: Passages) -> Match | None:
    quotes = re.findall(r"[\"“”]([^\"“”]+)[\"“”]", name)
    if quotes:
        hits = find_phrase(quotes[0], pool)
        return Match(hits[0], 1.0, 1.0, hits[0].stems) if hits else None
    matches = [
        item for item in best_matches(terms(f"- {name}"), pool, passages, least_direct=0.4) if item.coverage >= 0.5
    ]
    likely = [item for item in matches if item.direct >= 0.8 * matches[0].direct]
    return min(likely, key=lambda item: item.passage.span.start, default=None)


def _told_order(query: Query, listed: Sequence[str], firsts: Sequence[Match]) -> Draft | None:
    order = sorted(zip(listed, firsts, strict=True), key=lambda pair: pair[1].passage.span.start)
    if order[0][1].passage is order[-1][1].passage or order[0][1].passage.span.start == order[-1][1].passage.span.start:
        return None
    sure = min(item.coverage for item in firsts) ** 0.6
    cites = tuple(Citation(item.passage.span, item.passage.text, item.passage.kind) for _, item in order)
    times = ", then ".join(f"{name} at {clock(item.passage.span.start)}" for name, item in order)
    if query.parsed.extreme == "last" and "order" not in query.parsed.text.lower():
        return draft([Claim(f"{_upper(order[-1][0])} comes last: {times}.", cites)], sure, "order")
    lead = f"{_upper(order[0][0])} comes first: " if len(order) == 2 else ""
    return draft([Claim(f"{lead}{times if lead else _upper(times)}.", cites)], sure, "order")


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]
