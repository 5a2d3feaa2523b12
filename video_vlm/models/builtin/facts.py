"""Finding the passage that states a fact, the reason of something, or the title of it."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise

from video_vlm.language.lexicon import DIMENSIONS
from video_vlm.language.matching import Match, best_matches, match
from video_vlm.language.passages import Passage, Passages
from video_vlm.language.premise import premise_of
from video_vlm.language.query import Query, Wanted
from video_vlm.language.word_forms import alike, squeeze, stem, words
from video_vlm.models.builtin.draft import Draft, draft, quoted_claim
from video_vlm.models.builtin.values import (
    Value,
    label_and_value,
    labelled_by,
    looks_like_a_person,
    take_value,
)
from video_vlm.records.observations import SPOKEN

__all__ = ["find_fact", "find_reason", "find_title", "in_channel"]

_CAUSE = re.compile(
    r"\b(?:because|since|due to|owing to|thanks to|as a result|therefore|so that|that's why|that is why|in "
    r"order to|"
    r"caused by|led to|results? in|the reason)\b|^\W*+so\b|[,;] so\b",
    re.I,
)
_CONSEQUENCE = re.compile(r"(?<!\W)\W*(?:so(?! that)|that's why|that is why|therefore|as a result)\b", re.I)
"""How a sentence begins whose reason is the one before it."""
_ON_SCREEN = re.compile(r"\b(?:table|chart|list|slide|card|graph)\b", re.I)
_REASON_SECONDS = 15.0
_BARE = frozenset(
    {Wanted.ADDRESS, Wanted.EMAIL, Wanted.NAME, Wanted.PLACE, Wanted.COLOUR, Wanted.YEAR, Wanted.DATE}
)
_OF_A_DEED = frozenset({Wanted.DATE, Wanted.YEAR, Wanted.PLACE, Wanted.NUMBER, Wanted.PERSON, Wanted.REASON})
_A_MOMENT = re.compile(r"\b(?:show|find|tell|time\s?stamps?|moment)\b.{0,200}\b(?:where|when)\b", re.I)
"""``show me where ...``, ``the moment when ...``."""
_ROLE_WORDS = 4


def in_channel(query: Query, pool: Iterable[Passage]) -> list[Passage]:
    """The passages of the channel the question names; all of them where it names none."""
    return [passage for passage in pool if query.channel != "said" or passage.is_spoken]


def find_fact(query: Query, pool: Sequence[Passage], passages: Passages) -> Draft | None:
    """The passage that bears the question's terms and holds a value of the wanted type."""
    pool = in_channel(query, pool)
    telling = [term for term in query.terms if term.weight >= 0.5]
    if not telling:
        return max(
            _collocated(query, pool, passages),
            key=lambda found: found.confidence,
            default=_bare_fact(query, pool),
        )
    ranked = [
        item for item in best_matches(query.terms, pool, passages) if _is_told(query, item.passage, passages)
    ]
    drafts = [found for item in ranked[:24] if (found := _fact(query, item, ranked, passages)) is not None]
    drafts += [*_labelled_facts(query, pool, passages), *_collocated(query, pool, passages)]
    best = max((found.confidence for found in drafts), default=0.0)
    # Of what fits equally well, what stays longest was read best.
    return max((found for found in drafts if found.confidence >= best - 0.04), key=_seconds, default=None)


def _is_told(query: Query, passage: Passage, passages: Passages) -> bool:
    """Whether a passage tells of what a question for a time, a place, a number, a person or a reason takes
    for granted."""
    of_a_deed = query.wanted in _OF_A_DEED or _A_MOMENT.search(query.parsed.target)
    return not of_a_deed or premise_of(query).holds_in(passage, passages)


def _seconds(found: Draft) -> float:
    return max(cite.span.duration_seconds for cite in found.claims[0].citations)


