"""Which type of value a question asks for, if it asks for one: "how long" for a duration, "by when" for a date."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from video_vlm.language.lexicon import UNITS
from video_vlm.language.query import Query, Wanted
from video_vlm.language.typed_values import ValueType, unit_type
from video_vlm.language.word_forms import stem

__all__ = ["Expected", "expected_value"]


@dataclass(frozen=True, slots=True)
class Expected:
    """``types``: a value of any of them answers. ``noun``: the stem of what a number must count; "" for
    anything. ``needed``: a sentence without such a value is no answer."""

    types: tuple[ValueType, ...] = ()
    noun: str = ""
    needed: bool = False


_BY_DIMENSION: Final[dict[str, tuple[ValueType, ...]]] = {
    "long": (ValueType.DURATION, ValueType.LENGTH),
    "lasting": (ValueType.DURATION,),
    "tall": (ValueType.LENGTH,), "high": (ValueType.LENGTH,), "wide": (ValueType.LENGTH,),
    "deep": (ValueType.LENGTH,), "far": (ValueType.LENGTH, ValueType.DURATION), "heavy": (ValueType.WEIGHT,),
    "fast": (ValueType.SPEED,), "old": (ValueType.AGE,), "big": (ValueType.LENGTH, ValueType.NUMBER),
    "large": (ValueType.LENGTH, ValueType.NUMBER), "expensive": (ValueType.MONEY,),
    "hot": (ValueType.TEMPERATURE,), "cold": (ValueType.TEMPERATURE,),
}  # fmt: skip
_BY_WANTED: Final[dict[Wanted, tuple[ValueType, ...]]] = {
    Wanted.MONEY: (ValueType.MONEY, ValueType.NUMBER),
    Wanted.YEAR: (ValueType.YEAR,),
    Wanted.DATE: (ValueType.DATE,),
    Wanted.COLOUR: (ValueType.COLOUR,),
    Wanted.ADDRESS: (ValueType.ADDRESS,),
    Wanted.EMAIL: (ValueType.EMAIL,),
    Wanted.PHONE: (ValueType.PHONE,),
    Wanted.NAME: (ValueType.NAME,),
}
_BY_PATTERN: Final = (
    (re.compile(r"\b(?:by|until|till|since|from|before)\s+when\b|\b(?:what|which)\s+(?:day|date|month|weekday|season|time)\b", re.I), ValueType.DATE),
    (re.compile(r"\bhow\s+(?:often|regularly|frequently)\b|\bhow\s+many\s+times\b", re.I), ValueType.FREQUENCY),
    (re.compile(r"\b(?:temperature|how\s+(?:hot|cold|warm))\b", re.I), ValueType.TEMPERATURE),
    (re.compile(r"\b(?:charges?|fee|price|costs?|earns?|salary|wages?)\b", re.I), ValueType.MONEY),
    (re.compile(r"\bhow\s+much\b.*\bweighs?\b|\bhow\s+heavy\b|\bwhat\b.*\bweighs?\W*$", re.I), ValueType.WEIGHT),
    (re.compile(r"\b(?:called|named?|names?)\b", re.I), ValueType.NAME),
)  # fmt: skip
_COUNTED = re.compile(
    r"\bhow\s+many\s+(?:(?:other|different|more|new|whole|full|small|large|big|old|young)\s+)*([^\W\d_][\w’'-]*)",
    re.I,
)
_AMOUNT = re.compile(
    r"\bhow\s+much\s+(?!(?:is|are|was|were|do|does|did|has|have|had|will|would|can|could|should|must|may|might"
    r"|money|cash|time|of|more|less|longer|to|the|it|he|she|they|you|we|i)\b)(?:(?:other|more|extra)\s+)?"
    r"([^\W\d_][\w’'-]*)",
    re.I,
)
"""Of a substance: "how much plaster"."""
_PLAIN_NUMBER = re.compile(
    r"\b(?:percentage|per\s?cent|share|fraction|proportion|number|amount|score|result|size)\b|\bhow\s+(?:many|much|big|large)\b",
    re.I,
)
_MONEY_ASKED = re.compile(rf"\bhow\s+much\s+(?:money|cash)\b|\bhow\s+many\s+{UNITS['money']}\b", re.I)


def expected_value(query: Query) -> Expected:
    """Read off a question. Nothing where a whole sentence answers: "what happened", "why", "who"."""
    target = query.parsed.target
    if query.dimension:
        types = _BY_DIMENSION[query.dimension]
        return Expected(types, needed=query.dimension not in {"far"})
    counted = _COUNTED.search(target)
    if counted and counted[1].casefold() != "times":
        unit = unit_type(counted[1])
        return (
            Expected((unit,), stem(counted[1]), needed=True)
            if unit
            else Expected((ValueType.NUMBER,), stem(counted[1]), needed=True)
        )
    if _MONEY_ASKED.search(target):
        return Expected((ValueType.MONEY,), needed=True)
    if query.wanted in _BY_WANTED:
        return Expected(_BY_WANTED[query.wanted], needed=True)
    for pattern, kind in _BY_PATTERN:
        if pattern.search(target):
            types = (kind, ValueType.NUMBER) if kind in {ValueType.MONEY, ValueType.WEIGHT} else (kind,)
            return Expected(types, needed=True)
    if _PLAIN_NUMBER.search(target):
        amount = _AMOUNT.search(target)
        return Expected((ValueType.NUMBER, ValueType.PERCENT), stem(amount[1]) if amount else "", needed=True)
    if query.wanted is Wanted.PLACE:
        return Expected((ValueType.PLACE,))
    if query.wanted is Wanted.REASON:
        return Expected((ValueType.REASON,))
    if query.wanted is Wanted.PERSON:
        return Expected((ValueType.NAME,))
    return Expected()
