"""What the packets say of time, without decoding any."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from video_vlm.media.container import open_container, packets, video_stream, watch_only
from video_vlm.media.survey import Survey

__all__ = ["Timetable", "steady_clock", "timetable"]

_INDEXED = {"mp4", "matroska", "avi"}


@dataclass(frozen=True, slots=True)
class Timetable:
    """When each picture is shown: PTS and seconds in order of display, and the PTS of keyframes."""

    pts: tuple[int, ...]
    seconds: tuple[float, ...]
    keyframes: frozenset[int]

    def __len__(self) -> int:
        return len(self.pts)


def timetable(path: Path, found: Survey) -> Timetable:
    """Reads every packet of the video stream; those without a PTS have no place in the table."""
    with open_container(path) as container:
        stream = video_stream(container, path)
        watch_only(container, stream.index)
        shown = {
            packet.pts: packet.is_keyframe
            for packet in packets(container, stream)
            if packet.pts is not None and not packet.is_discard
        }
    pts = tuple(sorted(shown))
    return Timetable(pts, tuple(map(found.seconds, pts)), frozenset(time for time, key in shown.items() if key))


def steady_clock(path: Path) -> bool:
    """Whether seeking by time can be trusted.

    MP4, Matroska and AVI keep an index. Elsewhere FFmpeg searches by time stamps, which must then
    be there and must not jump back: all packets are read to know.
    """
    with open_container(path) as container:
        if _INDEXED & set(container.format.name.split(",")):
            return True
        stream = video_stream(container, path)
        watch_only(container, stream.index)
        last = None
        for packet in packets(container, stream):
            time = packet.dts if packet.dts is not None else packet.pts
            if time is None or (packet.is_keyframe and packet.pts is None) or (last is not None and time < last):
                return False
            last = time
    return True
