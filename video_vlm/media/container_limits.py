"""Limits on what a container may list, checked before FFmpeg makes tables of it.

A few kilobytes can list millions of samples, each of which FFmpeg gives a row, or so many tags and chapters
that it compares each with all the others. What is counted here costs no more than the headers of the boxes:
ISO/IEC 14496-12 for MP4, RFC 9559 for Matroska.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO, Final

from video_vlm.errors import UnreadableVideo
from video_vlm.media.matroska_chapters import MOST_NOTES, has_too_many_notes
from video_vlm.media.mp4_boxes import Box, boxes_in

__all__ = ["refuse_claims"]

_MOST_TAGS: Final = 10_000
"""FFmpeg compares each with all before it: twice as many take four times as long."""
_MOST_BOXES: Final = 1_000_000
_MOST_DEEP: Final = 12
_HOLDERS: Final = frozenset(
    {b"moov", b"trak", b"mdia", b"minf", b"stbl", b"moof", b"traf", b"udta", b"meta", b"ilst", b"tref"}
)
_TAGGED: Final = frozenset({b"udta", b"ilst"})
_TAKE_OUT: Final = "take them out: ffmpeg -i FILE -map_metadata -1 -map_chapters -1 -c copy NEW"
_SOUND: Final = b"soun"


@dataclass
class _Claims:
    """How much is listed so far. A track's samples count when all of it is known."""

    num_samples: int = 0
    num_tags: int = 0
    num_boxes: int = 0
    handler: bytes = b""
    num_runs: int = 0
    num_listed: int = 0
    num_equal: int = 0
    track: int = 0
    num_of_track: dict[int, int] = field(default_factory=dict)
    chapter_tracks: set[int] = field(default_factory=set)

    def note(self, kind: bytes, body: bytes, *, within: bytes) -> None:
        """Count one box: ``body`` are its first bytes, ``within`` is the kind of the one that holds it."""
        self.num_boxes += 1
        self.num_tags += within in _TAGGED
        first, second = (int.from_bytes(body[at : at + 4], "big") for at in (4, 8))
        if kind == b"trak":
            self.end_track()
        elif kind == b"hdlr" and within == b"mdia":
            self.handler = body[8:12]
        elif kind == b"stts":
            self.num_runs = first
        elif kind == b"stsz":
            self.num_listed, self.num_equal = second, second if first else 0
        elif kind == b"tkhd":
            at = 20 if body[:1] == b"\1" else 12
            self.track = int.from_bytes(body[at : at + 4], "big")
        elif kind == b"chap":
            self.chapter_tracks.add(int.from_bytes(body[:4], "big"))
        elif kind == b"trun":
            self.num_samples += first
        elif kind == b"keys":
            self.num_tags += first

    def end_track(self) -> None:
        """Sound whose samples all have one size and one length is read in chunks, without a row for each."""
        if not (self.handler == _SOUND and self.num_runs == 1):
            self.num_samples += self.num_equal
        self.num_of_track[self.track] = self.num_listed
        self.handler, self.num_runs, self.num_listed, self.num_equal, self.track = b"", 0, 0, 0, 0

    @property
    def num_chapters(self) -> int:
        """The number of chapters: samples of the text tracks that others name as their chapters."""
        return max((self.num_of_track.get(track, 0) for track in self.chapter_tracks), default=0)


def refuse_claims(path: Path) -> None:
    """Refuses a file that lists more samples, tags or boxes than it can hold.

    Raises:
        UnreadableVideo: the file lists more than it can hold, or than any film has.
    """
    state = path.stat()
    if reason := _fault(path, state.st_ino, state.st_size, state.st_mtime_ns):
        raise UnreadableVideo(path, reason)


@lru_cache(maxsize=64)
def _fault(path: Path, inode: int, num_bytes: int, changed: int) -> str | None:  # noqa: ARG001 - they name the content
    """Counted once: a file is opened many times."""
    with path.open("rb") as file:
        if has_too_many_notes(file):
            return f"it has more chapters or tags than any film; {_TAKE_OUT}"
        claims = _Claims()  # counted in any file: what is no MP4 has next to no boxes
        for within, box in _all_boxes(file, 0, num_bytes):
            file.seek(box.begin)
            claims.note(box.kind, file.read(24), within=within)
            if claims.num_boxes > _MOST_BOXES or claims.num_tags > _MOST_TAGS:
                break
        claims.end_track()
    if claims.num_samples > num_bytes:
        return (
            f"it lists {claims.num_samples} samples in {num_bytes} bytes, which cannot be; get the file again"
        )
    if claims.num_chapters > MOST_NOTES:
        return f"it has more chapters or tags than any film; {_TAKE_OUT}"
    if claims.num_tags > _MOST_TAGS or claims.num_boxes > _MOST_BOXES:
        return f"it has more tags or boxes than any film; {_TAKE_OUT}"
    return None


def _all_boxes(
    file: BinaryIO, start: int, end: int, *, within: bytes = b"", depth: int = 0
) -> Iterator[tuple[bytes, Box]]:
    """Every box of a stretch, and those inside the ones that hold others, in order, each behind the kind of
    the one that holds it."""
    for box in boxes_in(file, start, end):
        yield within, box
        if box.kind in _HOLDERS and depth < _MOST_DEEP:
            # The first box in ``meta`` begins behind its version, which QuickTime does not write.
            file.seek(box.begin)
            inside = box.begin + (4 if box.kind == b"meta" and file.read(8)[4:] != b"hdlr" else 0)
            yield from _all_boxes(file, inside, box.end, within=box.kind, depth=depth + 1)
