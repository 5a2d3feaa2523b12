"""Untrusted text: harmless to what shows it (it moves no cursor, and reads as what it is), and
comparable."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

__all__ = ["HARMFUL", "as_seen", "encodable", "findable", "inert", "one_line", "visible", "without_hidden"]


_BIDI = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
HARMFUL = re.compile(f"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff{_BIDI}]")
"""Control characters except tab and newline, line separators, the bidirectional controls (Unicode TR 9), and
lone surrogates: Python's stand-ins for the bytes of a file name that is not UTF-8."""


_FLAG_OF_A_REGION: Final = re.compile(
    "(\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{2,6}\U000e007f)"
)
_LIGATURES: Final = {
    ligature: unicodedata.normalize("NFKC", chr(ligature)) for ligature in range(0xFB00, 0xFB07)
}
_NEVER_SHOWN: Final = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ud800-\udfff]+")
"""Control characters, but for those that are white space, and halves of characters."""
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
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    return "␡" if code == 0x7F else "�"


def encodable(text: str) -> str:
    """``text`` as UTF-8 can hold it, for what refuses anything else: a question mark for each lone
    surrogate.

    >>> encodable("caf\\udce9")
    'caf?'
    """
    return text.encode("utf-8", "replace").decode("utf-8")


def one_line(text: str) -> str:
    """``text`` with every run of white space as one blank, and :func:`visible`."""
    return visible(" ".join(text.split()))


def inert(cell: str) -> str:
    """Text as a spreadsheet should take it: what it would take for a formula is preceded by an apostrophe."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


_HIDDEN: Final = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufdd0-\ufdef\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff\U00013430-\U0001343f\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff]+"
)
"""What no screen shows and a language model reads: Default_Ignorable_Code_Point and the format controls
(Unicode's DerivedCoreProperties), among them the tags U+E0000-E007F, joiners, fillers, and variation
selectors."""

_JOINERS: Final = "\u200c\u200d"
_JOINING: Final = re.compile(
    "[\u0600-\u08ff\u0900-\u0dff\u1000-\u109f\u1780-\u18af\u1b00-\u1bff\ua840-\ua87f\ua980-\ua9ff\ufb50-\ufdcf"
    "\ufdf0-\ufdff\ufe70-\ufefc\U00011000-\U000114df]"
)
"""Letters and marks of scripts in which a joiner inside a word changes it: Arabic, Syriac, those of India,
Burmese, Khmer, Mongolian, Balinese, Javanese."""
_EMOJI: Final = re.compile(
    "[\u00a9\u00ae\u203c\u2049\u2122\u2139\u2194-\u21aa\u2300-\u23ff\u25aa-\u25fe\u2600-\u27bf\u2934\u2935\u2b00-\u2bff"
    "\u3030\u303d\u3297\u3299\U0001f000-\U0001faff]"
)
_EMOJI_STYLE, _TEXT_STYLE = "\ufe0f", "\ufe0e"
_KEYCAP: Final = "\u20e3"


def without_hidden(text: str) -> str:
    """``text`` as a person sees it: without letters that do not show, which could carry orders to a model.

    Joiners stay where a script needs them inside a word, and joiners and styles inside emoji; elsewhere, and
    more than one at a time, they go.

    >>> without_hidden("har\u00adbour\U000e0049\U000e0067")
    'harbour'
    """
    return _HIDDEN.sub(_needed, text)


def _needed(found: re.Match[str]) -> str:
    """What of a run of hidden letters a person sees, by the letters around it."""
    run, text = found[0], found.string
    before, after = text[max(found.start() - 1, 0) : found.start()], text[found.end() : found.end() + 1]
    if run in (_EMOJI_STYLE, _TEXT_STYLE):
        is_keycap = after == _KEYCAP and before in "0123456789#*"
        return run if before and (is_keycap or _EMOJI.match(before)) else ""
    joiner = run.removeprefix(_EMOJI_STYLE)
    if not joiner or joiner not in _JOINERS or not before:
        return ""
    if _EMOJI.match(before) and _EMOJI.match(after):
        return run if joiner == "\u200d" else ""
    if not _JOINING.match(before) or run != joiner:
        return ""
    # Behind a sign that takes the vowel away a joiner shapes the letter before it, at the end of a word too.
    return run if _JOINING.match(after) or unicodedata.combining(before) == 9 else ""


def as_seen(text: str) -> str:
    """Text as it is read on a screen: each line's white space made single, empty lines and invisible
    characters gone.

    Soft hyphens, zero-width spaces, marks of direction and control characters are not seen; a ligature is
    read as its letters, a letter and its accent as one. Joiners stay where a script needs them: behind
    letters of Persian or Hindi, and inside emoji.
    """
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    parts = _FLAG_OF_A_REGION.split(_NEVER_SHOWN.sub("", text))
    kept = "".join(part if place % 2 else without_hidden(part) for place, part in enumerate(parts))
    composed = unicodedata.normalize("NFC", kept).translate(_LIGATURES)
    lines = (" ".join(line.split()) for line in composed.replace("\r", "\n").split("\n"))
    return "\n".join(line for line in lines if line)


def findable(text: str) -> str:
    """Text as it is looked for: as seen, and with the letters of every form of writing them (full width,
    presentation forms, superscripts) as the plain ones (Unicode's NFKC). For comparing, never for showing.

    The joiners are gone, but between Arabic letters, where the parts of a word are words, too.
    """
    if text.isascii() and text.isprintable():
        return text.strip()  # nothing is hidden in it
    plain = unicodedata.normalize("NFKC", as_seen(text))
    return (
        _ARABIC_NON_JOINER.sub(" ", plain).replace("\u200c", "").replace("\u200d", "").replace("\ufe0f", "")
    )
