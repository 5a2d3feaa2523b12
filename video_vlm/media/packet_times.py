"""The times of packets, without decoding."""

from __future__ import annotations

from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path

from video_vlm.media.container import (
    continuity_of,
    has_index,
    open_container,
    packets,
    video_stream,
    watch_only,
)
from video_vlm.media.stream_probe import StreamProbe

__all__ = ["PacketTimes", "SeekPoint", "read_packet_times", "seek_points"]


@dataclass(frozen=True, slots=True)
class PacketTimes:
    """When each frame is shown: PTS and seconds in order of display, and the PTS of keyframes."""

    pts: tuple[int, ...]
    seconds: tuple[float, ...]
    keyframes: frozenset[int]

    def __len__(self) -> int:
        return len(self.pts)


def read_packet_times(path: Path, found: StreamProbe) -> PacketTimes:
    """The PTS of every packet of the video stream, in ticks and in player's seconds; packets without a PTS
    are left out."""
    with open_container(path) as container:
        stream = video_stream(container, path)
        watch_only(container, stream.index)
        shown = {
            packet.pts: packet.is_keyframe
            for packet in packets(container, stream, path)
            if packet.pts is not None and not packet.is_discard
        }
    pts = tuple(sorted(shown))
    return PacketTimes(
        pts, tuple(map(found.seconds, pts)), frozenset(time for time, key in shown.items() if key)
    )


@dataclass(frozen=True, slots=True)
class SeekPoint:
    """A keyframe that a file without an index can be entered at: its PTS, where in the file its packet
    begins, in bytes, and how many ticks the times from there on are shifted by, as recordings were joined."""

    pts: int
    position: int
    shift: int


def seek_points(path: Path) -> tuple[SeekPoint, ...] | None:
    """The byte positions at which a file can be entered, in order of PTS; None where seeking by time works.

    MP4, Matroska and AVI keep an index. Elsewhere FFmpeg searches by time stamps, which must be there and
    must not jump back: all packets are read to find out.
    """
    with open_container(path) as container:
        if has_index(container):
            return None
        stream = video_stream(container, path)
        watch_only(container, stream.index)
        continuity = continuity_of(stream, path)
        found: list[SeekPoint] = []
        last, is_steady = None, True
        for packet in packets(container, stream, path, continuity=continuity):
            time = packet.dts if packet.dts is not None else packet.pts
            is_dated = time is not None and not (packet.is_keyframe and packet.pts is None)
            is_steady &= is_dated and continuity.shift == 0 and (last is None or time is None or time >= last)
            if packet.is_keyframe and packet.pts is not None and packet.pos is not None and packet.pos >= 0:
                found.append(SeekPoint(packet.pts, packet.pos, continuity.shift))
            last = time if time is not None else last
    return None if is_steady else tuple(sorted(found, key=attrgetter("pts")))
