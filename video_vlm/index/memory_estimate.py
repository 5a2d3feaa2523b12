"""Estimates the memory that reading takes by a file's header, so that files side by side fit a limit.

Measured (largest resident set of one process, some seconds of H.264): 112 MiB at 64x48, 137 at 720p, 168 at
1080p, 331 at 2160p with one decoding thread, there 486 with two and 541 with four; text on screen adds 120 to
170 MiB, 420 where the frame is full of it; speech (tiny.en) adds 300, whether it is of one minute or of
fourteen. What is assumed here is more: codecs that look back further hold
more frames.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from video_vlm.errors import MediaError
from video_vlm.media.container import open_container
from video_vlm.media.parallel_decode import MOST_LANES
from video_vlm.settings import IndexSettings

__all__ = ["OWN_BYTES", "file_bytes", "reader_bytes", "reading_jobs"]

OWN_BYTES: Final = 150_000_000
"""Of the process that distributes the files."""

_PROCESS_BYTES: Final = 130_000_000
_TEXT_BYTES: Final = 450_000_000
_SPEECH_BYTES: Final = 350_000_000
"""tiny.en and what runs it."""
_TOWER_BYTES: Final = 1_600_000_000
"""torch and the weights of a base-size image-text tower."""

_PIXEL_BYTES: Final = (60, 20)
"""Of decoded frames: for each pixel of a frame, and for each pixel and decoding thread."""


def reader_bytes(settings: IndexSettings, *, sees: bool) -> int:
    """The bytes of memory of a process that reads videos, without any video; ``sees`` if it has an image-text
    tower."""
    reads, hears = (name in settings.working_observers for name in ("screen-text", "speech"))
    return _PROCESS_BYTES + reads * _TEXT_BYTES + hears * _SPEECH_BYTES + sees * _TOWER_BYTES


def file_bytes(path: Path, *, threads: int) -> int:
    """The bytes of memory that one file takes in addition, by its largest video stream; 0 if it cannot be
    read."""
    try:
        with open_container(path) as container:
            pixels = max((stream.width * stream.height for stream in container.streams.video), default=0)
    except MediaError:
        return 0
    a_picture, a_thread = _PIXEL_BYTES
    return int(pixels * (a_picture + a_thread * min(threads, MOST_LANES)))


def reading_jobs(limit_bytes: float | None, jobs: int, settings: IndexSettings, *, sees: bool = False) -> int:
    """The number of processes that fit into ``limit_bytes`` side by side, before any file is known; at least
    one."""
    if limit_bytes is None:
        return jobs
    return max(1, min(jobs, int((limit_bytes - OWN_BYTES) // reader_bytes(settings, sees=sees))))
