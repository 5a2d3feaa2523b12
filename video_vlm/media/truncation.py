"""Whether a file was cut off: its header promises more than its packets hold.

What a header promises depends on who wrote it. MP4 tells how long the track lasts; Matroska, by the muxer,
how long it lasts or when it ends on a clock that begins with the sound; many containers only how long the
longest stream is. A file is whole if it keeps its promise in any of these readings.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
from av.container import InputContainer
from av.stream import Stream

from video_vlm.media.clock import own_time
from video_vlm.media.container import open_container
from video_vlm.media.stream_probe import StreamProbe

__all__ = ["is_cut_off", "lacks_bytes"]

_TELLS_OF_STREAMS = {"mp4", "matroska", "avi"}


def lacks_bytes(path: Path) -> bool:
    """Whether the header of an AVI file promises more bytes than the file has."""
    with path.open("rb") as stream:
        head = stream.read(12)
    is_avi = head[:4] == b"RIFF" and head[8:] == b"AVI "
    return is_avi and 8 + int.from_bytes(head[4:8], "little") > path.stat().st_size + 1


def is_cut_off(path: Path, found: StreamProbe, *, end_pts: int, tolerance_seconds: float) -> bool:
    """Whether the packets end earlier than the header promises, in every reading of that promise.

    Args:
        path: The file.
        found: Its survey.
        end_pts: Where the last frame ends that came out of the decoder; its last packet may end later.
        tolerance_seconds: So much less is nothing.
    """
    last = max(end_pts, found.end_pts or end_pts)
    kept = [float(last * found.time_base), float((last - found.first_pts) * found.time_base)]
    with open_container(path) as container:
        stream = container.streams[found.stream]
        tail = _tail(container, stream)
        promised = None
        if stream.duration and stream.time_base and _TELLS_OF_STREAMS & set(container.format.name.split(",")):
            promised = stream.duration * stream.time_base
        if promised is None:
            if not container.duration:
                return False
            promised = Fraction(container.duration, av.time_base)
            start = (container.start_time or 0) / av.time_base
            kept += [*tail.ends, *(end - start for end in (*kept, *tail.ends))]
    # How long the last frame lasts, a header may know better than its packet: about as long as the one
    # before it.
    return all(float(promised) - end > tolerance_seconds + tail.last_step for end in kept)


@dataclass(frozen=True, slots=True)
class _Tail:
    """When the packets at the end of a file end, of any stream, in seconds on the container's clock; and how
    far apart the last two frames are."""

    ends: tuple[float, ...] = ()
    last_step: float = 0.0


def _tail(container: InputContainer, stream: Stream) -> _Tail:
    ends: list[float] = []
    times: list[float] = []
    for place in (1 << 62, 0):  # without an index there may be nothing behind what is found first
        try:
            container.seek(place, stream=stream)
            for packet in container.demux():
                time, base = own_time(packet), packet.time_base
                if packet.size and time is not None and base is not None:
                    ends.append(float((time + (packet.duration or 0)) * base))
                    times += [float(time * base)] if packet.stream_index == stream.index else []
        except (av.FFmpegError, OSError):
            pass  # a file that breaks off breaks off here
        if ends:
            break
    steps = [after - before for before, after in pairwise(sorted(times))]
    return _Tail(tuple(ends), steps[-1] if steps else 0.0)
