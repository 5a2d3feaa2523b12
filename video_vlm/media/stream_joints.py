"""Finds where recordings were joined byte by byte: by the headers of files, or by the bytes around a jump of
the clock.

Transport streams count the packets of each stream and table, from 0 to 15 over and over (ISO/IEC 13818-1,
2.4.3.3). Where one recorder paused, all of these go on; where another file begins, all of them would have to
go on by chance. Program streams count nothing, but begin with a header of the whole system, which is seldom
repeated, and some writers end them with a code.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from itertools import islice, pairwise
from pathlib import Path
from typing import NamedTuple

from video_vlm.media.matroska_chapters import file_beginnings
from video_vlm.media.mp4_boxes import boxes_in

__all__ = ["is_joint", "later_files"]

_SYNC, _PACKET_BYTES = 0x47, 188
_STRIDES = (188, 192, 204)  # as they are; with a time before each; with a checksum behind each
_NULL_PACKET = 0x1FFF
_HAS_FIELD, _HAS_PAYLOAD, _CLOCK_IS_NEW = 0x20, 0x10, 0x80

_START_CODE, _PROGRAM_END, _SYSTEM_HEADER = b"\x00\x00\x01", b"\x00\x00\x01\xb9", b"\x00\x00\x01\xbb"

_MATROSKA, _MP4 = b"\x1a\x45\xdf\xa3", b"ftyp"
_MOST_BOXES = 100_000

_BYTES_BEFORE, _BYTES_BETWEEN, _BYTES_BEHIND = 1 << 19, 8 << 20, 1 << 18
"""So much is read: the tables come about ten times a second."""


def is_joint(path: Path, before: int, after: int) -> bool | None:
    """Whether another recording begins between two packets; None where nothing in the file can tell.

    Args:
        path: The file.
        before: Where the last packet of the old clock begins, in bytes.
        after: Where the first packet of the new clock begins.
    """
    if not 0 <= before < after or after - before > _BYTES_BETWEEN:
        return None
    first = max(0, before - _BYTES_BEFORE)
    with path.open("rb") as file:
        file.seek(first)
        data = file.read(after - first + _BYTES_BEHIND)
    before, after = before - first, after - first
    if data.startswith(_START_CODE, after):
        return True if any(one in data[before:after] for one in (_PROGRAM_END, _SYSTEM_HEADER)) else None
    stride = next((one for one in _STRIDES if _is_in_step(data, after, one)), None)
    return None if stride is None else _is_interrupted(data, before, after, stride)


def _is_in_step(data: bytes, place: int, stride: int) -> bool:
    """Whether packets of a transport stream follow each other at such a distance. Where they are longer than
    they need to be, FFmpeg counts that from the wrong side."""
    starts = {place, place + stride - _PACKET_BYTES}
    return any(
        set(syncs) == {_SYNC} for at in starts if len(syncs := data[at : at + 4 * stride : stride]) > 1
    )


def _is_interrupted(data: bytes, before: int, after: int, stride: int) -> bool:
    """Whether a count does not go on, a clock says that it is new, or packets are out of step, from
    ``before`` to where each stream has its first packet behind ``after``."""
    counts: dict[int, int] = {}
    seen_behind: set[int] = set()
    end = 0
    for place in _packet_places(data, stride):
        if before < place <= after and end and place != end:
            return True
        end = place + stride
        header = _Header.of(data[place : place + 6])
        if header.stream == _NULL_PACKET or header.stream in seen_behind:
            continue
        if place > before and (header.is_clock_new or not header.follows(counts.get(header.stream))):
            return True
        counts[header.stream] = header.number
        if place >= after:
            seen_behind.add(header.stream)
    return False


class _Header(NamedTuple):
    stream: int
    number: int
    has_payload: bool
    is_clock_new: bool

    @classmethod
    def of(cls, data: bytes) -> _Header:
        has_field = bool(data[3] & _HAS_FIELD and data[4])
        return cls(
            stream=(data[1] & 0x1F) << 8 | data[2],
            number=data[3] & 0x0F,
            has_payload=bool(data[3] & _HAS_PAYLOAD),
            is_clock_new=has_field and bool(data[5] & _CLOCK_IS_NEW),
        )

    def follows(self, last: int | None) -> bool:
        """Whether a packet may come next behind the one that has the number ``last``: it may also be sent
        twice."""
        return last is None or self.number in (last, (last + self.has_payload) % 16)


def _packet_places(data: bytes, stride: int) -> Iterator[int]:
    """Where packets begin, found again where they are out of step."""
    place = 0
    while place + stride < len(data):
        if data[place] == _SYNC == data[place + stride]:
            yield place
            place += stride
        else:
            place += 1


def later_files(path: Path) -> list[tuple[int, int]]:
    """Where MP4 or Matroska files that are joined behind the first one begin and end, in bytes."""
    begins: list[int] = []
    with path.open("rb") as file:
        start, size = file.read(8), file.seek(0, io.SEEK_END)
        if start.startswith(_MATROSKA):
            begins = list(file_beginnings(file))
        elif start[4:] == _MP4:
            some = islice(boxes_in(file, 0, size), _MOST_BOXES)
            begins = [box.start for box in some if box.kind == _MP4]
    return list(pairwise([*begins[1:], size]))
