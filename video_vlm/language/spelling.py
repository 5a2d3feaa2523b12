"""Slips of the keyboard in a question, mended by the words of the video that it is about."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from video_vlm.language.passages import Passages
from video_vlm.language.word_forms import readings, words

__all__ = ["spelled"]

_SHORTEST = 5
_ALIKE = 0.85


def spelled(question: str, passages: Passages) -> str:
    """A question with each word that English and the video lack as the video spells it: "brokne" is
    "broken".

    A word of English stays as it is, whatever it looks like: "hoped" is not "hopped".
    """
    known = passages.vocabulary.written
    for word in reversed(words(question)):
        plain = word.text.casefold()
        if len(plain) >= _SHORTEST and plain.isalpha() and plain not in known and not readings(plain):
            closest = _closest(plain, known)
            # As the video writes it only if that is a name: elsewhere a capital is the beginning of a line.
            meant = known.get(closest, word.text) if not readings(closest) else closest
            question = question[: word.start] + meant + question[word.end :]
    return question


def _closest(plain: str, known: Iterable[str]) -> str:
    alike = [other for other in known if other[:1] == plain[:1] and abs(len(other) - len(plain)) <= 2]
    return next(iter(difflib.get_close_matches(plain, alike, n=1, cutoff=_ALIKE)), "")
