"""The chapter marks in the box ``chpl`` of an MP4 file, as Nero defined it and most tools write it.

FFmpeg's reader writes the chapters of a text track over these, by number, and its writer leaves chapters
without a title out of that track, and lets the first begin at zero. The box has all of them where they were
marked, up to 255.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Final

from video_vlm.media.mp4_boxes import boxes_in

__all__ = ["NeroMark", "nero_marks"]

_WAY: Final = (b"moov", b"udta", b"chpl")
_UNITS_A_SECOND: Final = 10_000_000
_MOST_BYTES: Final = 255 * (9 + 255) + 16
_MOST_BOXES: Final = 100_000


@dataclass(frozen=True, slots=True)
class NeroMark:
    """A chapter: where it begins, in seconds on the container's clock, and its title, cut after 255 bytes."""

    start: Fraction
    title: str
    is_cut: bool


def nero_marks(path: Path) -> tuple[NeroMark, ...]:
    """The marks in the order of the file, in seconds; empty where there is no such box or it breaks off."""
    with path.open("rb") as file:
        start, end = 0, path.stat().st_size
        for name in _WAY:
            some = islice(boxes_in(file, start, end), _MOST_BOXES)
            found = next((box for box in some if box.kind == name), None)
            if found is None:
                return ()
            start, end = found.begin, found.end
        file.seek(start)
        data = file.read(min(end - start, _MOST_BYTES))
    place = 8 if data[:1] != b"\0" else 4  # version 1 has four bytes more before the count
    marks, count = [], int.from_bytes(data[place : place + 1], "big")
    place += 1
    for _ in range(count):
        title = data[place + 9 : place + 9 + int.from_bytes(data[place + 8 : place + 9], "big")]
        if place + 9 > len(data):
            return ()
        begin = Fraction(int.from_bytes(data[place : place + 8], "big"), _UNITS_A_SECOND)
        marks.append(NeroMark(begin, title.decode("utf-8", errors="ignore"), len(title) == 255))
        place += 9 + len(title)
    return tuple(marks)