def _labelled_facts(query: Query, pool: Sequence[Passage], passages: Passages) -> list[Draft]:
    """Rows that answer by their label alone: ``Length: 1,284 m`` on a card about the bridge."""
    label = [
        word.stem
        for word in words(_LABEL_OF.get(query.dimension, query.focus))
        if word.stem not in _KIND_OF_VALUE
    ]
    if query.wanted is Wanted.NAME:
        label = [stem("name")]
    found: dict[str, tuple[Value, list[Match]]] = {}
    for passage in pool if label else ():
        value = labelled_by(passage, label)
        if value.fit < 0.7 or not _fits_type(query, value.text) or not _all_named(query, label, passage):
            continue
        known = found.setdefault(squeeze(value.text), (value, []))
        known[1].append(match(query.terms, passage, passages))
    drafts = [
        draft(
            [
                quoted_claim(
                    items[0].passage, value.text, also=_with_value(value.text, items[0].passage, pool)
                )
            ],
            value.fit
            * (0.5 + 0.5 * max(item.coverage for item in items))
            * (0.6 if items[0].lost_names else 1.0),
            "label",
        )
        for value, items in found.values()
    ]
    if query.focus.endswith("s") and len(drafts) > 1:
        claims = [claim for one in drafts for claim in one.claims]
        return [draft(claims[:6], max(one.confidence for one in drafts), "labels")]
    return drafts


_KIND_OF_VALUE = frozenset({stem("number"), stem("amount"), stem("value"), stem("total")})
_LABEL_OF = {name: " ".join(sorted(labels)) for name, (labels, _) in DIMENSIONS.items()}


def _with_value(value: str, passage: Passage, pool: Sequence[Passage]) -> list[Passage]:
    """Other moments at which the very value is read or said."""
    key = squeeze(value)
    return [other for other in pool if len(key) >= 4 and other is not passage and key in squeeze(other.text)][
        :4
    ]


def _collocated(query: Query, pool: Sequence[Passage], passages: Passages) -> list[Draft]:
    """ "With what was it made?" is answered behind the words "made with"."""
    found = _PREPOSITION_FIRST.search(query.parsed.target) or _PREPOSITION_LAST.search(query.parsed.target)
    if not found:
        return []
    verb, preposition = stem(found["verb"]), found["preposition"].casefold()
    drafts = []
    for passage in pool:
        for first, second in pairwise(passage.words):
            if (
                first.stem == verb
                and second.text.casefold() == preposition
                and passage.text[second.end :].strip(" .|")
            ):
                coverage = match(query.terms, passage, passages).coverage
                value = passage.text[second.end :].strip(" .|")
                drafts.append(
                    draft([quoted_claim(passage, value)], 0.6 + 0.35 * coverage, "said in these words")
                )
    return drafts


_PREPOSITIONS = "with|by|from|in|on|of|for|to|at|into|as"
_PREPOSITION_FIRST = re.compile(
    rf"^\W*+(?P<preposition>{_PREPOSITIONS})\s+(?:what|which|whom)\b.*\b(?P<verb>\w+)\W*$", re.I
)
_PREPOSITION_LAST = re.compile(rf"\bwhat\b.*\b(?P<verb>\w+)\s+(?P<preposition>{_PREPOSITIONS})\W*$", re.I)


def _all_named(query: Query, label: Sequence[str], passage: Passage) -> bool:
    """A label of several words must be there whole; of a dimension's names one is enough."""
    return bool(query.dimension) or all(
        any(alike(part, found) >= 0.7 for found in passage.stems) for part in label
    )


def _fits_type(query: Query, value: str) -> bool:
    digits = any(character.isdigit() for character in value)
    if query.wanted in {Wanted.MEASURE, Wanted.NUMBER, Wanted.MONEY, Wanted.YEAR, Wanted.DATE, Wanted.PHONE}:
        return digits
    return 0 < len(value) <= 60 and query.wanted in {Wanted.THING, Wanted.NAME, Wanted.PERSON, Wanted.PLACE}


