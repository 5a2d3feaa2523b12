"""A stretch of a video as a file of its own: packets copied from the keyframe before it, nothing encoded anew."""

from __future__ import annotations

from pathlib import Path

import av

from video_vlm.errors import MediaError
from video_vlm.media.pyav import PyAVReader
from video_vlm.records import Span

__all__ = ["write_clip"]

_MOST_SECONDS = 120.0


def write_clip(path: Path, span: Span, into: Path) -> Path:
    """Write the frames of ``span`` (two minutes at most) as Matroska, from the keyframe at or before its start on.

    Raises:
        MediaError: the file cannot be read, or nothing of it can be copied.
    """
    end = min(span.end, span.start + _MOST_SECONDS)
    with PyAVReader(path) as reader, reader.packets_from(span.start) as (stream, time, packets):
        try:
            with av.open(str(into), "w", format="matroska") as clip:
                copy = clip.add_stream_from_template(stream)
                for packet in packets:
                    if packet.dts is None:
                        continue
                    if time.seconds(packet.dts) > end:
                        break
                    packet.stream = copy
                    clip.mux(packet)
        except (av.FFmpegError, OSError, ValueError) as error:
            into.unlink(missing_ok=True)
            raise MediaError(path, f"no clip of {span} can be cut: {' '.join(str(error).split())}") from error
    return into
