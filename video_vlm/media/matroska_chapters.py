"""All chapter marks of a Matroska file.

FFmpeg passes over every mark that does not begin after the one before it. The elements are those of RFC 9559;
what cannot be read, or is larger than any list of chapters, counts as not there.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

__all__ = ["MOST_NOTES", "ChapterMark", "file_beginnings", "has_too_many_notes", "matroska_marks"]

_EBML, _SEGMENT, _CLUSTER, _VOID = 0x1A45DFA3, 0x18538067, 0x1F43B675, 0xEC
_SEEK_HEAD, _SEEK, _SEEK_ID, _SEEK_POSITION = 0x114D9B74, 0x4DBB, 0x53AB, 0x53AC
_CHAPTERS, _EDITION, _EDITION_DEFAULT, _ATOM = 0x1043A770, 0x45B9, 0x45DB, 0xB6
_START, _END, _HIDDEN, _ENABLED = 0x91, 0x92, 0x98, 0x4598
_DISPLAY, _TITLE = 0x80, 0x85
_TAGS, _TAG, _SIMPLE_TAG = 0x1254C367, 0x7373, 0x67C8
_HOLDERS = frozenset({_CHAPTERS, _EDITION, _ATOM, _TAGS, _TAG, _SIMPLE_TAG})

_MOST_BYTES = 4 << 20
_MOST_ELEMENTS = 10_000
MOST_NOTES = 20_000
"""Chapters and tags together: FFmpeg compares each with all before it, at each opening."""
_NANOSECONDS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class ChapterMark:
    """A chapter as it is marked, in seconds on the container's clock. ``end`` is None where the file does not
    say."""

    start: Fraction
    end: Fraction | None
    title: str


@dataclass(frozen=True, slots=True)
class _Element:
    """``size`` is None where the file does not say how long the element is: it was written as a stream."""

    name: int
    size: int | None


def matroska_marks(path: Path) -> tuple[ChapterMark, ...]:
    """The marks of the default edition in the order of the file, times in seconds; a nested mark follows the
    one that holds it. Empty where there are none."""
    with path.open("rb") as file:
        section = next((one for one in _sections(file) if one.name == _CHAPTERS), None)
        if section is None or section.size is None or section.size > _MOST_BYTES:
            return ()
        chapters = file.read(section.size)
    editions = [list(_children(data)) for name, data in _children(chapters) if name == _EDITION]
    chosen = next(
        (one for one in editions if _number(one, _EDITION_DEFAULT)), editions[0] if editions else []
    )
    return tuple(mark for name, data in chosen if name == _ATOM for mark in _marks(data, depth=0))


def file_beginnings(file: BinaryIO) -> Iterator[int]:
    """Where files that were joined begin, in bytes, as far as each says how long it is."""
    file.seek(0)
    for _ in range(_MOST_ELEMENTS):
        place = file.tell()
        element = _read_element(file)
        if element is None or element.name not in (_EBML, _SEGMENT, _VOID):
            return
        if element.name == _EBML:
            yield place
        if element.size is None:
            return
        file.seek(element.size, io.SEEK_CUR)


def has_too_many_notes(file: BinaryIO) -> bool:
    """Whether an open file is Matroska and has more than 20,000 chapters and tags in all."""
    num_notes = 0
    for section in _sections(file):
        if section.name in (_CHAPTERS, _TAGS):
            num_notes += _num_notes(file, section.size, most=MOST_NOTES - num_notes)
    return num_notes > MOST_NOTES


def _num_notes(file: BinaryIO, size: int | None, *, most: int) -> int:
    """The chapters and tags that begin in the next bytes, inside each other or not; one more than ``most`` at
    most."""
    end, num_notes = math.inf if size is None else file.tell() + size, 0
    while num_notes <= most and file.tell() < end and (element := _read_element(file)) is not None:
        num_notes += element.name in (_ATOM, _SIMPLE_TAG)
        if element.name not in _HOLDERS:
            if element.size is None:
                break
            file.seek(element.size, io.SEEK_CUR)
    return num_notes


def _sections(file: BinaryIO) -> Iterator[_Element]:
    """The elements before the first cluster, and those that an index says lie elsewhere; the file is where
    what is in each begins."""
    file.seek(0)
    header = _read_element(file)
    if header is None or header.name != _EBML or header.size is None or header.size > _MOST_BYTES:
        return
    file.seek(header.size, io.SEEK_CUR)
    segment = _read_element(file)
    if segment is None or segment.name != _SEGMENT:
        return
    first, end = file.tell(), file.seek(0, io.SEEK_END)
    file.seek(first)
    elsewhere: list[int] = []
    passed = first
    for _ in range(_MOST_ELEMENTS):
        element = _read_element(file)
        if element is None or element.name == _CLUSTER:
            break
        start = passed = file.tell()
        if element.name == _SEEK_HEAD and element.size is not None and element.size <= _MOST_BYTES:
            elsewhere += _positions(file.read(element.size))
            file.seek(start)
        yield element
        if element.size is None or element.size > end - start:
            break
        file.seek(start + element.size)
    for position in dict.fromkeys(elsewhere):
        if passed <= first + position <= end:  # those before have been given out
            file.seek(first + position)
            if (element := _read_element(file)) is not None:
                yield element


def _positions(seek_head: bytes) -> Iterator[int]:
    """Of chapters and tags, counted from the first byte in the segment."""
    wanted = (_CHAPTERS.to_bytes(4, "big"), _TAGS.to_bytes(4, "big"))
    for name, data in _children(seek_head):
        entry = dict(_children(data)) if name == _SEEK else {}
        if entry.get(_SEEK_ID) in wanted and _SEEK_POSITION in entry:
            yield int.from_bytes(entry[_SEEK_POSITION], "big")


def _marks(atom: bytes, *, depth: int) -> Iterator[ChapterMark]:
    parts = list(_children(atom))
    start, end = _number(parts, _START), _number(parts, _END)
    shown = not _number(parts, _HIDDEN) and _number(parts, _ENABLED) != 0
    if shown and start is not None:
        yield ChapterMark(
            Fraction(start, _NANOSECONDS), None if end is None else Fraction(end, _NANOSECONDS), _title(parts)
        )
    for name, data in parts if depth < 8 else ():
        if name == _ATOM:
            yield from _marks(data, depth=depth + 1)


def _title(parts: list[tuple[int, bytes]]) -> str:
    shown = (
        title for name, data in parts if name == _DISPLAY for tag, title in _children(data) if tag == _TITLE
    )
    return next(shown, b"").split(b"\0")[0].decode("utf-8", errors="replace")


def _number(parts: list[tuple[int, bytes]], wanted: int) -> int | None:
    return next(
        (int.from_bytes(data, "big") for name, data in parts if name == wanted and len(data) <= 8), None
    )


def _children(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The elements that lie in one, as far as they are whole."""
    inside = io.BytesIO(data)
    for _ in range(_MOST_ELEMENTS):
        element = _read_element(inside)
        if element is None or element.size is None or inside.tell() + element.size > len(data):
            return
        yield element.name, inside.read(element.size)


def _read_element(file: BinaryIO) -> _Element | None:
    name = _read_number(file, most_bytes=4, keeps_marker=True)
    size = _read_number(file, most_bytes=8, keeps_marker=False)
    return None if name is None or size is None else _Element(name, None if size < 0 else size)


def _read_number(file: BinaryIO, *, most_bytes: int, keeps_marker: bool) -> int | None:
    """A number whose first byte says by its leading zeros how many bytes it has; -1 where all its bits are
    set, which means "unknown"; None where there is none."""
    first = file.read(1)
    if not first or not first[0]:
        return None
    num_bytes = 9 - first[0].bit_length()
    rest = file.read(num_bytes - 1)
    if num_bytes > most_bytes or len(rest) < num_bytes - 1:
        return None
    number = int.from_bytes(first + rest, "big")
    if keeps_marker:
        return number
    number &= (1 << 7 * num_bytes) - 1
    return -1 if number == (1 << 7 * num_bytes) - 1 else number
