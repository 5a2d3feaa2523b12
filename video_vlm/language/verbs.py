"""Which words of a question are verbs that something must be done for, and which words tell of the same deed.

Read from the forms of English (`lemminflect`'s tables) and from what stands before a word. Verbs of showing
and saying are none: "When is the kiln mentioned?" asks for a mention.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from video_vlm.language.lexicon import MEDIUM_WORDS, STOP_WORDS
from video_vlm.language.word_forms import Word, alike, lemmas, readings, words

__all__ = ["ALIKE", "BE", "DETERMINERS", "INVERTED", "MENTIONS", "deeds", "is_same_deed"]

ALIKE = 0.7
"""Stems this alike stand for each other."""

BE = frozenset("is are was were am be been being isn't aren't wasn't weren't".split())
INVERTED = frozenset(
    "do does did don't doesn't didn't can could will would shall should may might must".split()
)
_SUBJECTS = frozenset("i you he she it we they who that which to not".split())
DETERMINERS = frozenset(
    """the a an this these those my your his her its our their no every each some any another all both several many
    one two three four five six seven eight nine ten first second third last next""".split()
)
_PREPOSITIONS = frozenset(
    """of in on at by for from with to into onto over under near about above below through after before during until
    between against without within along across behind beside and or but because""".split()
)
_LEADS = DETERMINERS | _PREPOSITIONS
"""Behind these stands no verb."""

MENTIONS = frozenset(
    """be have do get go come happen occur appear mention say tell talk speak discuss describe explain state refer cite
    call name title sing show see hear read display view visible feature include contain look listen watch seem introduce
    present schedule plan""".split()
)
"""Verbs that ask for a mention or a sight of something, or carry no deed of their own."""

_TAKE_PLACE = re.compile(r"\b(?:takes?|took|taken|taking)\s+place\b", re.I)
_AGENT = re.compile(r"(?:er|or|ist)s?$")
_DERIVED = (("it", "ish"), ("is", "ish"), ("s", "d"), ("miss", "mit"), ("truct", "troy"), ("pt", "b"))
"""Endings of stems of which one is a verb's and the other its noun's: abolit(ion) and abolish, explos(ion)
and explod(e)."""


@lru_cache(maxsize=4096)
def deeds(text: str) -> tuple[str, ...]:
    """The verbs of a question or a clause that a passage has to tell of: ``"When was the kiln moved?" ->
    ("moved",)``."""
    here = words(_TAKE_PLACE.sub("happen", text))
    plain = [word.text.casefold().replace("’", "'") for word in here]
    found = [place for place in range(len(here)) if _is_inflected_verb(here, plain, place)]
    found += _bare_verbs(here, plain)
    certain = [place for place in found if not plain[place].endswith("ing")] or found
    return tuple(plain[place] for place in sorted(set(certain)))


def _verb(word: Word, plain: str, place: int) -> tuple[str, ...]:
    """The verbs that a word may be a form of; none for names, numbers and words that carry no deed."""
    if plain in STOP_WORDS or plain in MEDIUM_WORDS or word.is_number or (word.capitalised and place > 0):
        return ()
    bases = readings(plain).get("VERB", ())
    return () if MENTIONS.intersection(bases) else bases


def _is_inflected_verb(here: Sequence[Word], plain: Sequence[str], place: int) -> bool:
    bases = _verb(here[place], plain[place], place)
    if not bases or plain[place] in bases:
        return False
    before = plain[place - 1] if place else ""
    if before in _LEADS or before.endswith(("'s", "s'")):
        return False
    if place > 1 and plain[place - 2] in DETERMINERS and "ADJ" in readings(before):
        return False  # "the old broken kiln"
    if not plain[place].endswith("s") or plain[place].endswith("ss"):
        return True
    if before in _SUBJECTS:
        return True
    # "the bell rings": a noun that is led by an article, and nothing that goes on with the noun.
    led = place > 1 and (plain[place - 2] in DETERMINERS or here[place - 1].capitalised)
    after = plain[place + 1] if place + 1 < len(plain) else ""
    return led and (not after or after in _LEADS or after in STOP_WORDS)


def _bare_verbs(here: Sequence[Word], plain: Sequence[str]) -> list[int]:
    """Verbs in their base form, in "does the potter move the kiln" behind the subject."""
    inverted = next((place for place, word in enumerate(plain) if word in INVERTED), None)
    if inverted is None:
        return []
    for first, end in _chunks(plain, inverted + 1):
        found = [
            place
            for place in range(first, end)
            if plain[place] in _verb(here[place], plain[place], place)
            and not (place == first and plain[place - 1] in _LEADS)
        ]
        if found:
            return found
    return []


def _chunks(plain: Sequence[str], first: int) -> Iterator[tuple[int, int]]:
    """Stretches of words without an article or a preposition in them."""
    begin = first
    for place in range(first, len(plain) + 1):
        if place == len(plain) or plain[place] in _LEADS:
            if place > begin:
                yield begin, place
            begin = place + 1


@lru_cache(maxsize=65536)
def is_same_deed(asked: str, told: str) -> bool:
    """Whether a word tells of what a verb asks for: a form of it, its noun, or a word that means the same."""
    if told.casefold() in STOP_WORDS:
        return False
    wanted, found = lemmas(asked), lemmas(told)
    if wanted & found:
        return True
    if _AGENT.search(told) and "VERB" not in readings(told.casefold()):
        return False  # the mover is not what was moved
    return any(alike(one, other) >= ALIKE or _derived(one, other) for one in wanted for other in found)


def _derived(one: str, other: str) -> bool:
    return any(
        first.endswith(ending) and second.endswith(base) and first[: -len(ending)] == second[: -len(base)]
        for first, second in ((one, other), (other, one))
        for ending, base in _DERIVED
    )
