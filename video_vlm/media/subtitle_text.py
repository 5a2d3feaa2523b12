"""What a subtitle's text looks like on screen: without markup, and without characters that no screen shows.

The same for a file beside the video and for a track inside it. Every function takes time in proportion to the length of
its text, whatever stands in it.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator
from typing import Final

__all__ = ["as_seen", "plain_ass", "plain_markup"]

_KARAOKE_TIME: Final = re.compile(r"<\d{1,3}:\d\d[\d:.]*>")
_VOICE: Final = re.compile(r"<v(?:\.[^\s<>]*)?[ \t]([^<>]+)>")
_RUBY_READING: Final = re.compile(r"<rt(?:\.[^<>]*)?>[^<>]*(?:</rt>)?")
_LINE_BREAK: Final = re.compile(r"<br(?:[\s/][^<>]*)?>", re.IGNORECASE)
_TAG: Final = re.compile(r"</?(?:b|i|u|s|c|v|em|font|lang|p|rt|ruby|span|strong)(?:[\s./][^<>]*)?>", re.IGNORECASE)
_OVERRIDE: Final = re.compile(r"\{\s*\\[^{}]*\}")
_HUGE_REFERENCE: Final = re.compile(r"&#[xX]?[0-9a-fA-F]{9,};?")
"""A number that is no character's, and that Python refuses to read when it has thousands of digits."""
_ASS_DRAWING: Final = re.compile(r"\\p(\d{1,4})")

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


def plain_ass(text: str) -> str:
    """An ASS event's text without override blocks, comments in braces, and what the blocks say is a drawing.

    ``{\\p1}m 0 0 l 10 10{\\p0}Sign\\Nwith two lines`` -> two lines. A brace that is never closed is text; a
    tag of SubRip that a converter left there is not.
    """
    parts: list[str] = []
    place, drawing = 0, False
    while place < len(text):
        opened = text.find("{", place)
        closed = text.find("}", opened) if opened >= 0 else -1
        if not drawing:
            parts.append(text[place:opened] if closed >= 0 else text[place:])
        if closed < 0:
            break
        for scale in _ASS_DRAWING.findall(text, opened, closed):
            drawing = int(scale) > 0
        place = closed + 1
    text = "".join(parts).replace("\\N", "\n").replace("\\n", " ").replace("\\h", " ")
    return plain_markup(text)


def plain_markup(text: str) -> str:
    """SubRip or WebVTT text without tags; a voice's name stays: ``<v Mary>Hello.`` -> ``Mary: Hello.``"""
    text = _RUBY_READING.sub("", _KARAOKE_TIME.sub("", text))
    text = _VOICE.sub(lambda match: f"{match[1].strip()}: ", text)
    text = _OVERRIDE.sub("", _TAG.sub("", _LINE_BREAK.sub("\n", text)))
    return as_seen(html.unescape(_HUGE_REFERENCE.sub("", text)))


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
