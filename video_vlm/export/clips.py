"""A stretch of a video as a file of its own: packets copied from the keyframe before it, nothing encoded anew."""

from __future__ import annotations

import errno
from pathlib import Path

import av

from video_vlm.errors import MediaError
from video_vlm.marks import CLIP_COMMENT
from video_vlm.media.container import open_container, video_stream
from video_vlm.records import Span

__all__ = ["write_clip"]

_MOST_SECONDS = 120.0
_NO_ROOM = (errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC))


def write_clip(path: Path, span: Span, into: Path) -> Path:
    """Write the pictures of ``span`` (two minutes at most) as Matroska, from the keyframe at or before its start on.

    Raises:
        MediaError: the file cannot be read, or nothing of it can be copied.
        OSError: there is no room for the clip.
    """
    end = min(span.end, span.start + _MOST_SECONDS)
    with open_container(path) as source:
        stream = video_stream(source, path)
        base = stream.time_base
        if base is None:
            raise MediaError(path, "its stream has no time base, so no clip can be cut")
        source.seek(int(span.start / base), stream=stream)
        try:
            with av.open(str(into), "w", format="matroska") as clip:
                clip.metadata["comment"] = CLIP_COMMENT
                copy = clip.add_stream_from_template(stream)
                for packet in source.demux(stream):
                    if packet.dts is None:
                        continue
                    if packet.dts * base > end:
                        break
                    packet.stream = copy
                    clip.mux(packet)
        except (av.FFmpegError, OSError, ValueError) as error:
            into.unlink(missing_ok=True)
            if isinstance(error, OSError) and error.errno in _NO_ROOM:
                raise OSError(error.errno, error.strerror) from error
            raise MediaError(path, f"no clip of {span} can be cut: {' '.join(str(error).split())}") from error
    return into
