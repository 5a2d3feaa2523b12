"""Text into comparable words: stems, numbers however they are written, and how alike two words are."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from video_vlm.language.lexicon import IRREGULAR, NUMBER_WORDS, SAME_MEANING, STOP_WORDS, TENS
from video_vlm.text import findable

if TYPE_CHECKING:
    import snowballstemmer

__all__ = [
    "StemIndex",
    "Word",
    "alike",
    "lemmas",
    "phrase_position",
    "readings",
    "squeeze",
    "stem",
    "stems",
    "words",
]

_MARKS = (
    "\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e8"
    "\u06ea-\u06ed\u0900-\u0903\u093a-\u094f\u0955-\u0957\u0962\u0963\u0981-\u0983\u09bc-\u09d7\u0a01-\u0a51\u0a70-\u0a75"
    "\u0a81-\u0acd\u0b01-\u0b57\u0b82-\u0bd7\u0c00-\u0c56\u0c81-\u0cd6\u0d00-\u0d57\u0d81-\u0df3\u0e31-\u0e4e\u0eb1-\u0ecd"
    "\u102b-\u103e\u17b4-\u17d3\u200c\u200d\u3099\u309a"
)
"""Vowels, tones and accents that are written over a letter or beside it, and are part of its word."""
_LETTERS = rf"[^\W\d_][{_MARKS}]*(?:[^\W\d_]+[{_MARKS}]*)*"
_WORD = re.compile(
    rf"https?://\S+|www\.\S+|\d+(?:[.,:]\d+)*|{_LETTERS}(?:['’]{_LETTERS})?|[^\W_]+", re.UNICODE
)
_UNWRITTEN = re.compile("[\u0307\u0591-\u05c7\u0610-\u061a\u0640\u064b-\u0652\u0670\u200c\u200d]")
"""What is left out as often as not: vowels of Hebrew and Arabic, a line that stretches a word, the dot of a
small İ."""
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)
_CENTURIES = {
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
    "twenty",
}


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a text: as written, as compared, and where it stands."""

    text: str
    stem: str
    start: int
    end: int

    @property
    def capitalised(self) -> bool:
        return self.text[:1].isupper()

    @property
    def is_number(self) -> bool:
        return self.stem[:1].isdigit()


@cache
def _stemmer() -> snowballstemmer.stemmer:
    import snowballstemmer  # loads all of its languages

    return snowballstemmer.stemmer("english")


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """The comparable form of one word: ``went`` and ``going`` are ``go``; ``1,284`` is ``1284``."""
    word = findable(word).casefold().replace("’", "'").removesuffix("'s").strip("'")
    if not word.isascii():
        word = _UNWRITTEN.sub("", word).replace("ı", "i")
    if word[:1].isdigit():
        return re.sub(r"(?<=\d)[,.](?=\d{3}(?!\d))", "", word)
    if word in NUMBER_WORDS or word in TENS:
        return str(NUMBER_WORDS.get(word) or TENS.get(word, 0))
    return str(_stemmer().stemWord(IRREGULAR.get(word) or _only_base(word) or word))


def _only_base(word: str) -> str:
    """The base form of a word that is a form of nothing else: ``wove`` is ``weave``, ``oxen`` is ``ox``."""
    bases = {base for each in readings(word).values() for base in each}
    return bases.pop() if len(bases) == 1 else ""


@lru_cache(maxsize=65536)
def readings(word: str) -> dict[str, tuple[str, ...]]:
    """Base forms by part of speech, ``"sold" -> {"VERB": ("sell",)}``; nothing for what is no English
    word."""
    import lemminflect  # its tables take a tenth of a second to load

    found: dict[str, tuple[str, ...]] = lemminflect.getAllLemmas(word.casefold())
    return found


@lru_cache(maxsize=65536)
def lemmas(word: str) -> frozenset[str]:
    """The stems of a word and of every base form that it may be a form of."""
    return frozenset({stem(word), *(stem(base) for bases in readings(word).values() for base in bases)})


def words(text: str) -> tuple[Word, ...]:
    """Every word of a text, a spoken year as one: ``nineteen twenty six`` has the stem ``1926``."""
    found = [Word(match[0], stem(match[0]), match.start(), match.end()) for match in _WORD.finditer(text)]
    if any(word.text.casefold() in _CENTURIES for word in found):
        return tuple(_with_spoken_years(found))
    return tuple(found)


