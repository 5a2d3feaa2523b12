"""Cutting a clip out of a video: packets are copied from the keyframe before it, without encoding."""

from __future__ import annotations

import errno
from pathlib import Path

import av

from video_vlm.errors import MediaError
from video_vlm.media.pyav import PyAVReader
from video_vlm.own_files import CLIP_COMMENT
from video_vlm.records import Span

__all__ = ["write_clip"]

_MOST_SECONDS = 120.0
_NO_ROOM = (errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC))


def write_clip(path: Path, span: Span, into: Path) -> Path:
    """Write the frames of ``span`` (120 s at most) to the Matroska file ``into``, from the keyframe at or
    before its start on; return ``into``.

    Raises:
        MediaError: the file cannot be read, or its packets cannot be copied.
        OSError: there is no room for the clip.
    """
    end = min(span.end, span.start + _MOST_SECONDS)
    with PyAVReader(path) as reader, reader.packets_from(span.start) as (stream, time, packets):
        try:
            with av.open(str(into), "w", format="matroska") as clip:
                clip.metadata["comment"] = CLIP_COMMENT
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
            if isinstance(error, OSError) and error.errno in _NO_ROOM:
                raise OSError(error.errno, error.strerror) from error
            raise MediaError(path, f"no clip of {span} can be cut: {' '.join(str(error).split())}") from error
    return into
