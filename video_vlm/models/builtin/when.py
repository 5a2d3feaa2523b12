"""Questions whose answer is a time, or a number of times."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from video_vlm.language.matching import (
    Match,
    best_matches,
    find_anchors,
    find_phrase,
    has_another_colour,
    is_named,
    named_chapters,
    nearest_in_meaning,
)
from video_vlm.language.passages import Passage, Passages
from video_vlm.language.premise import premise_of
from video_vlm.language.query import Query, Wanted
from video_vlm.language.quoting import quoted
from video_vlm.language.similarity import Similarity
from video_vlm.language.verbs import deeds
from video_vlm.language.word_forms import stem
from video_vlm.models.builtin.draft import Draft, draft
from video_vlm.models.builtin.first_and_last import what_is_said
from video_vlm.models.builtin.read import find_sentence
from video_vlm.models.builtin.time_wording import spoken_length, spoken_stretch, spoken_time
from video_vlm.records import Claim, Span, clock

__all__ = [
    "SAID",
    "SEEN",
    "asks_for_date",
    "asks_for_mentions",
    "count_times",
    "find_duration",
    "find_talk",
    "find_when",
]

SEEN = re.compile(
    r"\b(?:appears?|appeared|appearing|shown?|shows|visible|seen|see|in (?:the )?(?:picture|view|frame)|on "
    r"(?:the )?screen|enters?|"
    r"displayed|come into view|out of)\b",
    re.I,
)
SAID = re.compile(
    r"\b(?:sa(?:y|ys|id)|sings?|sang|sung|mention\w*|speaks?|spoken?|told|tells?|talks?|talked|heard?|explain\w*)\b",
    re.I,
)
_STARTS = re.compile(r"\b(?:starts?|begins?|first)\b", re.I)
_ENDS = re.compile(r"\b(?:ends?|stops?|finish(?:es)?|disappears?|last)\b", re.I)
_PAST = re.compile(r"^\W*+(?:when|at\s+what\s+time)\s+(?:was|were|did|had)\b", re.I)
_TALKED_OF = re.compile(
    r"\bhow\s+long\s+(?:is|was|does)\s+the\s+(?:bit|part|section|segment|passage|portion|piece)\s+"
    r"(?:(?:where|when|in\s+which|with|about|on|of)\s+)(?:(?:he|she|they|it|someone|somebody)\s+"
    r"(?:talks?|speaks?|tells?|is\s+talking|are\s+talking)\s+(?:about|of)\s+)?(?P<what>[^?]+?)(?:\s+lasts?)?\W*$",
    re.I,
)
_NOW = re.compile(r"(?:today|tonight|now|tomorrow)\b", re.I)
"""No time at which something *was*."""
_PAUSE_SECONDS = 4.0
_SURE = 0.5
_DONE = 0.25
"""Of support of a verb: less tells of another deed."""


def asks_for_date(query: Query) -> bool:
    """Whether a question asks when something was, in the world and not in the video: "When was the kiln
    built?"."""
    return bool(_PAST.search(query.parsed.target)) and not SEEN.search(query.parsed.target)


def asks_for_mentions(query: Query) -> bool:
    """Whether a question asks for what is said or shown in the video, not for what it tells of."""
    text = query.parsed.target
    return bool(SEEN.search(text) or SAID.search(text) or query.quotes or query.channel)


def find_when(query: Query, passages: Passages) -> Draft | None:
    """When something is shown, read or said. A date the video states answers "when was" before its own clock
    does."""
    if not asks_for_mentions(query):
        stated = find_sentence(replace(query, wanted=Wanted.DATE), passages.all, passages)
        is_now = stated is not None and _NOW.match(stated.text) is not None
        if stated and not is_now and stated.confidence >= _SURE and _is_done(query, stated, passages):
            return stated
    matches = _moments(query, query.quotes, _pool(query, passages), passages)
    if SEEN.search(query.parsed.target) and not query.quotes:
        matches = (
            named_chapters(query.terms, best_matches(query.terms, passages.chapters, passages)) or matches
        )
    matches = [item for item in matches if _tells(query, item.passage, passages)]
    if not matches and not query.quotes and not query.channel:
        done = [stem(deed) for deed in deeds(query.parsed.target)]
        pool = [one for one in _pool(query, passages) if not has_another_colour(query.terms, one)]
        matches = nearest_in_meaning(query.parsed.target, pool, passages, done=done)[:1]
    if not matches:
        return None
    best = matches[0].coverage
    likely = sorted(
        (item for item in matches if item.coverage >= 0.9 * best), key=lambda item: item.passage.span.start
    )
    chosen = likely[-1] if query.parsed.extreme == "last" else likely[0]
    span = chosen.passage.span
    if _STARTS.search(query.parsed.target) and not query.quotes:
        span = Span(span.start, span.start)
    elif _ENDS.search(query.parsed.target) and not query.quotes:
        span = Span(span.end, span.end)
    claim = Claim(f"{spoken_time(span)}. {quoted(chosen.passage)}", (chosen.passage.cite(),))
    fits = max(chosen.coverage, 0.75) if chosen.passage in passages.chapters else chosen.coverage
    return draft([claim], fits**0.8 * (0.5 if chosen.lost_names else 1.0), "when")


