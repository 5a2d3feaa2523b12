"""The text of a subtitle as it appears on screen: without markup and without invisible characters.

The same for a file beside the video and for a track inside it. Every function takes time in proportion to the
length of its text, whatever stands in it.
"""

from __future__ import annotations

import html
import re
from typing import Final

from video_vlm.text import as_seen

__all__ = ["plain_ass", "plain_markup"]

_KARAOKE_TIME: Final = re.compile(r"<\d{1,3}:\d\d[\d:.]*>")
_VOICE: Final = re.compile(r"<v(?:\.[^\s<>]*)?[ \t]([^<>]+)>")
_RUBY_READING: Final = re.compile(r"<rt(?:\.[^<>]*)?>[^<>]*(?:</rt>)?")
_LINE_BREAK: Final = re.compile(r"<br(?:[\s/][^<>]*)?>", re.IGNORECASE)
_TAG: Final = re.compile(
    r"</?(?:b|i|u|s|c|v|em|font|lang|p|rt|ruby|span|strong)(?:[\s./][^<>]*)?>", re.IGNORECASE
)
_OVERRIDE: Final = re.compile(r"\{\s*\\[^{}]*\}")
_HUGE_REFERENCE: Final = re.compile(r"&#[xX]?[0-9a-fA-F]{9,};?")
"""A number that is no character's, and that Python refuses to read when it has thousands of digits."""
_ASS_DRAWING: Final = re.compile(r"\\p(\d{1,4})")


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
    """SubRip or WebVTT text without tags; the name of a voice stays: ``<v Mary>Hello.`` -> ``Mary:
    Hello.``"""
    text = _RUBY_READING.sub("", _KARAOKE_TIME.sub("", text))
    text = _VOICE.sub(lambda match: f" {match[1].strip()}: ", text)
    text = _OVERRIDE.sub("", _TAG.sub("", _LINE_BREAK.sub("\n", text)))
    return as_seen(html.unescape(_HUGE_REFERENCE.sub("", text)))
