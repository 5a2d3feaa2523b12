"""The boxes of an MP4 file (ISO/IEC 14496-12, 4.2): their kinds and byte positions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

__all__ = ["Box", "boxes_in"]


class Box(NamedTuple):
    """A box begins at ``start``, in bytes; what is in it lies in ``[begin, end)``."""

    kind: bytes
    start: int
    begin: int
    end: int


def boxes_in(file: BinaryIO, start: int, end: int) -> Iterator[Box]:
    """The boxes that follow one another in the bytes ``[start, end)``, not those inside them.

    A box that claims more ends at ``end``; after one whose size is impossible nothing is found. The file may
    be read elsewhere between two boxes.
    """
    while start + 8 <= end:
        file.seek(start)
        header = file.read(16)
        size, kind = int.from_bytes(header[:4], "big"), header[4:8]
        begin = start + (16 if size == 1 else 8)
        if size == 1:
            size = int.from_bytes(header[8:], "big")
        until = min(start + size, end) if size else end
        if until < begin:
            return
        yield Box(kind, start, begin, until)
        start = until
