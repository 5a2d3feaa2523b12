"""Subtitle formats beside SubRip, WebVTT and ASS: SBV and SubViewer, MicroDVD, MPL2, LRC, SAMI, TTML.

pysubs2 reads some of these; it takes SAMI's ends for guesses, knows neither frames nor ticks nor older
namespaces in TTML, and reads neither SBV nor LRC, so that little of it would be left. XML is read by expat
with entities refused (nothing outside the file is ever opened).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final
from xml.parsers import expat

from video_vlm.media.subtitle_text import plain_markup
from video_vlm.perception.subtitle_cues import ParsedCues, RawCue, seconds, settled

__all__ = ["parse_other_formats"]

_LINE_END: Final = re.compile(r"\r\n|\r|\n")
_BETWEEN: Final = re.compile(r"(\d{1,3}:\d\d:\d\d[.,]\d{1,3}) ?, ?(\d{1,3}:\d\d:\d\d[.,]\d{1,3})")
_FRAMES: Final = re.compile(r"\{(\d{1,9})\}\{(\d{0,9})\}(.*)", re.DOTALL)
_TENTHS: Final = re.compile(r"\[(\d{1,9})\]\[(\d{0,9})\](.*)", re.DOTALL)
_STYLE_CODE: Final = re.compile(r"\{[A-Za-z]:[^{}]*\}")
_LYRIC: Final = re.compile(r"\[(\d{1,3}:\d{1,2}(?:[.:]\d{1,3})?)\]")
_OFFSET: Final = re.compile(r"\[offset:\s*([+-]?\d{1,7})\s*\]", re.IGNORECASE)
_SYNC: Final = re.compile(r"<sync\b([^<>]*)>", re.IGNORECASE)
_SYNC_START: Final = re.compile(r"start\s*=\s*[\"']?(\d{1,9})", re.IGNORECASE)
_CLASS: Final = re.compile(r"<p\b[^<>]*?class\s*=\s*[\"']?(\w{1,40})", re.IGNORECASE)
_END_OF_PAGE: Final = re.compile(r"</(?:body|sami|html|sync)\s*>", re.IGNORECASE)
_TTML: Final = re.compile(r"<(?:\w{1,40}:)?tt[\s>]")
_CLOCK: Final = re.compile(r"(\d{1,4}):(\d{1,2}):(\d{1,2})(?:(\.\d{1,9})|:(\d{1,4})(?:\.\d{1,4})?)?")
_AMOUNT: Final = re.compile(r"(\d{1,12}(?:\.\d{1,9})?)(h|ms|m|s|f|t)")
_HEAD: Final = 4096
_DEFAULT_FRAME_RATE: Final = 23.976
_MOST_DEEP: Final = 200
_MOST_TIMES: Final = 100

Parser = Callable[[Sequence[str]], Iterator[RawCue]]


def parse_other_formats(text: str, *, frame_rate: float | None = None) -> dict[str, ParsedCues] | None:
    """The cues of a subtitle file in none of the three common grammars; None where it is in none of these
    either.

    Args:
        text: The whole file.
        frame_rate: The film's, for formats that count frames and do not say how fast these are.

    Returns:
        The cues of each track by its name, "" where the format has but one. Only SAMI holds several, by
        class.
    """
    text = text.lstrip("\ufeff \t\r\n")
    head = text[:_HEAD]
    if _TTML.search(head):
        raws = _ttml(text)
        return None if raws is None else {"": settled(raws, plain_markup)}
    if _SYNC.search(text) and "<sami" in head.casefold():
        return {name: settled(raws, plain_markup) for name, raws in _sami(text).items()}
    lines = _LINE_END.split(text)
    first = next((line for line in lines if line.strip()), "")
    if _FRAMES.fullmatch(first):
        return {"": settled(_microdvd(lines, frame_rate), _plain_lines)}
    if _TENTHS.fullmatch(first):
        return {"": settled(_counted(lines, _TENTHS, 10.0), _plain_lines)}
    for parse in (_between, _lyrics):
        raws = list(parse(lines))
        if raws:
            return {"": settled(raws, plain_markup)}
    return None


def _between(lines: Sequence[str]) -> Iterator[RawCue]:
    """SBV, and SubViewer: ``0:00:01.000,0:00:07.000``, then text to the next time."""
    timing: re.Match[str] | None = None
    block: list[str] = []
    for line in lines:
        found = _BETWEEN.fullmatch(line.strip())
        if found is None:
            block.append(line)
            continue
        if timing is not None:
            yield _between_cue(timing, block)
        timing, block = found, []
    if timing is not None:
        yield _between_cue(timing, block)


def _between_cue(timing: re.Match[str], block: Iterable[str]) -> RawCue:
    return RawCue(
        seconds(timing[1]), seconds(timing[2]), "\n".join(block).replace("[br]", "\n").replace("[BR]", "\n")
    )


def _microdvd(lines: Sequence[str], frame_rate: float | None) -> Iterator[RawCue]:
    """``{start}{end}text`` in frames. A first cue that is a number says how many are in a second."""
    first = next((found for line in lines if (found := _FRAMES.fullmatch(line.strip()))), None)
    rate = frame_rate or _DEFAULT_FRAME_RATE
    if first and re.fullmatch(r"\d{1,3}(?:[.,]\d{1,6})?", first[3].strip()):
        rate = float(first[3].strip().replace(",", ".")) or rate
        lines = [line for line in lines if line.strip() != first[0]]
    yield from _counted(lines, _FRAMES, rate)


def _counted(lines: Iterable[str], grammar: re.Pattern[str], rate: float) -> Iterator[RawCue]:
    for line in lines:
        found = grammar.fullmatch(line.strip())
        if found:
            yield RawCue(int(found[1]) / rate, int(found[2]) / rate if found[2] else None, found[3])


def _plain_lines(text: str) -> str:
    """Lines apart by ``|``, with codes such as ``{y:i}`` and a slash for slanted letters."""
    lines = (line.strip().removeprefix("/") for line in _STYLE_CODE.sub("", text).split("|"))
    return plain_markup("\n".join(lines))


def _lyrics(lines: Sequence[str]) -> Iterator[RawCue]:
    """LRC: ``[01:02.50]words``. A line lasts to the next; one without words ends what is sung."""
    timed: list[tuple[float, str]] = []
    offset = 0.0
    for line in lines:
        meant = _OFFSET.fullmatch(line.strip())
        offset = int(meant[1]) / 1000 if meant else offset
        starts: list[float] = []
        text = line.strip()
        while len(starts) < _MOST_TIMES and (found := _LYRIC.match(text)):
            starts.append(seconds(found[1]) or 0.0)
            text = text[found.end() :].lstrip()
        timed += [(max(start - offset, 0.0), text) for start in starts]
    timed.sort(key=lambda one: one[0])
    for place, (start, text) in enumerate(timed):
        later = next((other for other, _ in timed[place + 1 : place + 2] if other > start), None)
        if text:
            yield RawCue(start, later, text)


def _sami(text: str) -> dict[str, list[RawCue]]:
    """``<SYNC Start=1000><P Class=ENCC>words``: a text of a class lasts to the next of its class."""
    pieces = _SYNC.split(text)
    open_cues: dict[str, RawCue] = {}
    tracks: dict[str, list[RawCue]] = {}
    for attributes, block in zip(pieces[1::2], pieces[2::2], strict=True):
        start = _SYNC_START.search(attributes)
        if start is None:
            continue
        at = int(start[1]) / 1000
        for name, said in _paragraphs(block):
            last = open_cues.pop(name, None)
            if last is not None:
                tracks.setdefault(name, []).append(RawCue(last.start, at, last.text))
            if plain_markup(said):
                open_cues[name] = RawCue(at, None, said)
    for name, last in open_cues.items():
        tracks.setdefault(name, []).append(last)
    return tracks or {"": []}


def _paragraphs(block: str) -> Iterator[tuple[str, str]]:
    for piece in re.split(r"(?=<p\b)", _END_OF_PAGE.sub("", block), flags=re.IGNORECASE):
        found = _CLASS.match(piece)
        if found or piece.strip():
            yield (found[1] if found else ""), piece.replace("\r", " ").replace("\n", " ")


class _Entities(Exception):
    """A document that defines entities."""


@dataclass
class _Element:
    """One open element: when it is shown, and its words so far. ``is_timed`` has a time of its own."""

    name: str
    start: float
    end: float | None
    is_timed: bool
    is_hidden: bool
    text: list[str] = field(default_factory=list)


class _TimedText:
    """A TTML document as expat hands it out (https://www.w3.org/TR/ttml1/). Times count from the element
    around."""

    def __init__(self) -> None:
        self.cues: list[RawCue] = []
        self.is_ttml = False
        self._open: list[_Element] = []
        self._frames, self._ticks, self._stretch = 30.0, 1.0, 1.0
        self.programme_start = 0.0

    def from_programme_start(self) -> list[RawCue]:
        """The cues from the start of the programme, which EBU-TT names: a broadcaster's clock seldom begins
        at 0."""
        zero = self.programme_start
        return [
            replace(cue, start=(cue.start or 0.0) - zero, end=None if cue.end is None else cue.end - zero)
            for cue in self.cues
        ]

    def start(self, name: str, attributes: dict[str, str]) -> None:
        local = name.rpartition(":")[2]
        if len(self._open) >= _MOST_DEEP:
            raise _Entities
        given = {key.rpartition(":")[2]: value for key, value in attributes.items()}
        if local == "tt":
            self.is_ttml = True
            self._rates(given)
        if local == "br":
            self.words("\n", is_break=True)
        above = self._open[-1] if self._open else _Element("", 0.0, None, is_timed=False, is_hidden=False)
        begin, end, length = (self._time(given.get(key)) for key in ("begin", "end", "dur"))
        start = above.start + (begin or 0.0)
        until = above.start + end if end is not None else above.end
        until = start + length if length is not None and end is None else until
        hidden = (
            above.is_hidden or local in ("head", "metadata") or given.get("ruby") in ("text", "delimiter")
        )
        is_timed = begin is not None or end is not None or length is not None
        self._open.append(_Element(local, start, until, is_timed, hidden))

    def words(self, text: str, *, is_break: bool = False) -> None:
        if self._open and (not self._open[-1].is_hidden or self._open[-1].name == "documentStartOfProgramme"):
            self._open[-1].text.append(text if is_break else re.sub(r"[ \t\r\n]+", " ", text))

    def end(self, _name: str) -> None:
        element = self._open.pop()
        text = "".join(element.text)
        if element.name == "documentStartOfProgramme":
            self.programme_start = self._time(text) or 0.0
        is_cue = element.name == "p" or (element.name == "span" and element.is_timed)
        if is_cue and text.strip():
            escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace("{", "&#123;")
            self.cues.append(RawCue(element.start, element.end, escaped))
        elif element.name == "span" and self._open:
            self._open[-1].text.append(text)

    def _rates(self, given: dict[str, str]) -> None:
        """SMPTE time code that drops no numbers counts frames: its second is longer where fewer are shown in
        one."""
        over, _, under = given.get("frameRateMultiplier", "1 1").replace(":", " ").partition(" ")
        multiplier = _number(over, 1.0) / _number(under, 1.0)
        self._frames = _number(given.get("frameRate"), 30.0) * multiplier
        counts_frames = given.get("timeBase") == "smpte" and given.get("dropMode", "nonDrop") == "nonDrop"
        self._stretch = 1 / multiplier if counts_frames else 1.0
        self._ticks = _number(given.get("tickRate"), self._frames if "frameRate" in given else 1.0)

    def _time(self, written: str | None) -> float | None:
        clock = _CLOCK.fullmatch((written or "").strip())
        if clock:
            whole = int(clock[1]) * 3600 + int(clock[2]) * 60 + int(clock[3])
            return whole * self._stretch + float(clock[4] or 0) + int(clock[5] or 0) / self._frames
        amount = _AMOUNT.fullmatch((written or "").strip())
        if amount is None:
            return None
        units = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001, "f": 1 / self._frames, "t": 1 / self._ticks}
        return float(amount[1]) * units[amount[2]]


def _number(written: str | None, otherwise: float) -> float:
    try:
        return max(float(written or otherwise), 1e-6)
    except ValueError:
        return otherwise


def _ttml(text: str) -> list[RawCue] | None:
    """None for what is no TTML, or is broken before its first cue, or defines entities. Of a file that breaks
    off, what came before is kept."""
    found = _TimedText()
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    parser.StartElementHandler = found.start
    parser.EndElementHandler = found.end
    parser.CharacterDataHandler = found.words
    parser.EntityDeclHandler = _refused
    try:
        parser.Parse(text.encode("utf-8", errors="replace"), True)
    except _Entities:
        return None
    except expat.ExpatError:
        return found.from_programme_start() or None
    return found.from_programme_start() if found.is_ttml else None


def _refused(*_: object) -> None:
    raise _Entities
