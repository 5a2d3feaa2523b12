"""Values of a type in a sentence: a number with what it counts, a price, a date, a name, a place, a reason.

>>> [value.text for value in find_values(ValueType.DURATION, "Fry it for a minute and a half, no longer.")]
['a minute and a half']
>>> find_values(ValueType.NUMBER, "That's fifty-three children.")[0].noun
'children'
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from video_vlm.language.lexicon import COLOURS, MONTHS, NUMBER_WORDS, STOP_WORDS, TENS, UNITS, WEEKDAYS

__all__ = ["TypedValue", "ValueType", "find_values", "unit_type"]


class ValueType(StrEnum):
    """What sort of value answers a question."""

    NUMBER = "number"
    DURATION = "duration"
    LENGTH = "length"
    WEIGHT = "weight"
    VOLUME = "volume"
    SPEED = "speed"
    TEMPERATURE = "temperature"
    PERCENT = "percent"
    MONEY = "money"
    AGE = "age"
    FREQUENCY = "frequency"
    DATE = "date"
    YEAR = "year"
    NAME = "name"
    PLACE = "place"
    REASON = "reason"
    COLOUR = "colour"
    ADDRESS = "address"
    EMAIL = "email"
    PHONE = "phone"


@dataclass(frozen=True, slots=True)
class TypedValue:
    """A value as written, where it stands (letters ``[start, end)`` of the text), and for a number the noun
    behind it."""

    text: str
    start: int
    end: int
    noun: str = ""


_ONES: Final = "|".join(word for word in NUMBER_WORDS if word != "one")
_NUMERAL = rf"(?:{_ONES}|one|{'|'.join(TENS)}|hundreds?|thousands?|millions?|billions?|dozens?|half|thirds?|quarters?)"
_SPOKEN = (
    rf"(?:an?\s+(?=hundred|thousand|million|dozen|half|third|quarter))?"
    rf"(?!(?:one|half|quarter)\b\s+(?:of\s+the\s+)?(?:more|another|day|thing|past|to)\b){_NUMERAL}"
    rf"(?:(?:\s+|-)(?:and\s+(?:an?\s+)?)?{_NUMERAL})*"
)
_DIGITS = r"\d[\d,.]*\d|\d"
NUMBER: Final = (
    rf"(?<![\w.$€£])(?:(?:{_DIGITS})(?:\s*(?:million|billion|thousand|hundred|k)\b)?|\b{_SPOKEN}\b)"
)
_AND_A_HALF = r"(?:\s+and\s+a\s+(?:half|quarter))?"
_ARTICLE_UNIT = (
    r"(?:(?:(?:a\s+|three\s+)?quarters?\s+of|half)\s+an?|an?|another|a\s+couple\s+of|a\s+few|several)"
)

_UNITS: Final = {
    ValueType.DURATION: UNITS["time"],
    ValueType.LENGTH: UNITS["length"],
    ValueType.WEIGHT: UNITS["weight"],
    ValueType.VOLUME: r"(?:l|ml|cl|lit(?:re|er)s?|millilit(?:re|er)s?|cups?|pints?|gallons?|spoons?|(?:table|tea)spoons?)",
    ValueType.SPEED: rf"(?:{UNITS['speed']}|(?:{UNITS['length']})\s+(?:an?|per)\s+(?:hour|second|minute))",
    ValueType.TEMPERATURE: UNITS["temperature"],
    ValueType.PERCENT: UNITS["percent"],
    ValueType.MONEY: UNITS["money"],
}
_MONTH = "|".join([*MONTHS, *(rf"{month[:3]}\.?(?!\w)" for month in MONTHS)])
_ORDINAL = (
    r"(?:\d{1,2}(?:st|nd|rd|th)|(?:twenty|thirty)[\s-](?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth)"
    r"|(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth|(?:thir|four|fif|six|seven|eigh|nine)teenth"
    r"|twentieth|thirtieth)(?=\W*$|\W+(?:of|at|in|and|same|next|this|before|after|by)\b|[,.;!?]))"
)
_CLOCK = (
    r"(?<![\d:.])(?:[01]?\d|2[0-3]):[0-5]\d(?![\d:])(?:\s?[ap]\.?m\b\.?)?|\b\d{1,2}\s?[ap]\.?m\b\.?"
    rf"|\b(?:half|quarter|ten|twenty|five)\s+(?:past|to)\s+(?:{_ONES}|one)\b|\b(?:at|until|till|by|from)\s+(?:{_ONES}|one)(?:\s+(?:thirty|fifteen|o'clock))?(?=\W*$|[,.;!?]|\s+(?:in|on|sharp|every|o'clock))"
    r"|\b\w+\s+o['’]clock\b"
)
_DAY_PART = r"(?:in\s+the\s+)?(?:morning|afternoon|evening|night)|noon|midnight"
_DATE = (
    rf"\d{{4}}-\d{{2}}-\d{{2}}|\d{{1,2}}[./]\d{{1,2}}[./]\d{{2,4}}"
    rf"|(?:the\s+)?(?:{_ORDINAL}|\d{{1,2}})\s+(?:of\s+)?(?:{_MONTH})(?:,?\s+\d{{4}})?"
    rf"|(?:{_MONTH})\s+(?:the\s+)?(?:{_ORDINAL}|\d{{1,2}})(?:st|nd|rd|th)?(?:,?\s+\d{{4}})?(?!\d)"
    rf"|(?:{_MONTH})(?:\s+\d{{4}})?|the\s+{_ORDINAL}|(?:{'|'.join(WEEKDAYS)})s?(?:\s+(?:{_DAY_PART})s?)?"
    r"|(?:this|next|last|every)\s+(?:morning|afternoon|evening|night|week|weekend|month|year|spring|summer|autumn|fall|winter|easter|christmas)"
    r"|\b(?:in|since|by|until|before|after)\s+(?:the\s+)?(?:spring|summer|autumn|winter|easter|christmas|weekend)"
    r"|today|tonight|tomorrow|yesterday"
)
_YEAR = r"(?<![\d,.:/-])(?:1\d\d\d|20\d\d)(?![\d,:]|\.\d)"
_YEAR_SPOKEN = (
    rf"\b(?:{'|'.join(word for word, number in NUMBER_WORDS.items() if 10 < number < 20)}|twenty)\s+"
    rf"(?:hundred|oh\s+\w+|(?:{'|'.join(TENS)})(?:[\s-](?:{_ONES}|one))?|(?:{'|'.join(word for word, number in NUMBER_WORDS.items() if number >= 10)}))\b(?!\s+[^\W\d_]+s\b)"
)
_NAMED = r"(?:[A-Z][\w’'-]*)(?:\s+(?:(?:of|de|la|van|von|der|and|the)\s+)*[A-Z][\w’'-]*)*"
_WHERE = r"(?:in|at|near|from|on|to|into|onto|under|behind|above|below|outside|inside|beside|across|through|off|next\s+to|opposite|around|towards?|along|beneath|over)"
_CAUSE = (
    r"\b(?:because|since|due\s+to|owing\s+to|thanks\s+to|as\s+a\s+result|therefore|so\s+that|that['’]s\s+why|that\s+is\s+why|in\s+order|otherwise|or\s+else"
    r"|caused|led\s+to|the\s+reason|the\s+point\s+is|that\s+way|which\s+means|or\s+it['’]ll|in\s+case|to\s+(?:keep|make|stop|avoid|prevent|protect|get|let|save|give|help))\b|[,;]\s*so\b"
)
_FREQUENCY = (
    rf"\bevery\s+(?:other\s+|single\s+)?(?:{NUMBER}\s+)?\w+|\b(?:once|twice|(?:{NUMBER})\s+times)\b(?:\s+(?:an?|every|each|per)\s+\w+)?"
    r"|\b(?:daily|weekly|monthly|yearly|annually|hourly)\b"
)
_AGE = (
    rf"(?:{NUMBER})(?:\s+|-)(?:years?|months?|weeks?|days?)(?:\s+|-)old|\baged?\s+(?:of\s+)?(?:{NUMBER})"
    rf"|\b(?:is|are|was|were|be|turned|turns?|turning|am|['’]s|['’]m|['’]re)\s+(?:now\s+|only\s+|about\s+|over\s+|nearly\s+|just\s+)?(?P<bare>{NUMBER})(?=\W*$|[,.;!?]|\s+(?:now|today|and|but|when|in|this|next|last))"
)


def unit_type(noun: str) -> ValueType | None:
    """What is measured in a noun: minutes are a duration; None for a noun that is no unit."""
    return next((kind for kind, unit in _UNITS.items() if re.fullmatch(unit, noun, re.I)), None)


def find_values(kind: ValueType, text: str) -> tuple[TypedValue, ...]:
    """The values of one type, in the order in which they stand."""
    return tuple(_FINDERS[kind](text))


def _pattern(
    pattern: str, *, flags: re.RegexFlag = re.I, group: int | str = 0
) -> Callable[[str], Iterator[TypedValue]]:
    compiled = re.compile(pattern, flags)

    def find(text: str) -> Iterator[TypedValue]:
        for found in compiled.finditer(text):
            which = group if found[group] else 0
            yield TypedValue(found[which].strip(" .,;"), found.start(which), found.end(which))

    return find


def _measured(unit: str) -> Callable[[str], Iterator[TypedValue]]:
    find = _pattern(
        rf"(?<![\w.])(?:(?:{NUMBER}){_AND_A_HALF}[\s-]*(?:(?:or|to)\s+(?:{NUMBER})\s+)?(?:or\s+so\s+)?|{_ARTICLE_UNIT}\s+){unit}(?![\w/])(?:\s+and\s+(?:an?\s+(?:half|quarter)|{NUMBER}\s+{unit}))?"
    )
    of_unit = re.compile(rf"{unit}(?![\w/])", re.I)

    def with_unit(text: str) -> Iterator[TypedValue]:
        for value in find(text):
            named = of_unit.search(value.text.lstrip("0123456789.,")) or of_unit.search(value.text)
            yield replace(value, noun=named[0] if named else "")

    return with_unit


_NUMBER = re.compile(rf"{NUMBER}{_AND_A_HALF}", re.I)
_NEXT_WORD = re.compile(
    r"(?<![\s-])[\s-]++(?:(?:of|or\s+so|more|other|different|new|old|big|small|little|large|full|whole|extra)\s++){0,3}+([^\W\d_][\w’'-]*)"
)
_IDLE_ONE = re.compile(
    r"(?:\b(?:the|this|that|which|another|every|no|my|your|first|last|middle|any|only|each|some)(?:\s+\w+)?\s+)$",
    re.I,
)


def _numbers(text: str) -> Iterator[TypedValue]:
    for found in _NUMBER.finditer(text):
        after = _NEXT_WORD.match(text, found.end())
        noun = after[1] if after and after[1].casefold() not in STOP_WORDS else ""
        if found[0].casefold() == "one" and (_IDLE_ONE.search(text[: found.start()]) or not noun):
            continue  # "the middle one", "one out"
        yield TypedValue(found[0].strip(" .,"), found.start(), found.end(), noun)


_SENTENCE_START = re.compile(r"(?:^|[.!?:…]\s*[\"“”']?|^\W*)$")


def _names(text: str) -> Iterator[TypedValue]:
    """Capitalised words that do not merely begin a sentence; whoever is named as speaking is no name in it."""
    for found in re.finditer(_NAMED, text):
        start = found.start()
        words = found[0].split()
        common = words[0].casefold().rstrip("’'s") in STOP_WORDS or len(words) == 1
        if common and _SENTENCE_START.search(text[:start]):  # any word has a capital here
            start += len(words[0]) + 1
            words = words[1:]
        while words and words[0].casefold() in {
            "i",
            "i'm",
            "i’m",
            "i'd",
            "i'll",
            "i've",
            "i’ll",
            "i’ve",
            "i’d",
        }:
            start += len(words[0]) + 1
            words = words[1:]
        if all(word.casefold() in STOP_WORDS for word in words):
            continue  # a line of a song begins with a capital
        if not re.fullmatch(rf"(?:{_MONTH})|(?:{'|'.join(WEEKDAYS)})s?", " ".join(words), re.I):
            yield TypedValue(" ".join(words).rstrip("’'"), start, found.end())


_FINDERS: Final[dict[ValueType, Callable[[str], Iterator[TypedValue]]]] = {
    ValueType.NUMBER: _numbers,
    **{kind: _measured(unit) for kind, unit in _UNITS.items() if kind is not ValueType.MONEY},
    ValueType.MONEY: _pattern(
        rf"[$€£¥]\s?\d[\d,. ]*\d?(?:\s*(?:million|billion|thousand|[mbk]\b))?|(?:{NUMBER}|{_ARTICLE_UNIT})(?:\s+and\s+a\s+half)?\s+(?:million\s+|thousand\s+)?{UNITS['money']}\b(?:\s+(?:and\s+)?(?:{NUMBER})(?:\s+cents?|\s+pence)?)?"
    ),
    ValueType.AGE: _pattern(_AGE, group="bare"),
    ValueType.FREQUENCY: _pattern(_FREQUENCY),
    ValueType.DATE: _pattern(rf"{_CLOCK}|\b(?:{_DATE})(?!\w)|{_YEAR}|{_YEAR_SPOKEN}"),
    ValueType.YEAR: _pattern(rf"{_YEAR}|{_YEAR_SPOKEN}"),
    ValueType.NAME: _names,
    ValueType.PLACE: _pattern(
        rf"\b(?i:{_WHERE})\s+((?i:(?:the|a|an|my|our|his|her|their|your|this|that)\s+)?[\w’'-]+(?:\s+(?:of|in|the|on|at)\s+[\w’'-]+|\s+[A-Z][\w’'-]*)*)",
        flags=re.NOFLAG,
        group=1,
    ),
    ValueType.REASON: _pattern(_CAUSE),
    ValueType.COLOUR: _pattern(
        rf"\b(?:(?:dark|light|pale|bright|deep)\s+)?(?:{'|'.join(sorted(COLOURS))})\b"
    ),
    ValueType.ADDRESS: _pattern(
        r"\b(?:https?://)?(?:www\.)?(?:[a-z0-9-]+\.)+[a-z]{2,}(?:/[^\s|”\"]*)?|\b[\w-]+\s+dot\s+(?:com|org|net|edu|info|io)\b(?:\s+slash\s+\w+)*"
    ),
    ValueType.EMAIL: _pattern(r"(?<![\w.+-])[\w.+-]+@[\w-]+\.[\w.]+"),
    ValueType.PHONE: _pattern(
        r"(?<![\w$.,])\+?\(?\d{2,4}\)?[ -/]?\d{2,4}[ -]?\d{2,4}(?:[ -]?\d{2,4})?(?![\w,])"
    ),
}
