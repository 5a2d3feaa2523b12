"""Which sentence answers a question: candidates with what speaks for each, as numbers."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from video_vlm.language.cue_sentences import SPEAKER_TAG
from video_vlm.language.expected_value import Expected, expected_value
from video_vlm.language.matching import Match, has_another_colour, has_any, match, stems_for
from video_vlm.language.neighbourhoods import around_hits
from video_vlm.language.passages import Passage, Passages
from video_vlm.language.premise import Premise, premise_of
from video_vlm.language.query import Query, Wanted
from video_vlm.language.similarity import Similarity
from video_vlm.language.typed_values import TypedValue, ValueType, find_values, unit_type
from video_vlm.language.verbs import deeds
from video_vlm.language.word_forms import alike, stem, words
from video_vlm.models.builtin.sentence_units import Unit, excerpt, units

__all__ = ["FEATURES", "Candidate", "candidates_for"]

FEATURES: Final = (
    "meaning",
    "meaning_near",
    "support",
    "support_least",
    "support_near",
    "support_near_least",
    "support_near_most",
    "words",
    "words_near",
    "value",
    "needs_value",
    "lost_names",
    "is_question",
    "num_words",
    "above_others",
    "goes_on",
    "written",
    "value_needed",
    "least_needed",
    "goes_on_near",
    "deeds",
    "deeds_near",
    "things_least",
    "things_near_least",
    "apart",
    "new_words",
    "after_question",
    "missing",
    "missing_own",
    "premise",
    "elsewhere",
    "elsewhere_most",
    "around",
    "nowhere",
    "nowhere_most",
    "nobody",
    "no_reason",
)
"""What is told of a candidate; see :func:`candidates_for`."""

_MOST: Final = 12
_MOST_COMPARED: Final = 80
_MANY: Final = 600
_MOST_BY_WORDS: Final = 12
_MONEY_TALK: Final = re.compile(
    r"\b(?:costs?|pric\w+|pa(?:y|ys|id|ying)|charg\w+|fees?|offers?|cheap\w*|dear\w*|expensive|s[eo]lls?|sold"
    r"|buys?|bought|spen[dt]s?|earns?|earned|wages?|salar\w+|bills?|budget\w*|afford\w*|worth|money|funds?|grants?"
    r"|rent|debts?|loans?)\b|[$€£¥]",
    re.I,
)
_ABOUT: Final = 0.25
"""Of support of the best supported word: less is about something else."""
_SAME_KIND: Final = 0.4
"""Likeness of two nouns: below, they name different things."""
_MISSING: Final = 0.3
"""Of support: nothing in a text stands for the word."""
_PASSAGE_SHARE: Final = 0.9


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence that may answer, the passage it is part of, what speaks for it by :data:`FEATURES`, and the value
    of the expected type in it."""

    passage: Passage
    sentence: Passage
    features: dict[str, float]
    value: TypedValue | None = None
    excerpt: tuple[Passage, ...] = ()
    """The passage with what it hangs on and what hangs on it: enough to be understood alone."""


_Eligible = tuple[Unit, TypedValue | None, Match]
"""A sentence, its value of the expected type, and how its words match."""


@dataclass(frozen=True, slots=True)
class _Reading:
    """A question ready to be compared. ``deeds`` are the stems of what it takes to be done."""

    query: Query
    expected: Expected
    similarity: Similarity
    deeds: frozenset[str]
    premise: Premise
    passages: Passages


