"""The chapter marks of a Matroska file, all of them.

FFmpeg passes over every mark that does not begin after the one before it. The elements are those of RFC 9559; what
cannot be read, or is larger than any list of chapters, counts as not there.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

__all__ = ["Mark", "file_beginnings", "matroska_marks"]

_EBML, _SEGMENT, _CLUSTER, _VOID = 0x1A45DFA3, 0x18538067, 0x1F43B675, 0xEC
_SEEK_HEAD, _SEEK, _SEEK_ID, _SEEK_POSITION = 0x114D9B74, 0x4DBB, 0x53AB, 0x53AC
_CHAPTERS, _EDITION, _EDITION_DEFAULT, _ATOM = 0x1043A770, 0x45B9, 0x45DB, 0xB6
_START, _END, _HIDDEN, _ENABLED = 0x91, 0x92, 0x98, 0x4598
_DISPLAY, _TITLE = 0x80, 0x85

_MOST_BYTES = 4 << 20
_MOST_ELEMENTS = 10_000
_NANOSECONDS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Mark:
    """A chapter as it is marked, in seconds on the container's clock. ``end`` is None where the file does not say."""

    start: Fraction
    end: Fraction | None
    title: str


@dataclass(frozen=True, slots=True)
class _Element:
    """``size`` is None where the file does not say how long the element is: it was written as a stream."""

    name: int
    size: int | None


def matroska_marks(path: Path) -> tuple[Mark, ...]:
    """The marks of the default edition, in the order of the file, nested ones behind the one that holds them."""
    with path.open("rb") as file:
        chapters = _chapters_element(file)
    if chapters is None:
        return ()
    editions = [list(_children(data)) for name, data in _children(chapters) if name == _EDITION]
    chosen = next((one for one in editions if _number(one, _EDITION_DEFAULT)), editions[0] if editions else [])
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


def _chapters_element(file: BinaryIO) -> bytes | None:
    header = _read_element(file)
    if header is None or header.name != _EBML or header.size is None or header.size > _MOST_BYTES:
        return None
    file.seek(header.size, io.SEEK_CUR)
    segment = _read_element(file)
    if segment is None or segment.name != _SEGMENT:
        return None
    first, end = file.tell(), file.seek(0, io.SEEK_END)
    file.seek(first)
    elsewhere = None
    for _ in range(_MOST_ELEMENTS):
        element = _read_element(file)
        if element is None or element.name == _CLUSTER or element.size is None or element.size > end - file.tell():
            break
        if element.name == _CHAPTERS:
            return file.read(element.size) if element.size <= _MOST_BYTES else None
        if element.name == _SEEK_HEAD and element.size <= _MOST_BYTES:
            elsewhere = _position_of_chapters(file.read(element.size)) or elsewhere
        else:
            file.seek(element.size, io.SEEK_CUR)
    return None if elsewhere is None or elsewhere > end else _chapters_at(file, first + elsewhere)


def _position_of_chapters(seek_head: bytes) -> int | None:
    """Counted from the first byte in the segment."""
    for name, data in _children(seek_head):
        entry = dict(_children(data)) if name == _SEEK else {}
        if entry.get(_SEEK_ID) == _CHAPTERS.to_bytes(4, "big") and _SEEK_POSITION in entry:
            return int.from_bytes(entry[_SEEK_POSITION], "big")
    return None


def _chapters_at(file: BinaryIO, position: int) -> bytes | None:
    file.seek(position)
    element = _read_element(file)
    if element is None or element.name != _CHAPTERS or element.size is None or element.size > _MOST_BYTES:
        return None
    return file.read(element.size)


def _marks(atom: bytes, *, depth: int) -> Iterator[Mark]:
    parts = list(_children(atom))
    start, end = _number(parts, _START), _number(parts, _END)
    shown = not _number(parts, _HIDDEN) and _number(parts, _ENABLED) != 0
    if shown and start is not None:
        yield Mark(Fraction(start, _NANOSECONDS), None if end is None else Fraction(end, _NANOSECONDS), _title(parts))
    for name, data in parts if depth < 8 else ():
        if name == _ATOM:
            yield from _marks(data, depth=depth + 1)


def _title(parts: list[tuple[int, bytes]]) -> str:
    shown = (title for name, data in parts if name == _DISPLAY for tag, title in _children(data) if tag == _TITLE)
    return next(shown, b"").split(b"\0")[0].decode("utf-8", errors="replace")


def _number(parts: list[tuple[int, bytes]], wanted: int) -> int | None:
    return next((int.from_bytes(data, "big") for name, data in parts if name == wanted and len(data) <= 8), None)


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
    """A number whose first byte says by its leading zeros how many bytes it has; -1 where all its bits are set, which
    means "unknown"; None where there is none."""
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
