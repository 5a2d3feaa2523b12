"""Recordings that were joined behind a file byte by byte and that FFmpeg does not read.

FFmpeg reads on through joined transport and program streams. Of joined MP4 and FLV files it reads the first
one, of Matroska the first two at most. The parts behind are found here by their headers, because they would
be missing without a message.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import av

from video_vlm.media.container import open_container, read_packets
from video_vlm.media.stream_joints import later_files

__all__ = ["num_unread_bytes"]

_NEAR_BYTES = 1 << 16
_HEADS = (b"FLV\x01", bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c"))
"""Of FLV and ASF."""


def num_unread_bytes(path: Path) -> int:
    """How many bytes at the end of a file belong to another recording and are not read; 0 where all is."""
    later, size = later_files(path), path.stat().st_size
    with path.open("rb") as file:
        begins = file.read(16)
    head = next((one for one in _HEADS if begins.startswith(one)), None)
    if not later and head is None:
        return 0
    read_until = _last_packet_end(path)
    if head is not None:
        with path.open("rb") as file:
            file.seek(read_until)
            place = file.read(_NEAR_BYTES).find(head)
        return 0 if place < 0 else size - read_until - place
    # What lies behind the last packet of a part that is read is its index, and less than its packets.
    return next((size - max(begin, read_until) for begin, end in later if read_until < (begin + end) / 2), 0)


def _last_packet_end(path: Path) -> int:
    """Where the last packet ends that FFmpeg finds, in bytes."""
    with open_container(path) as container:
        for place in (1 << 62, 0):  # without an index there may be nothing behind what is found first
            with suppress(av.FFmpegError, OSError):
                container.seek(place, stream=container.streams.best("video"))
                ends = [
                    one.pos + one.size
                    for one in read_packets(container)
                    if one.pos is not None and one.pos >= 0
                ]
                if ends:
                    return max(ends)
    return 0
