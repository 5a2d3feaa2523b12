"""What drawn films talk about: values out of pools, each with its words and the pattern of a right answer."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

__all__ = ["Deck", "Exhausted", "Value"]

_WEEKDAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
_MONTHS = "January February March April June July August September October November December".split()
_COLOURS = (
    "red blue green yellow purple turquoise orange pink grey brown white black scarlet violet beige".split()
)
_TOWNS = (
    "Velling Oxmoor Tarrow Ghent-on-Lyme Pellby Marrick Sollum Dunmere Averay Kestle Brockhaven Ulverby Nantry "
    "Cray Ferring Holt Zennow Quillan Ostravel Borrowby Wendle Lorne Hexley Tollard Sprake Invermoss Yarrowfold"
).split()
_WOMEN = (
    "Adela Bronwen Carys Dorit Esme Fenna Greta Hanneke Ilse Jocasta Kezia Leonie Marit Nadia Oonagh Petronella "
    "Quirina Rosalind Sunniva Tamsin Ursula Verity Wilma Xenia Yolanda Zora Beatrix Clemency Imelda Noor"
).split()
_MEN = (
    "Alaric Bartholomew Caspar Dmitri Edwin Florian Gideon Hamish Ivo Jasper Kenji Lorcan Magnus Nestor Oswin "
    "Piers Quentin Rufus Silas Tobias Ulric Viktor Wendell Yusuf Zoltan Anselm Benedikt Cormac Emeka Tarquin"
).split()
_SURNAMES = (
    "Abernathy Birtwhistle Cavanagh Drummond Eskildsen Farquhar Grimshaw Haldane Ingleby Jankowski Karlsen "
    "Lindgren Mbeki Northcote Okafor Pettigrew Quayle Rasmussen Satterly Thackeray Umberto Vasquez Wainscott "
    "Yamada Zielinski Ashdown Bellweather Crumpton Delacroix Everdene Fitzroy Gallacher Hathersage Iqbal "
    "Jessop Kowalczyk Lovelock Marchbanks Nwosu Ormerod Penhaligon Redfern Sandoval Treadgold Wetherby"
).split()
_UNITS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
).split()
_TENS = "zero ten twenty thirty forty fifty sixty seventy eighty ninety".split()
_ORDINALS = {1: "first", 2: "second", 3: "third", 5: "fifth", 8: "eighth", 9: "ninth", 12: "twelfth"}
_BEFORE = r"(?<![\w:.,-])(?<!hundred and )(?<!thousand and )"
_AFTER = r"(?!\w|:\d|[.,]\d|-(?:one|two|three|four|five|six|seven|eight|nine)\b| s\b| (?:hundred|thousand|point)\b)"


class Exhausted(Exception):
    """A pool has no value left that the film has not used."""


@dataclass(frozen=True)
class Value:
    """A value's words, the pattern that finds it in an answer, further forms (``first``, ``he``), and the
    place of the option that was picked."""

    text: str
    pattern: str
    forms: dict[str, Value] = field(default_factory=dict)
    place: int = 0


def words(number: int) -> str:
    """A whole number below 10,000 in words: 1842 -> "one thousand eight hundred and forty-two"."""
    if number < 20:
        return _UNITS[number]
    if number < 100:
        return _TENS[number // 10] + (f"-{_UNITS[number % 10]}" if number % 10 else "")
    size, name = (1000, "thousand") if number >= 1000 else (100, "hundred")
    rest = number % size
    link = " and " if rest < 100 else " "
    return f"{words(number // size)} {name}" + (f"{link}{words(rest)}" if rest else "")


def _loose(spoken: str) -> str:
    return re.escape(spoken).replace(r"\-", "[- ]").replace(r"\ and\ ", r"\ (?:and\ )?").replace(r"\ ", " ")


def _bounded(*patterns: str) -> str:
    return f"{_BEFORE}(?:{'|'.join(patterns)}){_AFTER}"


def _literal(text: str, *, ends: str = r"\b") -> str:
    return rf"\b{re.escape(text)}{ends}".replace(r"\ ", " ")


def _ordinal(number: int) -> str:
    if number in _ORDINALS:
        return _ORDINALS[number]
    spoken = words(number)
    if number > 20 and number % 10:
        return f"{_TENS[number // 10]}-{_ordinal(number % 10)}"
    return f"{spoken[:-1]}ieth" if spoken.endswith("y") else f"{spoken}th"


class Deck:
    """Draws values for one film; no name, number, day or colour comes twice."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.digits = chance.random() < 0.3
        self._used: set[str] = set()

    def draw_all(self, kinds: Mapping[str, str]) -> dict[str, Value]:
        """A value for every name; ``like NAME a | b`` takes the option at the place that NAME took."""
        values: dict[str, Value] = {}
        for name, kind in kinds.items():
            if kind.startswith("like "):
                _, other, options = kind.split(" ", 2)
                values[name] = _option(options, values[other].place)
            else:
                values[name] = self.draw(kind)
        return values

    def draw(self, kind: str) -> Value:
        """A value of ``kind``, for example ``num 3 9``, ``person``, ``pick a lamp ~ lamp | a cup``.

        Raises:
            Exhausted: everything of this kind is used.
            ValueError: no such kind.
        """
        name, _, rest = kind.strip().partition(" ")
        makers: dict[str, Callable[[str], Value]] = {
            "num": self._number,
            "dec": self._decimal,
            "pick": lambda rest: _option(rest, self.chance.randrange(rest.count(" | ") + 1)),
            "some": self._some,
        }
        if name in makers:
            return makers[name](rest)
        named: dict[str, Callable[[], Value]] = {
            "year": self._year,
            "date": self._date,
            "clock": self._clock,
            "person": lambda: self._person(self.chance.choice("fm")),
            "person_m": lambda: self._person("m"),
            "person_f": lambda: self._person("f"),
            "first": lambda: self._word(_WOMEN + _MEN),
            "first_f": lambda: self._word(_WOMEN),
            "town": lambda: self._word(_TOWNS),
            "weekday": lambda: self._word(_WEEKDAYS, ends="s?\\b"),
            "month": lambda: self._word(_MONTHS),
            "colour": lambda: self._word(_COLOURS),
        }
        if name not in named:
            raise ValueError(f"no kind of value {name!r}; known: {', '.join([*makers, *named])}")
        return named[name]()

    def _fresh(self, options: Sequence[str]) -> str:
        left = [one for one in options if one not in self._used]
        if not left:
            raise Exhausted(options[0])
        chosen = self.chance.choice(left)
        self._used.add(chosen)
        return chosen

    def _word(self, options: Sequence[str], *, ends: str = r"\b") -> Value:
        chosen = self._fresh(options)
        return Value(chosen, _literal(chosen, ends=ends))

    def _number(self, rest: str) -> Value:
        low, high, step = ([int(one) for one in rest.split()] + [1])[:3]
        number = int(self._fresh([str(one) for one in range(low, high + 1, step)]))
        figures = str(number) if number < 1000 else f"{number // 1000}[, ]?{number % 1000:03}"
        spoken = words(number)
        return Value(str(number) if self.digits else spoken, _bounded(figures, _loose(spoken)))

    def _decimal(self, rest: str) -> Value:
        low, high = map(int, rest.split())
        whole = self.chance.randint(low, high)
        figures = self._fresh([f"{whole}.{part}" for part in range(1, 10)])
        spoken = f"{words(whole)} point {words(int(figures[-1]))}"
        return Value(figures if self.digits else spoken, rf"\b(?:{re.escape(figures)}|{spoken})\b")

    def _year(self) -> Value:
        century = self.chance.choice((17, 18, 19))
        year = int(self._fresh([str(one) for one in range(century * 100 + 11, century * 100 + 90)]))
        spoken = f"{words(year // 100)} {words(year % 100)}"
        return Value(str(year) if self.digits else spoken, rf"\b(?:{year}|{_loose(spoken)})\b")

    def _date(self) -> Value:
        month, day = self._fresh(_MONTHS), self.chance.randint(2, 28)
        named = _ordinal(day)
        number = rf"(?:{day}(?:st|nd|rd|th)?|{_loose(named)})"
        pattern = rf"\b{number}(?: of)? {month}\b|\b{month} (?:the )?{number}\b"
        return Value(f"{month} {day}" if self.digits else f"the {named} of {month}", pattern)

    def _clock(self) -> Value:
        hour = int(self._fresh([str(one) for one in range(6, 12)]))
        figures, quarter = self.chance.choice(((15, "a quarter past"), (30, "half past")))
        spoken = f"{quarter} {words(hour)}"
        bare = spoken.removeprefix("a ")
        spelt = f"{words(hour)} {words(figures)}"
        return Value(
            f"{hour}:{figures}" if self.digits else spoken,
            rf"\b(?:{bare}|{hour}[:.]{figures}|{spelt})\b(?!:)",
        )

    def _person(self, sex: str) -> Value:
        first = self._fresh(_WOMEN if sex == "f" else _MEN)
        last = self._fresh(_SURNAMES)
        pattern = rf"\b(?:{first}|{last})\b"
        forms = {"first": Value(first, pattern), "last": Value(last, pattern)}
        pronouns = ("she", "her", "her") if sex == "f" else ("he", "his", "him")
        for name, word in zip(("he", "his", "him"), pronouns, strict=True):
            forms[name] = Value(word, word)
            forms[name.title()] = Value(word.title(), word)
        return Value(f"{first} {last}", pattern, forms)

    def _some(self, rest: str) -> Value:
        count, _, options = rest.partition(" of ")
        chosen = [_item(one) for one in self.chance.sample(options.split(" | "), int(count))]
        listed = ", ".join(one.text for one in chosen[:-1]) + f" and {chosen[-1].text}"
        return Value(listed, "^" + "".join(rf"(?=[\s\S]*{one.pattern})" for one in chosen))


def _option(options: str, place: int) -> Value:
    return replace(_item(options.split(" | ")[place]), place=place)


def _item(option: str) -> Value:
    text, _, key = (part.strip() for part in option.partition(" ~ "))
    bare = re.sub(r"^(?:a|an|the) ", "", text)
    return Value(text, rf"\b(?:{key})" if key else _literal(bare))
