"""Taking a value of the wanted type out of a passage: a year, a price, a name, the value behind a label."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from video_vlm.language.lexicon import (
    COLOURS,
    DIMENSIONS,
    MONTHS,
    NUMBER_WORDS,
    STOP_WORDS,
    TENS,
    UNITS,
    WEEKDAYS,
)
from video_vlm.language.matching import Match
from video_vlm.language.passages import Passage
from video_vlm.language.query import TELLING_WEIGHT, Query, Term, Wanted
from video_vlm.language.typed_values import ValueType, find_values
from video_vlm.language.word_forms import alike, stem, words

__all__ = ["Value", "label_and_value", "labelled_by", "looks_like_a_person", "take_value"]

_MONTH = "|".join(MONTHS + [month[:3] + r"\b\.?" for month in MONTHS])
_DATE = re.compile(
    rf"\b(?:\d{{1,2}}(?:st|nd|rd|th)?\s+(?:of\s+)?(?:{_MONTH})(?:,?\s+\d{{4}})?|(?:{_MONTH})\s+\d{{1,2}}(?:st|nd|rd|th)?(?:,?\s*\d{{4}})?"
    rf"|\d{{4}}-\d{{2}}-\d{{2}}|\d{{1,2}}[./]\d{{1,2}}[./]\d{{2,4}}|(?:{_MONTH})\s+\d{{4}}|{'|'.join(WEEKDAYS)})\b",
    re.I,
)
_YEAR = re.compile(r"(?<![\d,.:/-])(?:1[0-9]\d\d|20\d\d)(?![\d,:]|\.\d)")
_TIME_OF_DAY = re.compile(r"(?<![\d:.])(?:[01]?\d|2[0-3]):[0-5]\d(?![\d:])(?:\s?[ap]\.?m\b\.?)?", re.I)
_SMALL, _TENS = "|".join(NUMBER_WORDS), "|".join(TENS)
_COUNT = rf"\d[\d,.]*(?:\s*(?:million|thousand))?|(?!one day\b)(?:(?:{_TENS})[\s-])?(?:{_SMALL})|{_TENS}|(?<=\bfor )an?"
_NUMBER = re.compile(r"(?<![\w.])[-+]?\d+(?:[.,:]\d+)*(?:\s*%)?")
_SPOKEN_NUMBER = rf"(?:{_SMALL}|{_TENS}|hundred|thousand|million|billion)"
_MONEY = re.compile(
    rf"\b(?:(?:{_SPOKEN_NUMBER}|an?|half)[\s-]+(?:and\s+)?){{0,8}}{_SPOKEN_NUMBER}\s+{UNITS['money']}\b|[$€£¥]\s?\d[\d,. ]*\d?(?:\s*(?:million|billion|thousand|[mbk]\b))?|\b\d[\d,.]*\s*(?:million|billion|thousand)?\s*{UNITS['money']}\b",
    re.I,
)
_PLACE = re.compile(
    r"\b(?i:in|at|near|from|on|to|outside|inside|off|above|below|around|towards?)\s+((?:the\s+|a\s+|an\s+)?(?:[A-Z][\w’'-]*)(?:(?:\s+(?:of|in|the|on|at|and)|,)?\s+[A-Z][\w’'-]*)*)"
)
_NAMED = re.compile(
    r"\b(?:I'm|I’m|I am|my name is|my name's|name is|named|called|call me|call him|call her|call it|known "
    r"as|this is)\s+"
    r"((?:the\s+)?[A-Z][\w’'-]*(?:\s+(?:the\s+[\w’'-]+|(?:(?:of|de|la|van|von|der)\s+)*[A-Z][\w’'-]*)){0,3})"
)
_LABEL = re.compile(r"^[\W_]*+([^:=→|]{2,40}?)\s*(?:::|(?<!\d):|:(?!\d)|[=→])\s*(?!//)(\S.*)$")
_BY = re.compile(r"^[\W_]*+([\w ]{2,30}?\bby)\b\s*[:|]?\s*(\S.*)?$", re.I)
_PERSON_NOUNS = frozenset(
    """man woman boy girl baker guard king queen doctor teacher driver worker captain mother father brother sister wife
    husband king soldier police officer engineer farmer women men child children people crowd council company""".split()
)  # fmt: skip
_ALSO_THINGS = frozenset(
    stem(word) for word in ("lime", "gold", "silver", "rose", "orange", "olive", "tan", "navy")
)


@dataclass(frozen=True, slots=True)
class Value:
    """What was taken out, and how sure its type makes it: 0 means the passage has nothing of that type."""

    text: str
    fit: float


_NONE = Value("", 0.0)


def label_and_value(text: str) -> tuple[str, str] | None:
    """``"• Length: 1,284 m" -> ("Length", "1,284 m")``; also ``a | b`` rows of two cells and ``Directed by
    X``."""
    cells = [cell.strip() for cell in text.split(" | ")]
    if len(cells) > 1:
        inside = next((pair for cell in cells if (pair := label_and_value(cell))), None)
        if inside:
            return inside
    if len(cells) == 2 and all(cells):
        return cells[0].rstrip(":"), cells[1]
    found = _LABEL.match(text)
    if found:
        return found[1].strip(), found[2].strip()
    found = _BY.match(text)
    if found and found[2]:
        return found[1].strip(), found[2].strip()
    return None


def looks_like_a_person(text: str) -> bool:
    """Two or more capitalised words with no digits: a name as credits write it."""
    parts = text.replace(".", ". ").split()
    return 2 <= len(parts) <= 4 and all(part[:1].isupper() and part.strip(".'’-").isalpha() for part in parts)


def take_value(query: Query, match: Match) -> Value:
    """The value of the wanted type in a matched passage."""
    take = _TAKERS.get(query.wanted)
    return take(query, match) if take else _whole(query, match)


def _asked(query: Query) -> frozenset[str]:
    return frozenset(word.stem for word in words(query.parsed.text))


def _pattern(pattern: re.Pattern[str]) -> Callable[[Query, Match], Value]:
    """A taker of the first match of a pattern that the question does not itself contain."""

    def take(query: Query, match: Match) -> Value:
        for found in pattern.finditer(match.passage.text):
            text = found[found.lastindex or 0].strip(" .,;")
            if text and text.casefold() not in query.parsed.text.casefold():
                return Value(text, 1.0)
        return _NONE

    return take


def _typed(kind: ValueType) -> Callable[[Query, Match], Value]:
    """A taker of the first value of a type that the question does not itself contain."""

    def take(query: Query, match: Match) -> Value:
        asked = query.parsed.text.casefold()
        found = (
            one.text for one in find_values(kind, match.passage.text) if one.text.casefold() not in asked
        )
        return next((Value(text, 1.0) for text in found if text), _NONE)

    return take


def labelled_by(passage: Passage, wanted: Sequence[str]) -> Value:
    """The value behind a label that names what is asked."""
    pair = label_and_value(passage.text)
    if not pair:
        return _NONE
    label = [word.stem for word in words(pair[0])]
    value = [word.stem for word in words(pair[1])]
    # "1928 | Walls": a label may stand on either side of a row.
    sides = [(label, pair[1], 1.0)] + ([(value, pair[0], 0.9)] if " | " in passage.text else [])
    for names, other, fit in sides:
        share = _named_by(names, wanted)
        if share:
            return Value(
                re.sub(r"(?<!\s)\s*\([^()]*\)$", "", other),
                fit * share**0.5 * (0.6 if _reads_as_code(other) else 1.0),
            )
    return _NONE


def _reads_as_code(value: str) -> bool:
    """Whether a value is how something is computed, not what it is: ``$(date)``, ``"$NAME"``."""
    return bool(re.search(r"[$`{}]\s*[({\w]|\(\)", value)) and not re.match(r"^\W*[$€£]\s?\d", value)


def _named_by(label: Sequence[str], wanted: Sequence[str]) -> float:
    """The share of a label's words that are asked for: ``Director`` fits "director" better than ``Technical
    Director``."""
    hits = sum(any(alike(term, part) >= 0.7 for term in wanted) for part in label)
    return hits / len(label) if label else 0.0


def _year(query: Query, match: Match) -> Value:
    if not _tells_what_was_done(query, match.passage):
        return _NONE
    asked = _asked(query)
    for word in match.passage.words:
        if re.fullmatch(_YEAR, word.stem) and word.stem not in asked:
            return Value(word.text if word.text[:1].isdigit() else word.stem, 1.0)
    return _NONE


def _tells_what_was_done(query: Query, passage: Passage) -> bool:
    """Whether the verb of a question is in a passage or around it, or all else is in it: "1928 |
    Walls".

    A thing has a date for each thing that was done to it; one said of something else in its sentence is none
    of them.
    """
    telling = [term for term in query.terms if term.weight >= TELLING_WEIGHT]
    doing = [term for term in telling if not term.strict and term.weight < 1.0]
    done_to = [term for term in telling if term not in doing]
    return (
        not doing
        or any(_is_among(term, passage.stems | passage.context) for term in doing)
        or (bool(done_to) and all(_is_among(term, passage.stems) for term in done_to))
    )


def _is_among(term: Term, stems: frozenset[str]) -> bool:
    return any(alike(term.stem, found) >= 0.7 for found in stems)


def _date(query: Query, match: Match) -> Value:
    """A date, a year, or else a time of day."""
    if not _tells_what_was_done(query, match.passage):
        return _NONE
    takers = (_pattern(_DATE), _year, _pattern(_TIME_OF_DAY))
    return next((found for take in takers if (found := take(query, match)).fit), _NONE)


def _number(query: Query, match: Match) -> Value:
    """A number that stands with the very thing that is counted."""
    counted = re.search(
        r"\bhow (?:many|much)\s+(?:\w+ly\s+)?(?:different\s+)?([\w-]+)", query.parsed.text, re.I
    )
    noun = stem(counted[1]) if counted else stem(query.focus.split()[0]) if query.focus else ""
    here = match.passage.words
    places = [index for index, word in enumerate(here) if noun and alike(noun, word.stem) >= 0.8]
    if noun and not places:
        return _NONE
    asked = _asked(query)
    labelled = labelled_by(match.passage, [noun] if noun else [])
    if labelled.fit and re.search(r"\d", labelled.text):
        return labelled
    numbers = [index for index, word in enumerate(here) if word.is_number and word.stem not in asked]
    near = [index for index in numbers if not places or any(0 < place - index <= 3 for place in places)]
    return Value(here[near[0]].text, 0.95) if near else _NONE


def _measure(query: Query, match: Match) -> Value:
    labels, units = DIMENSIONS[query.dimension]
    named = any(alike(stem(label), word.stem) >= 0.8 for label in labels for word in match.passage.words)
    for unit in units:
        found = re.search(rf"\b(?:{_COUNT})[\s-]*{UNITS[unit]}(?![\w/])", match.passage.text, re.I)
        if found:
            return Value(found[0], 1.0 if named else 0.75 if match.direct >= 0.6 and unit != "time" else 0.0)
    return _NONE


def _colour(query: Query, match: Match) -> Value:
    asked = _asked(query)
    colours = [
        word for word in match.passage.words if word.text.casefold() in COLOURS and word.stem not in asked
    ]
    # "Lime" and "gold" are mostly things.
    return Value(colours[0].text, 0.6 if colours[0].stem in _ALSO_THINGS else 0.95) if colours else _NONE


def _person(query: Query, match: Match) -> Value:
    """A name behind a role, or a sentence whose verb is the one asked for."""
    roles = [term.stem for term in query.terms if not term.strict]
    labelled = labelled_by(match.passage, roles)
    if labelled.fit:
        return labelled
    doing = [term for term in query.terms if not term.strict and term.weight < 1.0] or [
        term for term in query.terms if not term.strict
    ]
    if doing and not any(term.stem in match.found for term in doing):
        return _NONE
    if not match.passage.is_spoken and not looks_like_a_person(_beside_the_question(query, match.passage)):
        return _NONE
    text = match.passage.text
    someone = any(word.capitalised and word.start > 0 for word in match.passage.words) or any(
        word.text.casefold() in _PERSON_NOUNS for word in match.passage.words
    )
    return Value("", 0.95 if someone else 0.6) if text else _NONE


def _beside_the_question(query: Query, passage: Passage) -> str:
    """The words of a row that the question does not have: a title card of the thing asked about is no name."""
    asked = _asked(query)
    return " ".join(
        word.text
        for word in passage.words
        if word.stem not in asked and word.text.casefold() not in STOP_WORDS
    )


def _name(query: Query, match: Match) -> Value:
    labelled = labelled_by(match.passage, [stem("name")])
    if labelled.fit and len(labelled.text) <= 40:
        return Value(labelled.text, 0.9 if match.direct or not query.terms else 0.5)
    found = _NAMED.search(match.passage.text)
    return Value(_without_next_sentence(found[1]), 0.95) if found else _NONE


def _without_next_sentence(name: str) -> str:
    """A line of a song begins with a capital: "Anna the baker [So early]"."""
    parts = name.split()
    while len(parts) > 1 and parts[-1].casefold() in STOP_WORDS:
        parts.pop()
    return " ".join(parts)


def _thing(query: Query, match: Match) -> Value:
    """What stands before or behind the noun asked for: "the Orla valley", "Port: 8080"."""
    noun = [word.stem for word in words(query.focus)]
    pair = label_and_value(match.passage.text)
    labelled = labelled_by(match.passage, noun)
    if (
        pair
        and labelled.fit
        and any(alike(noun[-1], word.stem) >= 0.7 for word in words(pair[0] + " " + pair[1]))
    ):
        return labelled
    here = match.passage.words
    places = [index for index, word in enumerate(here) if alike(noun[-1] if noun else "", word.stem) >= 0.8]
    for place in places:
        first = _name_start(match.passage, place)
        if first is not None:
            return Value(match.passage.text[here[first].start : here[place].end], 1.0)
        if place + 1 < len(here) and here[place + 1].is_number and here[place + 1].text[0].isdigit():
            return Value(match.passage.text[here[place].start : here[place + 1].end], 0.95)  # Cable 3
    if places:
        return Value("", 0.3 if "name" in query.parsed.text else 0.75 if match.passage.is_spoken else 0.6)
    headed = any(alike(part, other) >= 0.8 for part in noun for other in match.passage.context)
    return Value("", 0.8 if headed or query.focus in {"film", "movie", "video", "person", "thing"} else 0.45)


def _name_start(passage: Passage, place: int) -> int | None:
    """Where the proper name that leads up to a noun begins: ``the [Orla] valley``, ``the [Orla] power
    station``."""
    here, first, proper = passage.words, place, None
    while (
        first > 0
        and place - first < 4
        and passage.text[here[first - 1].end : here[first].start] in {" ", "’s ", "'s "}
    ):
        first -= 1
        if here[first].capitalised and first > 0 and not here[place].capitalised:
            proper = first
        elif here[first].text.casefold() in STOP_WORDS:
            break
    return proper


def _definition(query: Query, match: Match) -> Value:
    name = " ".join(term.stem for term in query.terms)
    found = re.search(
        r"\b([A-Z][\w.’'-]{0,40}(?:\s{1,3}[A-Z][\w.’'-]{0,40}){0,8}),?\s+(?:is|was|are|were)\s+(?:an?|the)\s+\w+",
        match.passage.text,
    )
    if found and name and all(term.stem in [word.stem for word in words(found[1])] for term in query.terms):
        return Value("", 0.95)
    return _NONE


def _whole(_query: Query, match: Match) -> Value:
    return Value("", 0.85 if match.passage.is_spoken else 0.75)


_TAKERS: dict[Wanted, Callable[[Query, Match], Value]] = {
    Wanted.PERSON: _person,
    Wanted.NAME: _name,
    Wanted.PLACE: _pattern(_PLACE),
    Wanted.DATE: _date,
    Wanted.YEAR: _year,
    Wanted.NUMBER: _number,
    Wanted.MEASURE: _measure,
    Wanted.MONEY: _pattern(_MONEY),
    Wanted.COLOUR: _colour,
    Wanted.ADDRESS: _typed(ValueType.ADDRESS),
    Wanted.EMAIL: _typed(ValueType.EMAIL),
    Wanted.PHONE: _typed(ValueType.PHONE),
    Wanted.THING: _thing,
    Wanted.DEFINITION: _definition,
}