def _is_done(query: Query, stated: Draft, passages: Passages) -> bool:
    """Whether what is stated tells of the deed that a date is asked for: "sunk" is not told of by "built"."""
    similarity = Similarity(query.parsed.target, query.terms, passages.encoder)
    support = similarity.support(" ".join(cite.quote for claim in stated.claims for cite in claim.citations))
    done = (support.get(stem(deed), 1.0) for deed in deeds(query.parsed.target))
    return similarity.is_by_words or all(told >= _DONE for told in done)


def _tells(query: Query, passage: Passage, passages: Passages) -> bool:
    """Whether what a question takes for granted is told in a passage; where it is seen, only what is done
    there."""
    premise = premise_of(query)
    if has_another_colour(query.terms, passage):
        return False
    if query.quotes or (not premise.deeds and SEEN.search(query.parsed.target)):
        return True
    if premise.deeds and not (passage.is_spoken or deeds(passage.text)):
        return False
    return premise.holds_in(passage, passages)


def find_duration(query: Query, passages: Passages) -> Draft | None:
    """How long a card, a caption or a chapter stays."""
    if not SEEN.search(query.parsed.target) and query.channel != "written":
        return None
    matches = _moments(query, query.quotes, passages.written, passages)
    if not matches or matches[0].coverage < _SURE:
        return None
    passage = matches[0].passage
    seconds = spoken_length(passage.span.start, passage.span.end)
    claim = Claim(f"About {seconds}, {spoken_stretch(passage.span)}.", (passage.cite(),))
    return draft([claim], 0.9 * matches[0].coverage, "how long it is there")


def find_talk(query: Query, passages: Passages) -> Draft | None:
    """How long something is talked of: from the line that is nearest to it as far as lines go on with it."""
    asked = _TALKED_OF.search(query.parsed.text)
    found = find_anchors(asked["what"], (), passages) if asked else []
    if not found:
        return None
    about = frozenset(found[0].found)
    place = passages.all.index(found[0].passage)
    last = found[0].passage
    for later in passages.all[place + 1 :]:
        if later.span.start - last.span.end > _PAUSE_SECONDS or not about & (later.stems | later.referents):
            break
        last = later if later.span.end > last.span.end else last
    span = found[0].passage.span.cover(last.span)
    told = f"About {spoken_length(span.start, span.end)}, {spoken_stretch(span)}."
    return draft(
        [Claim(told, (found[0].passage.cite(),))], 0.85 * found[0].coverage, "how long it is talked of"
    )


def count_times(query: Query, passages: Passages) -> Draft | None:
    """How many times something is said or shown: every passage that matches it, in one channel."""
    wanted = tuple(term for term in query.terms if term.weight >= 0.5)
    by_name = tuple(term for term in wanted if term.strict or SAID.search(query.parsed.text))
    for pool in _count_pools(query, passages):
        strict = any(term.strict for term in wanted)
        hits = _moments(query, query.quotes, pool, passages, least_direct=0.0 if strict else 0.45)
        if not hits:
            continue
        if by_name and not query.quotes:
            hits = [hit for hit in hits if all(is_named(term, hit.passage, passages) for term in by_name)]
        else:
            hits = [hit for hit in hits if hit.direct >= 0.75 * hits[0].direct]
        if not hits:
            continue
        stretches = _apart(sorted((hit.passage for hit in hits), key=lambda passage: passage.span.start))
        sure = 0.85 if by_name or query.quotes else 0.9 * hits[0].direct ** 0.3
        times = {1: "Once", 2: "Twice"}.get(len(stretches), f"{len(stretches)} times")
        where = ", ".join(clock(passage.span.start) for passage in stretches[:12])
        claim = Claim(
            f"{times} ({len(stretches)}): at {where}.", tuple(passage.cite() for passage in stretches)
        )
        return draft([claim], sure, "count")
    return None


def _moments(
    query: Query,
    quotes: Sequence[str],
    pool: Sequence[Passage],
    passages: Passages,
    *,
    least_direct: float = 0.4,
) -> list[Match]:
    """Matches of a quotation as written, else of the terms."""
    if quotes:
        return [
            Match(passage, 1.0, 1.0, passage.stems)
            for quote in quotes
            for passage in find_phrase(quote, pool)
        ]
    if not any(term.weight >= 0.5 for term in query.terms):
        return []
    return [
        item
        for item in best_matches(query.terms, pool, passages, least_direct=least_direct)
        if not item.lost_names
    ]


def _pool(query: Query, passages: Passages) -> Sequence[Passage]:
    """Spoken words do not say when a thing is *seen*."""
    if query.channel == "said" or SAID.search(query.parsed.target):
        return passages.spoken
    if query.channel == "written":
        return passages.written
    return (*passages.written, *passages.seen) if SEEN.search(query.parsed.target) else passages.all


def _count_pools(query: Query, passages: Passages) -> list[Sequence[Passage]]:
    if query.channel == "said" or SAID.search(query.parsed.text):
        return [what_is_said(query, passages)]
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
