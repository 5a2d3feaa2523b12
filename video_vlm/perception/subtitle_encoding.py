"""From the bytes of a subtitle file to its text, in any encoding.

Nothing in a subtitle file says how it is encoded. Marks and strict decoders settle the Unicode ones; a legacy
code page is told by whose letters its bytes would be (:mod:`video_vlm.perception.encoding_detection`), and
the file's name may help.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from video_vlm.perception.encoding_detection import likely_encoding

__all__ = ["SURE", "Decoded", "decode_subtitles"]

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16 LE, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_ESCAPES = (
    (re.compile(rb"\x1b\$\)C"), "iso2022_kr"),
    (re.compile(rb"\x1b\$[@B(]"), "iso2022_jp_ext"),
    (re.compile(rb"~\{[!-w][!-~]"), "hz"),
)
SURE = 0.8
"""Below this confidence an encoding is a guess that people are told of."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """A file's text, the encoding it was read with, and how sure that is, in ``[0, 1]``."""

    text: str
    encoding: str
    confidence: float


def decode_subtitles(data: bytes, *, language: str | None = None) -> Decoded:
    """Decode the bytes of a subtitle file.

    Args:
        data: The whole file.
        language: What the file's name says, such as ``"en"`` or ``"pt-BR"``; it decides between
            legacy code pages, never against Unicode that decodes.

    Never fails: bytes that no encoding explains become U+FFFD and lower the confidence.
    """
    found = _marked(data) or _escaped(data) or _unmarked_utf16(data) or _utf8(data)
    if found is not None:
        return found
    guess = likely_encoding(data, language=language)
    text = data.decode(guess.encoding, errors="replace")
    return Decoded(text, guess.encoding, min(guess.confidence, 0.6) if "\ufffd" in text else guess.confidence)


def _marked(data: bytes) -> Decoded | None:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            text = data[len(mark) :].decode(encoding, errors="replace")
            return Decoded(text, encoding, 0.8 if "\ufffd" in text else 1.0)
    return None


def _escaped(data: bytes) -> Decoded | None:
    """ISO 2022 and HZ say in bytes of ASCII where the letters of another set begin and end."""
    for mark, encoding in _ESCAPES:
        if mark.search(data) and data.isascii():
            try:
                return Decoded(data.decode(encoding), encoding, 0.9)
            except UnicodeDecodeError:
                continue
    return None


def _unmarked_utf16(data: bytes) -> Decoded | None:
    """Cue numbers, times and line ends are ASCII in every language: in UTF-16 each brings a NUL on one
    side."""
    even, odd = data[0::2].count(0), data[1::2].count(0)
    if max(even, odd) < len(data) / 16 or min(even, odd) > max(even, odd) / 8:
        return None
    encoding = "utf-16-le" if odd > even else "utf-16-be"
    return Decoded(data.decode(encoding, errors="replace"), encoding, 0.95)


def _utf8(data: bytes) -> Decoded | None:
    """UTF-8, also when a few bytes of it were damaged (a cut at the end, a careless join)."""
    try:
        return Decoded(data.decode("utf-8"), "utf-8", 1.0)
    except UnicodeDecodeError:
        text = data.decode("utf-8", errors="replace")
    damaged = text.count("\ufffd")
    whole = sum(1 for character in text if character > "\x7f") - damaged
    return Decoded(text, "utf-8", 0.8) if whole > 4 * damaged else None