def _fact(query: Query, item: Match, ranked: Sequence[Match], passages: Passages) -> Draft | None:
    value, behind = take_value(query, item), None
    if query.wanted is Wanted.PERSON and value.fit < 0.9:
        behind = _name_below(query, item, passages)
        if behind:
            value = Value(behind.text, 0.9)
    if not value.fit:
        return None
    claim = quoted_claim(item.passage, value.text, also=_same_elsewhere(item, value, ranked))
    if behind:
        claim = quoted_claim(behind, behind.text, f"{item.passage.text} / {behind.text}")
    return draft([claim], _confidence(query, item, value), "fact")


def _same_elsewhere(item: Match, value: Value, ranked: Sequence[Match]) -> list[Passage]:
    """Other moments that say the same: the same value, or the same words of the question in an almost equal
    text."""
    text, key = squeeze(item.passage.text), squeeze(value.text)
    return [
        other.passage
        for other in ranked
        if other is not item
        and other.passage.kind is item.passage.kind
        and (key in squeeze(other.passage.text) if len(key) >= 4 else other.found == item.found)
        and difflib.SequenceMatcher(None, text, squeeze(other.passage.text), autojunk=False).ratio()
        >= (0.5 if key else 0.8)
    ][:4]


def _confidence(query: Query, item: Match, value: Value) -> float:
    telling = sum(term.weight for term in query.terms if term.stem in item.found)
    sure = value.fit * item.coverage**0.8
    if item.lost_names:
        sure *= 0.5
    if telling < 1.0 and value.fit < 0.95 and not query.channel:
        sure *= 0.7
    return float(sure * (0.8 + 0.2 * item.passage.confidence))


def _name_below(query: Query, item: Match, passages: Passages) -> Passage | None:
    """The name under a credit: ``Director`` on one row, the person on the next."""
    roles = {term.stem for term in query.terms if not term.strict and term.weight >= 0.5}
    if len(item.passage.words) > _ROLE_WORDS or not roles & item.found:
        return None
    card = passages.card(item.passage)
    rows = (
        [row for row in card[card.index(item.passage) + 1 :] if item.passage in card]
        if item.passage in card
        else []
    )
    return next((row for row in rows[:1] if looks_like_a_person(row.text)), None)


def _bare_fact(query: Query, pool: Sequence[Passage]) -> Draft | None:
    """A question with nothing to match but a type ("which web address is shown?"): right if the video has one
    such value."""
    if query.wanted not in _BARE and not (query.wanted is Wanted.THING and query.focus):
        return None
    found: list[tuple[Passage, Value]] = []
    for passage in pool:
        item = Match(passage, 1.0, 1.0, frozenset())
        value = take_value(query, item)
        if value.fit >= 0.9 and value.text:
            found.append((passage, value))
    counts = Counter(squeeze(value.text) for _, value in found)
    if not counts:
        return None
    best, times = counts.most_common(1)[0]
    sure = (0.9 if query.channel or query.wanted in {Wanted.ADDRESS, Wanted.EMAIL} else 0.6) * (
        times / len(found)
    ) ** 0.3
    passage, value = next(pair for pair in found if squeeze(pair[1].text) == best)
    return draft([quoted_claim(passage, value.text)], sure, "the only such value")


def find_reason(query: Query, pool: Sequence[Passage], passages: Passages) -> Draft | None:
    """A statement of cause by the passage that names the event: in it, or said within a few seconds of it."""
    pool = in_channel(query, pool)
    drafts: list[Draft] = []
    for event in best_matches(query.terms, pool, passages)[:5]:
        if event.coverage < 0.5 or event.lost_names or not _is_told(query, event.passage, passages):
            continue
        drafts.extend(_reasons_near(query, event, passages))
    return max(drafts, key=lambda found: found.confidence, default=None)


