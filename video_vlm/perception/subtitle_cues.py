"""The three common subtitle grammars, read the way players do: keep what makes sense, skip what does not.

SubRip has no specification; WebVTT is https://www.w3.org/TR/webvtt1/; for ASS the ``Format:`` line of the
``[Events]`` section says which field is where. Times are read leniently (``0:5``, ``00:00:05``,
``00:00:05,1``, ``0:00:05:10``): digits after the seconds are a decimal fraction.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

__all__ = ["Cue", "ParsedCues", "parse_cues"]

_TIME = r"-?(?:\d{1,4}:)?\d{1,3}:\d{1,3}(?:[.,:]\d{1,9})?|-?\d{1,6}[.,]\d{1,9}"
_TIMING = re.compile(rf"\s*({_TIME})\s*-+\s?>\s*({_TIME})(?:\s.*)?")
_TIME_PARTS = re.compile(r"(-?)(?:(?:(\d{1,4}):)?(\d{1,3}):)?(\d{1,6})(?:[.,:](\d{1,9}))?")
_ARROW = re.compile(r"\d\s*--\s?>|--\s?>\s*-?\d")
"""What was meant as a timing, readable or not; an arrow between words is text."""
_LINE_END = re.compile(r"\r\n|\r|\n")
"""Not what str.splitlines takes for one: form feeds and Unicode separators are text here."""
_KARAOKE_TIME = re.compile(r"<\d{1,3}:\d\d[\d:.]*>")
_VOICE = re.compile(r"^[ \t]*<v(?:\.[^\s<>]*)?\s+([^<>]+)>", re.MULTILINE)
_RUBY_READING = re.compile(r"<rt(?:\.[^<>]*)?>[^<>]*(?:</rt>)?")
_TAG = re.compile(r"</?(?:b|i|u|s|c|v|br|em|font|lang|p|rt|ruby|span|strong)(?:[\s./][^<>]*)?>", re.IGNORECASE)
_OVERRIDE = re.compile(r"\{\s*\\[^{}]*\}")
_ASS_BLOCK = re.compile(r"\{([^{}]*)\}")
_ASS_DRAWING = re.compile(r"\\p(\d+)")
_ASS_BREAK = re.compile(r"\\[Nnh]")
_ASS_FIELDS = ("layer", "start", "end", "style", "name", "marginl", "marginr", "marginv", "effect", "text")

_CHARACTERS_A_SECOND = 15.0
"""A common reading speed, for cues that do not say when they end."""


@dataclass(frozen=True, slots=True)
class Cue:
    """A text and when it is shown, in seconds from the start of what a player shows.

    ``certain`` is False where the file's end time made no sense and a reading time stands in for it.
    """

    start: float
    end: float
    text: str
    certain: bool = True


@dataclass(frozen=True, slots=True)
class ParsedCues:
    """The cues of a file in order of time, and how many had no usable time."""

    cues: tuple[Cue, ...]
    num_skipped: int


@dataclass(frozen=True, slots=True)
class _Raw:
    """A cue as written: times not yet judged, text not yet cleaned."""

    start: float | None
    end: float | None
    text: str


def parse_cues(text: str) -> ParsedCues | None:
    """Parse the text of a subtitle file; its grammar is told by its content, not by its name.

    Returns None when it is none of SubRip, WebVTT and ASS/SSA. A WebVTT or ASS file without a cue
    is a file with none; text without one usable timing is not SubRip.
    """
    text = text.lstrip("\ufeff\u200b \t\r\n")
    if text.startswith("WEBVTT"):
        return _settled(_without_rolling(_timed_blocks(text, ends_at_blank=True), text), _plain_markup)
    if re.search(r"^\s*(?:\[Script Info\]|\[Events\]|Dialogue:)", text, re.IGNORECASE | re.MULTILINE):
        return _settled(_ass_events(text), _plain_ass)
    blocks = tuple(_timed_blocks(text, ends_at_blank=False))
    parsed = _settled(blocks, _plain_markup)
    return parsed if blocks and (parsed.cues or not parsed.num_skipped) else None


def _settled(raws: Iterable[_Raw], plain: Callable[[str], str]) -> ParsedCues:
    cues: dict[Cue, None] = {}
    num_skipped = 0
    for raw in raws:
        text = plain(raw.text)
        if raw.start is None or (raw.end is not None and raw.start < raw.end <= 0):
            num_skipped += 1
        elif text:
            cues[_timed(raw.start, raw.end, text)] = None
    return ParsedCues(tuple(sorted(cues, key=lambda cue: (cue.start, cue.end))), num_skipped)


def _timed(start: float, end: float | None, text: str) -> Cue:
    shown = max(start, 0.0)
    if end is not None and end > shown:
        return Cue(shown, end, text)
    return Cue(shown, shown + min(max(len(text) / _CHARACTERS_A_SECOND, 1.0), 5.0), text, certain=False)


def _seconds(written: str) -> float | None:
    match = _TIME_PARTS.fullmatch(written.strip())
    if match is None:
        return None
    sign, hours, minutes, seconds, fraction = match.groups()
    total = int(hours or 0) * 3600 + int(minutes or 0) * 60 + int(seconds) + float(f"0.{fraction or 0}")
    return -total if sign else total


def _timed_blocks(text: str, *, ends_at_blank: bool) -> Iterator[_Raw]:
    """SubRip or WebVTT: a timing line, then text. SubRip in the wild has empty lines inside a cue, so
    there a cue goes on to the next timing line, less the number that announces it."""
    raw: _Raw | None = None
    lines: list[str] = []
    for line in _LINE_END.split(text):
        if _ARROW.search(line) or _TIMING.fullmatch(line):
            if raw is not None:
                yield replace(raw, text="\n".join(_without_number(lines)))
            timing = _TIMING.fullmatch(line)
            raw = _Raw(_seconds(timing[1]), _seconds(timing[2]), "") if timing else _Raw(None, None, "")
            lines = []
        elif raw is not None and ends_at_blank and not line:
            yield replace(raw, text="\n".join(lines))
            raw = None
        else:
            lines.append(line)
    if raw is not None:
        yield replace(raw, text="\n".join(_without_number(lines)))


def _without_number(lines: Sequence[str]) -> Sequence[str]:
    """Drop the next cue's number: a bare number on the last line, after an empty one."""
    kept = [line.strip() for line in lines]
    while kept and not kept[-1]:
        kept.pop()
    return kept[:-1] if kept and kept[-1].isdecimal() and (len(kept) == 1 or not kept[-2]) else kept