def candidates_for(query: Query, pool: Sequence[Passage], passages: Passages) -> list[Candidate]:
    """The sentences of ``pool`` that may answer, at most a dozen, the likeliest by words and meaning first.

    Where the question needs a value of a type, sentences without one are left out.
    """
    target = query.parsed.target
    similarity = Similarity(target, query.terms, passages.encoder)
    reading = _Reading(
        query,
        expected_value(query),
        similarity,
        frozenset(map(stem, deeds(target))),
        premise_of(query),
        passages,
    )
    if _names_a_stranger(reading):
        return []
    told = _near(query, pool, passages)
    numbers = [term.stem for term in query.terms if term.strict and term.stem[:1].isdigit()]
    own = any(unit.sentence.stems.issuperset(numbers) for unit in told)
    every = [
        (unit, value, match(query.terms, unit.sentence, passages))
        for unit in told
        if not (_lacks_number(numbers, unit, own=own) or has_another_colour(query.terms, unit.sentence))
        if (value := _value(reading, unit)) is not None or not reading.expected.needed
    ]
    eligible = _likely(every, passages)
    similarity.read([target, *(text for unit, _, _ in eligible for text in (unit.text, unit.passage.text))])
    meanings = [
        max(
            reading.similarity.meaning(unit.text),
            _PASSAGE_SHARE * reading.similarity.meaning(unit.passage.text),
        )
        for unit, _, _ in eligible
    ]
    usual = sorted(meanings)[-min(5, len(meanings))] if meanings else 0.0
    rough = sorted(
        range(len(eligible)), key=lambda place: -(meanings[place] + 0.5 * eligible[place][2].direct)
    )
    similarity.read(eligible[place][0].near for place in rough[:_MOST])
    found = [
        Candidate(
            eligible[place][0].passage,
            eligible[place][0].sentence,
            _features(reading, *eligible[place], meanings[place], meanings[place] - usual),
            eligible[place][1],
            excerpt(eligible[place][0]),
        )
        for place in rough[:_MOST]
    ]
    return [one for one in found if similarity.is_by_words or one.features["support_near_most"] >= _ABOUT]


def _names_a_stranger(reading: _Reading) -> bool:
    """Whether a question names what the video never does: "Who is Nora Brook?" is not about Nora Vance. A
    question all in capitals names nothing by them."""
    asked = [word for word in words(reading.query.parsed.target) if word.text[:1].isalpha()][1:]
    if sum(word.capitalised for word in asked) > len(asked) / 2:
        return False
    names = [term.stem for term in reading.query.terms if term.strict and not term.stem[:1].isdigit()]
    known = reading.passages.rarity
    return any(name not in known and not any(alike(name, one) for one in known) for name in names)


def _lacks_number(numbers: Sequence[str], unit: Unit, *, own: bool) -> bool:
    """Whether a number of the question is neither in a sentence nor around it: "error 21" is not error 18. Where
    any sentence has them all (``own``), it is one of those, or one beside them."""
    around = unit.sentence.stems | unit.sentence.referents | unit.passage.stems
    for beside in (unit.last, unit.next) if own else ():
        around |= beside.sentence.stems if beside is not None else frozenset()
    around = around if own else around | unit.passage.context
    return any(number not in around for number in numbers)


def _near(query: Query, pool: Sequence[Passage], passages: Passages) -> list[Unit]:
    """The sentences of passages; of very many, those that have any of the question's words, and those that a search
    found."""
    if len(pool) <= _MANY:
        return units(pool)
    weights = {
        stem: term.weight * passages.rarity.get(stem, 1.0)
        for term in query.terms
        for stem in stems_for(term, passages)
    }
    return [
        unit
        for unit in units(around_hits(pool, weights, passages.found))
        if has_any(unit.sentence, weights.keys())
        or any(unit.passage.span.overlaps(span) for span in passages.found)
    ]


def _likely(eligible: list[_Eligible], passages: Passages) -> list[_Eligible]:
    """Of many, those that a search found, and those with the most of the question's words: to encode a text takes
    some milliseconds."""
    if len(eligible) <= _MOST_COMPARED:
        return eligible
    by_words = set(
        sorted(range(len(eligible)), key=lambda place: -eligible[place][2].direct)[:_MOST_BY_WORDS]
    )
    return [
        one
        for place, one in enumerate(eligible)
        if place in by_words or any(one[0].passage.span.overlaps(span) for span in passages.found)
    ]