def _reasons_near(query: Query, event: Match, passages: Passages) -> Iterable[Draft]:
    around = passages.near(event.passage, _REASON_SECONDS, SPOKEN)
    if _CAUSE.search(event.passage.text):
        before = [passage for passage in around if passage.span.start < event.passage.span.start]
        told = (*before[-1:], event.passage) if _CONSEQUENCE.match(event.passage.text) else (event.passage,)
        yield draft([quoted_claim(passage) for passage in told], 0.95 * event.coverage**0.8, "reason")
    telling = {term.stem for term in query.terms if term.weight >= 0.5}
    for previous, passage in zip((None, *around), around, strict=False):
        if (
            passage is event.passage
            or not _CAUSE.search(passage.text)
            or not telling & (passage.stems | passage.context)
        ):
            continue
        follows = previous is not None and _CONSEQUENCE.match(passage.text)
        shared = 0.9 if telling & passage.stems else 0.65
        claims = [
            quoted_claim(piece) for piece in ((previous, passage) if follows and previous else (passage,))
        ]
        yield draft(claims, shared * event.coverage**0.8, "reason near the event")


def find_title(query: Query, passages: Passages, title: str) -> Draft | None:
    """The heading of a thing on screen, or the title of the film itself: large, alone, and borne out
    elsewhere."""
    if any(term.weight >= 0.5 for term in query.terms) or _ON_SCREEN.search(query.parsed.text):
        return _heading(query, passages)
    candidates = [
        row
        for row in passages.screen
        if len(squeeze(row.text)) >= 5
        and len(row.words) <= 8
        and row.confidence >= 0.8
        and not _is_notice(row)
    ]
    if not candidates:
        return None
    largest = max(row.height for row in candidates)
    scored = [(_title_score(row, largest, passages, title), row) for row in candidates]
    best, row = max(scored, key=lambda pair: (pair[0], -pair[1].span.start))
    return draft([quoted_claim(row, row.text)], best, "title")


def _is_notice(row: Passage) -> bool:
    return bool(
        re.search(
            r"\b(?:presents?|copyright|www|http|licen[cs]ed?|coming soon|directed|produced)\b|©",
            row.text,
            re.I,
        )
    )


def _title_score(row: Passage, largest: float, passages: Passages, title: str) -> float:
    """Size on screen, and how often the rest of the video bears the same words out."""
    text = squeeze(row.text)
    elsewhere = sum(
        text in squeeze(other.text)
        for other in passages.all
        if other is not row and not other.span.overlaps(row.span)
    )
    borne_out = min(elsewhere, 3) / 3 if len(text) >= 4 else 0.0
    named = 1.0 if title and text and text in squeeze(title) else 0.0
    size = row.height / largest if largest else 0.0
    alone = 1.0 / max(len(passages.card(row)), 1)
    return min(
        0.25 * size + 0.15 * alone + 0.45 * borne_out + 0.45 * named + (0.15 if elsewhere else 0.0), 0.95
    )


def _heading(query: Query, passages: Passages) -> Draft | None:
    """The top row of a card: of the one whose words fit the question, or of the busiest one for "the
    table"."""
    cards: dict[Passage, int] = {}
    for row in passages.screen:
        card = passages.card(row)
        if card and len(card) >= 3:
            cards[card[0]] = max(
                cards.get(card[0], 0),
                sum(" | " in other.text or bool(label_and_value(other.text)) for other in card),
            )
    if not cards:
        return None
    matched = best_matches(
        query.terms, [row for row in cards if len(words(row.text)) <= 10], passages, least_direct=0.5
    )
    if matched:
        return draft(
            [quoted_claim(matched[0].passage, matched[0].passage.text)], 0.8 * matched[0].coverage, "heading"
        )
    structured = [row for row in cards if cards[row] >= 2 and len(row.words) <= 10 and " | " not in row.text]
    if not structured or not re.search(r"\b(?:table|chart|list|slide)\b", query.parsed.text, re.I):
        return None
    best = max(structured, key=lambda row: (cards[row], row.span.duration_seconds))
    return draft([quoted_claim(best, best.text)], 0.75, "heading of the table")
