"""Text as the full-text index reads it, and questions as safe queries for it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from video_vlm.text import findable

__all__ = ["FUNCTION_WORDS", "match_query", "searchable", "terms_of"]

_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)
"""Letters of scripts written without spaces: Thai, Lao, Burmese, Khmer, kana and Han."""

_TERM = re.compile(r"\w+(?:['’]\w+)*")

_PIECE = re.compile(f"{_UNSPACED.pattern}+|(?:(?!{_UNSPACED.pattern}).)+")

_MAX_TERMS: Final = 64
"""FTS5 parses recursively: a very long question must not exhaust its stack."""

# Function words match almost every sentence. They are left out of a query, unless it has no other words.
FUNCTION_WORDS: Final = frozenset(
    """
    a about an and any are as at be been but by can could did do does for from had has have he her him his how i
    if in into is it its me my of on or our she so than that the their them then there these they this those to us
    was we were what when where which who whom whose why will with would you your
    """.split()  # noqa: SIM905 - fifty quoted words would be hard to read
)


def searchable(text: str) -> str | None:
    """``text`` in plain letters (:func:`video_vlm.text.findable`), with spaces between the letters of scripts
    without spaces; None if that changes nothing.

    ``"保安 guard"`` -> ``"保 安  guard"``: the tokenizer would otherwise take the whole run for one word.
    """
    spaced = _UNSPACED.sub(r"\g<0> ", findable(text))
    return None if spaced == text else spaced


def match_query(text: str) -> str | None:
    """An FTS5 expression that finds passages with any word of ``text``; None if it has no words.

    Every word is quoted, so nothing in ``text`` is an operator: ``door" OR (`` -> ``"door"``.
    Runs of scripts without spaces become overlapping pairs: ``"猫が来"`` -> ``"猫 が" OR "が 来"``.
    """
    return " OR ".join(f'"{term}"' for term in terms_of(text)) or None


def terms_of(text: str) -> list[str]:
    """The terms of a query in lower case, at most 64: words, and phrases such as ``n'est`` and ``猫 が``."""
    plain = findable(text).casefold().replace("i\u0307", "i")  # the small form of a Turkish İ
    terms = list(dict.fromkeys(term for word in _TERM.findall(plain) for term in _terms(word)))
    telling = [term for term in terms if term not in FUNCTION_WORDS] or terms
    return telling[:_MAX_TERMS]


def _terms(word: str) -> Iterator[str]:
    for piece in _PIECE.findall(word):
        if len(piece) > 1 and _UNSPACED.match(piece):
            yield from (f"{left} {right}" for left, right in pairwise(piece))
        else:
            yield piece