def _features(
    reading: _Reading, unit: Unit, value: TypedValue | None, found: Match, meaning: float, above: float
) -> dict[str, float]:
    own = reading.similarity.support(unit.text)
    both = {stem: max(support, own[stem]) for stem, support in reading.similarity.support(unit.near).items()}
    most = max(both.values(), default=1.0)
    if not unit.goes_on:
        both = {stem: (own[stem] + support) / 2 for stem, support in both.items()}
    here, around = list(own.values()), list(both.values())
    done = reading.deeds
    untold = _untold(reading, unit, both)
    needed, goes_on, value_fit = (
        float(reading.expected.needed),
        float(unit.goes_on),
        _fit(reading, value, unit, both),
    )
    return {
        "meaning": meaning,
        "meaning_near": reading.similarity.meaning(unit.near),
        "support": _mean(here),
        "support_least": min(here, default=0.0),
        "support_near": _mean(around),
        "support_near_least": min(around, default=0.0),
        "support_near_most": most,
        "words": found.direct,
        "words_near": found.coverage,
        "value": value_fit,
        "needs_value": needed,
        "lost_names": float(found.lost_names),
        "is_question": float("?" in unit.text),
        "num_words": math.log1p(len(unit.sentence.words)),
        "above_others": above,
        "goes_on": goes_on,
        "written": float(not unit.passage.is_spoken),
        "value_needed": needed * value_fit,
        "least_needed": needed * min(here, default=0.0),
        "goes_on_near": goes_on * _mean(around),
        "deeds": min((own[stem] for stem in own if stem in done), default=0.6),
        "deeds_near": min((both[stem] for stem in both if stem in done), default=0.6),
        "things_least": min((own[stem] for stem in own if stem not in done), default=0.6),
        "things_near_least": min((both[stem] for stem in both if stem not in done), default=0.6),
        "missing": float(sum(support < _MISSING for stem, support in both.items() if stem not in done)),
        "missing_own": float(sum(support < _MISSING for stem, support in own.items() if stem not in done)),
        "premise": float(reading.premise.holds_in(unit.sentence, reading.passages)),
        "new_words": math.log1p(_num_new(reading, unit)),
        "after_question": float(unit.before.rstrip().endswith("?")) * _mean(around),
        "elsewhere": sum(untold["elsewhere"]),
        "elsewhere_most": max(untold["elsewhere"], default=0.0),
        "around": sum(untold["around"]),
        "nowhere": sum(untold["nowhere"]),
        "nowhere_most": max(untold["nowhere"], default=0.0),
        "nobody": float(reading.query.wanted is Wanted.PERSON and not _names_somebody(unit)),
        "no_reason": float(reading.query.wanted is Wanted.REASON and value is None),
        "apart": (1.0 - goes_on) * max(0.0, _mean(around) - _mean(here)),
    }


def _untold(reading: _Reading, unit: Unit, near: Mapping[str, float]) -> dict[str, list[float]]:
    """How much of each telling word is missing near a sentence, by where the word itself stands instead."""
    found: dict[str, list[float]] = {"elsewhere": [], "around": [], "nowhere": []}
    around = unit.passage.context | unit.sentence.referents | unit.passage.stems
    for one, support in near.items():
        if support >= 1.0:
            continue
        place = (
            "around"
            if any(alike(one, other) for other in around)
            else "elsewhere"
            if one in reading.passages.rarity
            else "nowhere"
        )
        found[place].append(1.0 - support)
    return found


_FIRST_PERSON: Final = re.compile(r"\b(?:I|we|my|our|me|us)\b(?!\W+who\b)", re.I)
_SOMEBODY: Final = re.compile(r"\b(?:some|any|no)(?:body|one)\b|\bwho\b.*\?", re.I)


def _names_somebody(unit: Unit) -> bool:
    """Whether a sentence, or what is quoted with it, names a person: by name, or as whoever speaks."""
    text = " ".join(SPEAKER_TAG.sub("", one.text) for one in excerpt(unit))
    named = bool(find_values(ValueType.NAME, text) or SPEAKER_TAG.match(unit.sentence.text))
    return named or bool(_FIRST_PERSON.search(text) and not _SOMEBODY.search(text))


