"""Whether a file was cut off: its header promises more than its packets hold, measured with the right rule.

What a header promises depends on who wrote it. MP4 tells how long the track lasts; Matroska, by the muxer, how long it
lasts or when it ends on a clock that begins with the sound; many containers only how long the longest stream is. A file
is whole if it keeps its promise in any of these readings.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
from av.container import InputContainer
from av.stream import Stream

from video_vlm.media.clock import own_time
from video_vlm.media.container import open_container
from video_vlm.media.survey import Survey

__all__ = ["is_cut_off"]

_TELLS_OF_STREAMS = {"mp4", "matroska", "avi"}


def is_cut_off(path: Path, found: Survey, *, end_pts: int, tolerance_seconds: float) -> bool:
    """Whether less is there than was promised.

    Args:
        path: The file.
        found: Its survey.
        end_pts: Where the last picture ends that came out of the decoder; its last packet may end later.
        tolerance_seconds: So much less is nothing.
    """
    last = max(end_pts, found.end_pts or end_pts)
    kept = [float(last * found.time_base), float((last - found.first_pts) * found.time_base)]
    with open_container(path) as container:
        stream = container.streams[found.stream]
        promised = _seconds(stream) if _TELLS_OF_STREAMS & set(container.format.name.split(",")) else None
        if promised is None:
            if not container.duration:
                return False
            promised = container.duration / av.time_base
            ends = [*kept, *_ends(container, stream)]
            start = (container.start_time or 0) / av.time_base
            return all(promised - end > tolerance_seconds for end in (*ends, *(end - start for end in ends)))
    return all(promised - end > tolerance_seconds for end in kept)


def _seconds(stream: Stream) -> float | None:
    """What is promised of one stream."""
    return float(stream.duration * stream.time_base) if stream.duration and stream.time_base else None


def _ends(container: InputContainer, stream: Any) -> list[float]:
    """Where the packets at the end of the file end, in seconds on the container's clock."""
    ends = [0.0]
    try:
        container.seek(1 << 62, stream=stream)
        for packet in container.demux():
            time = own_time(packet)
            if packet.size and time is not None and packet.time_base is not None:
                ends.append(float((time + (packet.duration or 0)) * packet.time_base))
    except (av.FFmpegError, OSError):
        pass  # a file that breaks off breaks off here
    return ends
