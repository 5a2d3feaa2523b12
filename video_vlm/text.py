"""Text from strangers: harmless to whoever shows it (it moves no cursor, and reads as what it is), and comparable."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

__all__ = ["HARMFUL", "as_seen", "findable", "inert", "one_line", "visible"]


_BIDI = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
HARMFUL = re.compile(f"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029{_BIDI}]")
"""Control characters except tab and newline, line separators, and the bidirectional controls (Unicode TR 9)."""


_FLAG_OF_A_REGION: Final = re.compile("\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{2,6}\U000e007f")
_LIGATURES: Final = {ligature: unicodedata.normalize("NFKC", chr(ligature)) for ligature in range(0xFB00, 0xFB07)}
_NEVER_SEEN: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0")
"""Not of the category "format", and as invisible."""
_SEEN_FORMATS: Final = frozenset(
    "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"
)
"""Of the category "format", and written: signs that stand above or below numbers."""
_JOINERS: Final = frozenset("\u200c\u200d")
_JOINED: Final = re.compile(
    "[\u0600-\u0dff\u1000-\u109f\u1780-\u18af\u2190-\u2bff\ufb50-\ufdff\ufe0f\ufe70-\ufefc\U0001f000-\U0001faff]"
)
"""Behind these a joiner changes what is seen: Arabic and Indic scripts, Burmese, Khmer, Mongolian, and emoji."""
_ARABIC_NON_JOINER: Final = re.compile("(?<=[\u0600-\u08ff])\u200c(?=[\u0600-\u08ff])")


def visible(text: str) -> str:
    """``text`` with everything a terminal might act on replaced by a character that shows it.

    >>> visible("red\\x1b[31m alert")
    'red␛[31m alert'
    """
    return HARMFUL.sub(lambda match: _stand_in(match[0]), text)


def _stand_in(character: str) -> str:
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    return "␡" if code == 0x7F else "�"


def one_line(text: str) -> str:
    """``text`` with every run of white space as one blank, and :func:`visible`."""
    return visible(" ".join(text.split()))


def inert(cell: str) -> str:
    """Text as a spreadsheet should take it: what it would take for a formula is preceded by an apostrophe."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


def as_seen(text: str) -> str:
    """Text as it is read on a screen: each line's white space made single, empty lines and invisible characters gone.

    Soft hyphens, zero-width spaces, marks of direction and control characters are not seen; a ligature is read as its
    letters, a letter and its accent as one. Joiners stay where a script needs them: behind letters of Persian or
    Hindi, and inside emoji.
    """
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    kept = "".join(_seen(text))
    composed = unicodedata.normalize("NFC", kept).translate(_LIGATURES)
    lines = (" ".join(line.split()) for line in composed.replace("\r", "\n").split("\n"))
    return "\n".join(line for line in lines if line)


def _seen(text: str) -> Iterator[str]:
    flags = {place for found in _FLAG_OF_A_REGION.finditer(text) for place in range(*found.span())}
    last = ""
    for place, character in enumerate(text):
        if _is_seen(character, last) or place in flags:
            yield character
            last = character


def _is_seen(character: str, last: str) -> bool:
    if character in _JOINERS:
        return _JOINED.match(last) is not None
    if character.isspace() or character in _SEEN_FORMATS:
        return True
    return character not in _NEVER_SEEN and unicodedata.category(character) not in ("Cf", "Cc", "Cs")


def findable(text: str) -> str:
    """Text as it is looked for: as seen, and with the letters of every form of writing them (full width, presentation
    forms, superscripts) as the plain ones (Unicode's NFKC). For comparing, never for showing.

    The joiners are gone, but between Arabic letters, where the parts of a word are words, too.
    """
    if text.isascii():
        return text
    plain = unicodedata.normalize("NFKC", as_seen(text))
    return _ARABIC_NON_JOINER.sub(" ", plain).replace("\u200c", "").replace("\u200d", "").replace("\ufe0f", "")