def _num_new(reading: _Reading, unit: Unit) -> int:
    """How many telling words a sentence has beside those of the question: what only says it again has none."""
    asked = [term.stem for term in reading.query.terms]
    return sum(not any(alike(one, found) for one in asked) for found in unit.sentence.stems)


def _mean(shares: Sequence[float]) -> float:
    return sum(shares) / len(shares) if shares else 0.0


def _may_be(kind: ValueType, value: TypedValue, unit: Unit) -> bool:
    """Whether a bare number may be a value of a type: a price where money is talked of, a weight."""
    if kind in {ValueType.NUMBER, ValueType.PERCENT}:
        return True
    return not value.noun and (kind is not ValueType.MONEY or bool(_MONEY_TALK.search(unit.near)))


def _value(reading: _Reading, unit: Unit) -> TypedValue | None:
    """The best value of an expected type that the question does not itself contain."""
    asked = reading.query.parsed.target.casefold()
    found = [
        value
        for kind in reading.expected.types
        for value in find_values(kind, unit.text)
        if (value.text.casefold() not in asked or kind is ValueType.REASON)
        and not _is_of_another(reading, value, unit)
        and (kind is not ValueType.NUMBER or _may_be(reading.expected.types[0], value, unit))
    ]
    return max(found, key=lambda value: _fit(reading, value, unit), default=None)


_OF: Final = re.compile(
    r"\W{1,3}(?:\w+(?:[’'-]\w+)?\s{1,3})?of\s{1,3}(?:(?:the|this|that|these|those|a|an)\s{1,3})?([^\W\d_][\w’'-]*)"
)
"""What an amount is of: "thirty grams of sand"."""
_IN_YEAR: Final = re.compile(r"\b(?:in|since|until|till|from|by|before|after|of|year)\s+$", re.I)


def _is_of_another(reading: _Reading, value: TypedValue, unit: Unit) -> bool:
    """Whether a number counts something other than what is asked for: "forty chairs" where tables are."""
    asked = reading.expected.noun
    if not asked or reading.expected.types[0] is not ValueType.NUMBER:
        return False
    text = unit.text
    if re.fullmatch(r"1\d{3}|20\d\d", value.text) and _IN_YEAR.search(text[: value.start]):
        return True
    of = _OF.match(text, value.end)
    counted, start = (of[1], of.start(1)) if of else (value.noun, text.find(value.noun, value.end))
    if not counted or alike(asked, stem(counted)) or (not of and unit_type(counted)):
        return False
    near = reading.similarity.likeness(asked, text, start)
    return near is not None and near < _SAME_KIND


_UNCERTAIN: Final = 0.4
_PLACED: Final = re.compile(r"\b(?:in|at|from|near|on|to|of|by|for|with|than|and)\s+(?:the\s+)?$", re.I)
_CALLED: Final = re.compile(
    r"(?:\b(?:called|named|calls?|names?|name\s+(?:is|was)|am|is|was|are|this\s+is|meet)|['’](?:m|s|re))\s+(?:(?:it|him|her|them|the|a|an)\s+)?$",
    re.I,
)


def _fit(
    reading: _Reading, value: TypedValue | None, unit: Unit, support: Mapping[str, float] | None = None
) -> float:
    """How well a value fits what is asked for: a number by what it counts, a name by what stands before it."""
    if not reading.expected.types:
        return 0.5
    if value is None:
        speaks = reading.query.wanted is Wanted.PERSON and SPEAKER_TAG.match(unit.sentence.text)
        return 0.9 if speaks else _UNCERTAIN * (not reading.expected.needed)
    if reading.expected.types == (ValueType.NAME,):
        before = unit.text[: value.start]
        return 1.0 if _CALLED.search(before) else 0.4 if _PLACED.search(before) else 0.7
    if not reading.expected.noun:
        return 1.0
    if value.noun and alike(reading.expected.noun, stem(value.noun)):
        return 1.0
    named = (support or {}).get(reading.expected.noun, 0.0)
    return (0.3 if value.noun else 0.4) + 0.3 * named
