"""The three common subtitle grammars, read the way players do: keep what makes sense, skip what does not.

SubRip has no specification; WebVTT is https://www.w3.org/TR/webvtt1/; for ASS the ``Format:`` line of the
``[Events]`` section says which field is where. Times are read leniently (``0:5``, ``00:00:05``,
``00:00:05,1``, ``0:00:05:10``, full-width digits and colons): digits after the seconds are a decimal
fraction.

When a cue is shown: an event that ends when it starts was never on screen and is no cue, in any grammar; nor
is an ASS event that ends before it starts. A SubRip or WebVTT cue without an end, or with one before its
start, was meant to be
read: a reading time stands in for its end. The other formats are read by
    :mod:`video_vlm.perception.subtitle_formats`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from video_vlm.media.subtitle_text import plain_ass, plain_markup
from video_vlm.text import as_seen

__all__ = ["Cue", "ParsedCues", "RawCue", "parse_cues", "seconds", "settled"]

_TIME = r"-?(?:\d{1,4}:)?\d{1,3}:\d{1,3}(?:[.,:]\d{1,9})?|-?\d{1,6}[.,]\d{1,9}"
_TIMING = re.compile(rf"({_TIME}) ?(?:-{{1,4}} ?>|→)(?: ?({_TIME})(?: .*)?)?")
_TIME_PARTS = re.compile(r"(-?)(?:(?:(\d{1,4}):)?(\d{1,3}):)?(\d{1,6})(?:[.,:](\d{1,9}))?")
_ARROW = re.compile(r"\d ?-- ?>|-- ?> ?-?\d")
"""What was meant as a timing, readable or not; an arrow between words is text."""
_LINE_END = re.compile(r"\r\n|\r|\n")
"""Not what str.splitlines takes for one: form feeds and Unicode separators are text here."""
_ASS = re.compile(r"(?:\[Script Info\]|\[Events\]|Dialogue:)", re.IGNORECASE)
_ASS_FIELDS = ("layer", "start", "end", "style", "name", "marginl", "marginr", "marginv", "effect", "text")

_CHARACTERS_A_SECOND = 15.0
"""A common reading speed, for cues that do not say when they end."""
MAX_CUES = 100_000
MAX_CHARACTERS = 5_000
"""Of one file, and of one cue: many times what any real one has."""
_MAX_WRITTEN = 10 * MAX_CHARACTERS
"""Of one cue with its markup."""


@dataclass(frozen=True, slots=True)
class Cue:
    """A text as seen on screen, line by line, and when it is shown, in seconds from the start of what a
    player shows.

    ``certain`` is False where the file's end time made no sense and a reading time stands in for it.
    ``markup`` is the text as written: what is marked in it may be all in which two cues differ.
    """

    start: float
    end: float
    text: str
    certain: bool = True
    markup: str = ""


@dataclass(frozen=True, slots=True)
class ParsedCues:
    """The cues of a file in order of time, and how many were left out: for want of a usable time, or being
    more, or having more text, than any real file has."""

    cues: tuple[Cue, ...]
    num_skipped: int
    num_beyond: int = 0


@dataclass(frozen=True, slots=True)
class RawCue:
    """A cue as it was written: times in seconds not yet checked, text not yet cleaned.

    ``start`` is None where no time could be read, ``end`` where there is none.
    """

    start: float | None
    end: float | None
    text: str


def parse_cues(text: str) -> ParsedCues | None:
    """Parse the text of a subtitle file; its grammar is told by its content, not by its name.

    Returns None when it is none of SubRip, WebVTT and ASS/SSA. A WebVTT or ASS file without a cue
    is a file with none; text without one usable timing is not SubRip.
    """
    text = text.lstrip("\ufeff\u200b\u200e\u200f\u2060 \t\r\n")
    lines = _LINE_END.split(text)
    if text.startswith("WEBVTT"):
        return settled(_timed_blocks(lines, ends_at_blank=True), plain_markup)
    if any(_ASS.match(line.lstrip()) for line in lines):
        return settled(_ass_events(lines), plain_ass)
    blocks = tuple(_timed_blocks(lines, ends_at_blank=False))
    parsed = settled(blocks, plain_markup)
    return parsed if blocks and (parsed.cues or not parsed.num_skipped) else None


def settled(raws: Iterable[RawCue], plain: Callable[[str], str]) -> ParsedCues:
    """The cues to use, in order of time in seconds, with the numbers of those skipped and cut; those that are
    never shown are left out, and equal ones are one."""
    cues: dict[tuple[float, float, str, str], Cue] = {}
    num_skipped = num_beyond = 0
    for raw in raws:
        if raw.start is None or (raw.end is not None and raw.start < raw.end <= 0):
            num_skipped += 1
        elif len(cues) >= MAX_CUES:
            num_beyond += 1
        elif raw.start != raw.end and (text := plain(raw.text[:_MAX_WRITTEN])):
            num_beyond += len(raw.text) > _MAX_WRITTEN or len(text) > MAX_CHARACTERS
            cue = _timed(raw.start, raw.end, text[:MAX_CHARACTERS], raw.text[:MAX_CHARACTERS])
            cues[(cue.start, cue.end, cue.text, cue.markup)] = cue
    in_order = sorted(cues.values(), key=lambda cue: (cue.start, cue.end))
    return ParsedCues(tuple(in_order), num_skipped, num_beyond)


def _timed(start: float, end: float | None, text: str, markup: str) -> Cue:
    shown = max(start, 0.0)
    if end is not None and end > shown:
        return Cue(shown, end, text, markup=markup)
    return Cue(
        shown,
        shown + min(max(len(text) / _CHARACTERS_A_SECOND, 1.0), 5.0),
        text,
        certain=False,
        markup=markup,
    )


def seconds(written: str) -> float | None:
    """A time as these files write it, in seconds; None for what is none."""
    match = _TIME_PARTS.fullmatch(written.strip())
    if match is None:
        return None
    sign, hours, minutes, whole, fraction = match.groups()
    total = int(hours or 0) * 3600 + int(minutes or 0) * 60 + int(whole) + float(f"0.{fraction or 0}")
    return -total if sign else total


def _timed_blocks(lines: Iterable[str], *, ends_at_blank: bool) -> Iterator[RawCue]:
    """SubRip or WebVTT: a timing line, then text. SubRip in the wild has empty lines inside a cue, or none
    between two, so there a cue goes on to the next timing line, less the number that announces it."""
    raw: RawCue | None = None
    number: int | None = None
    block: list[str] = []
    for line in lines:
        timing = _timing(line)
        if timing is not None:
            said, number = _without_number(block, number, is_last=False)
            if raw is not None:
                yield replace(raw, text="\n".join(said))
            raw, block = timing, []
        elif raw is not None and ends_at_blank and not line:
            yield replace(raw, text="\n".join(block))
            raw, block = None, []
        else:
            block.append(line)
    if raw is not None:
        yield replace(raw, text="\n".join(_without_number(block, number, is_last=True)[0]))


def _timing(line: str) -> RawCue | None:
    """A line that says when, or was meant to; None for any other."""
    if not ((">" in line or "→" in line or "＞" in line) and any(map(str.isdecimal, line))):
        return None
    line = unicodedata.normalize("NFKC", as_seen(line))
    timing = _TIMING.fullmatch(line)
    if timing is not None:
        return RawCue(seconds(timing[1]), seconds(timing[2]) if timing[2] else None, "")
    return RawCue(None, None, "") if _ARROW.search(line) else None


def _without_number(
    block: Sequence[str], last: int | None, *, is_last: bool
) -> tuple[Sequence[str], int | None]:
    """The lines of a cue less the number of the next, and that number.

    A bare number on the last line is the next cue's if it follows an empty line, or if it is one more than
    the last cue's; otherwise it is said ("How many?", "42"). Behind the last cue of a file no number follows.
    """
    kept = [line.strip() for line in block]
    while kept and not kept[-1]:
        kept.pop()
    written = as_seen(kept[-1]) if kept else ""
    if not written.isdecimal() or len(written) > 9:
        return kept, None if last is None else last + 1
    number = int(written)
    follows = last is not None and number == last + 1
    is_alone = len(kept) == 1 or not kept[-2]
    if follows and (is_alone or not is_last):
        return kept[:-1], number
    if is_alone and not is_last:
        return kept[:-1], number
    return kept, None if last is None else last + 1


def _ass_events(lines: Iterable[str]) -> Iterator[RawCue]:
    """Of a song that a script made into effects, a syllable or a letter each, the line that it was made from
    stands beside them: a comment whose effect is ``karaoke`` (Aegisub's templates, whose own lines say
    ``fx``)."""
    events = tuple(_ass_fields(lines))
    is_sung = any(_is_karaoke(event) for event in events)
    for event in events:
        if event["kind"] != "dialogue" and not _is_karaoke(event):
            continue
        if (
            is_sung
            and event["kind"] == "dialogue"
            and event.get("effect", "").strip().lower().startswith("fx")
        ):
            continue
        start, end = seconds(event.get("start", "")), seconds(event.get("end", ""))
        if start is None or end is None or end > start:
            yield RawCue(start, end, event.get("text", ""))


def _is_karaoke(event: Mapping[str, str]) -> bool:
    return event["kind"] == "comment" and event.get("effect", "").strip().lower() == "karaoke"


def _ass_fields(lines: Iterable[str]) -> Iterator[dict[str, str]]:
    fields: Sequence[str] = _ASS_FIELDS
    in_events = True
    for line in lines:
        key, _, value = line.strip().partition(":")
        if key.startswith("["):
            in_events = key.lower().startswith("[events]")
        elif key.lower() == "format" and in_events:
            fields = [name.strip().lower() for name in value.split(",")]
        elif key.lower() in ("dialogue", "comment"):
            yield {"kind": key.lower(), **dict(zip(fields, value.split(",", len(fields) - 1), strict=False))}