def _without_rolling(raws: Iterable[_Raw], text: str) -> Iterator[_Raw]:
    """Undo roll-up captions, where every cue repeats the line before it (YouTube's automatic ones do;
    the times inside their text give them away)."""
    if _KARAOKE_TIME.search(text) is None:
        yield from raws
        return
    shown = ""
    for raw in raws:
        lines = [line for line in raw.text.split("\n") if _plain_markup(line)]
        if lines and _plain_markup(lines[0]) == shown:
            lines = lines[1:]
        if lines:
            shown = _plain_markup(lines[-1])
            yield replace(raw, text="\n".join(lines))


def _ass_events(text: str) -> Iterator[_Raw]:
    fields: Sequence[str] = _ASS_FIELDS
    in_events = True
    for line in _LINE_END.split(text):
        key, _, value = line.strip().partition(":")
        if key.startswith("["):
            in_events = key.lower().startswith("[events]")
        elif key == "Format" and in_events:
            fields = [name.strip().lower() for name in value.split(",")]
        elif key == "Dialogue":
            event = dict(zip(fields, value.split(",", len(fields) - 1), strict=False))
            yield _Raw(_seconds(event.get("start", "")), _seconds(event.get("end", "")), event.get("text", ""))


def _plain_ass(text: str) -> str:
    """Without override blocks, and without what they say is a drawing (``{\\p1}m 0 0 l 10 10{\\p0}``)."""
    parts: list[str] = []
    drawing = False
    for index, part in enumerate(_ASS_BLOCK.split(text)):
        if index % 2:
            for scale in _ASS_DRAWING.findall(part):
                drawing = int(scale) > 0
        elif not drawing:
            parts.append(part)
    return _one_line(_ASS_BREAK.sub(" ", "".join(parts)))


def _plain_markup(text: str) -> str:
    """Without tags; a voice tag that opens a line says who speaks, so its name stays: ``Mary: Hello.``"""
    text = _RUBY_READING.sub("", _KARAOKE_TIME.sub("", text))
    text = _VOICE.sub(lambda match: f"{match[1].strip()}: ", text)
    text = re.sub(r"<br\s*/?>", " ", text, flags=re.IGNORECASE)
    return _one_line(html.unescape(_OVERRIDE.sub("", _TAG.sub("", text))))


def _one_line(text: str) -> str:
    """White space made single; control characters dropped, since a terminal would obey them."""
    spaced = " ".join(text.split())
    return "".join(
        character for character in spaced if unicodedata.category(character) != "Cc" and character != "\ufeff"
    )
