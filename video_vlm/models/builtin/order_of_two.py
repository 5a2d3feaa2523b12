"""Questions whose answer is an order of two moments, or the time between them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from video_vlm.language.matching import Match, best_matches, find_phrase, nearest_in_meaning
from video_vlm.language.passages import Passage, Passages
from video_vlm.language.query import Query, terms
from video_vlm.models.builtin.draft import Draft, draft
from video_vlm.models.builtin.time_wording import fine_clock, spoken_length
from video_vlm.models.builtin.when import SAID, SEEN
from video_vlm.records import Claim, clock

__all__ = ["find_gap", "find_order", "find_whether"]

_SHOWN = r"(?:\s+(?:shown|seen|mentioned|said|come|appear\w*|happen\w*))?"
_WHETHER = re.compile(
    rf"^\W*+(?:is|are|was|were|do|does|did|has|have|had)\s+(?P<one>.+?){_SHOWN}\s+(?P<word>before|after)\s+"
    rf"(?P<other>(?!or\b).+?){_SHOWN}\W*$",
    re.I,
)
_LOOKS_BACK = re.compile(r"\b(?:before|earlier|previously|until|used to|formerly|had been)\b", re.I)
_SURELY_THERE = 0.7
_HOW_LONG = r"\bhow\s+(?:long|much\s+time|many\s+(?:seconds|minutes))\b"
_BETWEEN = re.compile(rf"{_HOW_LONG}.*\bbetween\s+(?P<one>.+?)\s+and\s+(?P<other>.+?)\W*$", re.I)
_LATER = re.compile(
    rf"{_HOW_LONG}\s+(?:before|after)\s+(?P<one>.+?)\s+(?:is|are|was|were|do|does|did)\s+(?P<other>.+?){_SHOWN}\W*$",
    re.I,
)

_Named = tuple[str, Match]
"""A thing as the question calls it, and its first moment."""


def find_order(query: Query, passages: Passages) -> Draft | None:
    """Which of the things a question lists comes first, or in which order they come."""
    listed = _alternatives(query.parsed.text)
    if len(listed) < 2:
        return None
    firsts = _firsts(query, listed, passages)
    return _told_order(query, list(zip(listed, firsts, strict=True))) if firsts else None


def find_whether(query: Query, passages: Passages) -> Draft | None:
    """Whether one thing is before or after another: "Is the storm before the harbour?"."""
    found = _WHETHER.search(query.parsed.text)
    two = _two(found, query, passages)
    if not found or not two:
        return None
    one, other = (item.passage.span.start for _, item in two)
    holds = one < other if found["word"].lower() == "before" else one > other
    return draft([_claim("Yes: " if holds else "No: ", two)], _sure(two), "whether")


def find_gap(query: Query, passages: Passages) -> Draft | None:
    """How much of the video lies between two moments, from where one begins to where the other does."""
    two = _two(_BETWEEN.search(query.parsed.text) or _LATER.search(query.parsed.text), query, passages)
    if not two:
        return None
    one, other = (item.passage.span.start for _, item in two)
    lead = f"{spoken_length(one, other)} of the video: "
    return draft([_claim(lead, two, told=fine_clock)], _sure(two), "time between")


def _two(found: re.Match[str] | None, query: Query, passages: Passages) -> list[_Named]:
    """The two things of a question with their moments; nothing where those do not tell of their own time."""
    listed = [found["one"], found["other"]] if found else []
    firsts = _firsts(query, listed, passages) if listed else []
    return list(zip(listed, firsts, strict=True)) if _tell_of_their_own_time(query, firsts) else []


def _firsts(query: Query, listed: Sequence[str], passages: Passages) -> list[Match]:
    """The first moment of each thing, all in one channel; nothing if some are in none."""
    said = bool(SAID.search(query.parsed.text)) or query.channel == "said"
    pools: list[Sequence[Passage]] = (
        [passages.spoken] if said else [passages.chapters, passages.screen, passages.written, passages.seen]
    )
    if not said and not SEEN.search(query.parsed.text):
        pools += [passages.spoken, passages.all]
    for pool in pools:
        firsts = [found for name in listed if (found := _first(name, pool, passages))]
        if len(firsts) == len(listed):
            return firsts
    return []


def _tell_of_their_own_time(query: Query, firsts: Sequence[Match]) -> bool:
    """Whether each thing is there by its words at a moment of its own, and no sentence looks back: "it had
    been grey"."""
    starts = {item.passage.span.start for item in firsts}
    if len(starts) < 2 or any(item.direct < _SURELY_THERE for item in firsts):
        return False
    of_the_video = SAID.search(query.parsed.text) or SEEN.search(query.parsed.text)
    return bool(of_the_video) or not any(_LOOKS_BACK.search(item.passage.text) for item in firsts)


def _in_time(named: Sequence[_Named]) -> list[_Named]:
    return sorted(named, key=lambda pair: pair[1].passage.span.start)


def _claim(lead: str, named: Sequence[_Named], *, told: Callable[[float], str] = clock) -> Claim:
    """The things in order of time, each with its own: "the strike at 0:28, then the storm at 0:40"."""
    order = _in_time(named)
    times = ", then ".join(f"{name} at {told(item.passage.span.start)}" for name, item in order)
    return Claim(
        f"{lead}{times if lead else _upper(times)}.", tuple(item.passage.cite() for _, item in order)
    )


def _sure(named: Sequence[_Named]) -> float:
    return float(min(item.coverage for _, item in named) ** 0.6)


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
            r"^\W*+(?:is|was|does|did|do|are|were)\s+(?P<list>.+?\s+(?:shown |seen |mentioned |said |come "
            r"|appear )?before or after\s+.+)$",
            text,
            re.I,
        )
    if not found:
        return []
    parts = re.split(
        r"(?:,|(?<!\s))\s+(?:or|and|(?:shown |seen |mentioned |said |come |appear )?before or after)\s+|,\s*",
        found["list"],
    )
    return [part.strip() for part in parts if part.strip()]


def _first(name: str, pool: Sequence[Passage], passages: Passages) -> Match | None:
    quotes = re.findall(r"[\"“”]([^\"“”]+)[\"“”]", name)
    if quotes:
        hits = find_phrase(quotes[0], pool)
        return Match(hits[0], 1.0, 1.0, hits[0].stems) if hits else None
    matches = [
        item
        for item in best_matches(terms(f"- {name}"), pool, passages, least_direct=0.4)
        if item.coverage >= 0.5
    ]
    likely = [item for item in matches if item.direct >= 0.8 * matches[0].direct]
    likely = likely or nearest_in_meaning(name, pool, passages)[:1]
    return min(likely, key=lambda item: item.passage.span.start, default=None)


def _told_order(query: Query, named: Sequence[_Named]) -> Draft | None:
    order = _in_time(named)
    (first, earliest), (last, latest) = order[0], order[-1]
    if earliest.passage.span.start == latest.passage.span.start:
        return None
    lead = f"{_upper(first)} comes first: " if len(order) == 2 else ""
    if query.parsed.extreme == "last" and "order" not in query.parsed.text.lower():
        lead = f"{_upper(last)} comes last: "
    return draft([_claim(lead, order)], _sure(order), "order")


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]