def _with_spoken_years(found: Sequence[Word]) -> Iterator[Word]:
    position = 0
    while position < len(found):
        year, length = _spoken_year([word.text.casefold() for word in found[position : position + 3]])
        if length:
            first, last = found[position], found[position + length - 1]
            yield Word(
                " ".join(word.text for word in found[position : position + length]),
                year,
                first.start,
                last.end,
            )
        else:
            yield found[position]
            length = 1
        position += length


def _spoken_year(said: Sequence[str]) -> tuple[str, int]:
    """``["nineteen", "twenty", "six"] -> ("1926", 3)``; ``("", 0)`` where no year is spoken."""
    if len(said) < 2 or said[0] not in _CENTURIES:
        return "", 0
    century = NUMBER_WORDS.get(said[0], 20) * 100
    if said[1] in TENS:
        unit = NUMBER_WORDS.get(said[2], 0) if len(said) > 2 else 0
        return str(century + TENS[said[1]] + (unit if unit < 10 else 0)), 3 if 0 < unit < 10 else 2
    if said[1] == "hundred":
        return str(century), 2
    teen = NUMBER_WORDS.get(said[1], 0)
    return (str(century + teen), 2) if teen >= 10 else ("", 0)


def stems(text: str) -> frozenset[str]:
    """The stems of the words that carry something."""
    return frozenset(word.stem for word in words(text) if word.text.casefold() not in STOP_WORDS)


@cache
def _meanings() -> dict[str, frozenset[str]]:
    table: dict[str, frozenset[str]] = {}
    for group in SAME_MEANING:
        members = frozenset(stem(word) for word in group)
        for member in members:
            table[member] = table.get(member, frozenset()) | members
    return table


@lru_cache(maxsize=262144)
def alike(wanted: str, found: str) -> float:
    """How far one stem stands for another, in ``[0, 1]``: 1 the same, less for a synonym or a misread letter.

    Where words are not set apart (Chinese, Japanese, Thai) a line is one stem, and has what stands anywhere
    in it.
    """
    if wanted == found:
        return 1.0
    if wanted in found and _UNSPACED.search(found):
        return 1.0
    if found in _meanings().get(wanted, ()):
        return 0.8
    shorter = min(len(wanted), len(found))
    if shorter >= 5 and wanted[0].isalpha() and (wanted.startswith(found) or found.startswith(wanted)):
        return 0.8
    if shorter >= 5 and wanted.isalpha() and found.isalpha() and abs(len(wanted) - len(found)) <= 1:
        ratio = difflib.SequenceMatcher(None, wanted, found, autojunk=False).ratio()
        return 0.7 if ratio >= 0.85 and wanted[0] == found[0] else 0.0
    return 0.0


class StemIndex:
    """Stems, by what may be :func:`alike`: another stem is compared with few of them.

    Args:
        stems: Those that are compared.
    """

    def __init__(self, stems: Iterable[str]) -> None:
        self._stems = frozenset(stems)
        self._unspaced = frozenset(stem for stem in self._stems if _UNSPACED.search(stem))
        self._by_beginning: dict[str, set[str]] = {}
        for stem in self._stems:
            self._by_beginning.setdefault(stem[:1], set()).add(stem)

    def candidates(self, wanted: str) -> frozenset[str]:
        """Every stem for which ``alike(wanted, stem)`` may be more than 0."""
        same = {wanted} | _meanings().get(wanted, frozenset())
        return (self._stems & same) | self._unspaced | self._by_beginning.get(wanted[:1], set())


def squeeze(text: str) -> str:
    """Letters and digits only, folded: what is left of a text when spacing and punctuation are unreliable."""
    return "".join(character for character in text.casefold() if character.isalnum())


def phrase_position(phrase: str, text: str) -> tuple[int, int] | None:
    """Where ``phrase`` stands in ``text`` as characters ``(start, end)``, however it is spaced and
    written."""
    wanted = squeeze(phrase)
    if not wanted:
        return None
    places = [(index, character) for index, character in enumerate(text) if character.isalnum()]
    folded = "".join(character.casefold()[:1] for _, character in places)
    at = folded.find(wanted)
    return None if at < 0 else (places[at][0], places[at + len(wanted) - 1][0] + 1)
