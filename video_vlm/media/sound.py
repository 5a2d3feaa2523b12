"""Where the sound of a file ends, by its packets: it may go on after the last picture."""

from __future__ import annotations

from pathlib import Path

import av

from video_vlm.media.container import open_container, watch_only

__all__ = ["sound_end"]


def sound_end(path: Path, *, after: float) -> float:
    """The end of the last packet of sound, in seconds of the container's clock; ``after`` where none comes later.

    Nothing is decoded, and what the container claims is not believed. Only what lies behind ``after`` is read, where
    the file can be entered there.
    """
    end = after
    with open_container(path) as container:
        tracks = container.streams.audio
        if not tracks:
            return end
        watch_only(container, *(track.index for track in tracks))
        try:
            container.seek(int(after * av.time_base))
            for packet in container.demux(tuple(tracks)):
                if packet.pts is not None and packet.size:
                    end = max(end, float((packet.pts + (packet.duration or 0)) * packet.time_base))
        except (av.FFmpegError, OSError):
            return end
    return end
