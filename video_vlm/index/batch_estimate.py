"""Estimates time and disk space of indexing many files, by their headers and a short trial of the longest."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from video_vlm.errors import MediaError
from video_vlm.index.index_mode import index_modes
from video_vlm.index.known_video import known_report
from video_vlm.index.run import index_video
from video_vlm.media.container import open_container
from video_vlm.memory import Library, open_library
from video_vlm.protocols import ProgressEvent
from video_vlm.settings import IndexSettings

__all__ = ["Estimate", "Forecast", "estimate", "seconds_of"]

_TRIAL_SECONDS: Final = 5.0
_MOST_TRIAL_SECONDS: Final = 60.0

_BYTES_AN_HOUR: Final = 20_000_000
"""Of memory on disk, where the library does not tell yet. Measured: 10 to 18 MB an hour at 480p and 852p, 41
MB at 1080p with a cut every four seconds (all of them short: an empty library counts for 0.1 MB)."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """One file: how long it is (None where its header does not say), whether it is known, or why it cannot be
    read."""

    path: Path
    seconds: float | None = None
    known: bool = False
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Estimate:
    """All of them. ``reading_seconds`` is how long what is not known would take, None where nothing could be
    tried."""

    files: tuple[Forecast, ...]
    video_seconds: float
    unread_seconds: float
    reading_seconds: float | None
    disk_bytes: int


def estimate(paths: Iterable[Path], library: Library, *, settings: IndexSettings, jobs: int) -> Estimate:
    """Look at every header, and read the longest file that is not known for some seconds."""
    how = index_modes(settings, at_least=settings.speed)
    files = tuple(_forecast(path, known=known_report(path, library, how) is not None) for path in paths)
    unread = [one for one in files if not one.known and one.error is None]
    seconds = sum(one.seconds or 0.0 for one in unread)
    speed = _trial(unread, settings)
    hours = sum(one.video.duration_seconds or 0.0 for one in library.videos() if one.complete) / 3600
    # The library's own rate, once it holds a tenth of an hour.
    bytes_per_hour = library.storage.num_bytes() / hours if hours > 0.1 else _BYTES_AN_HOUR
    return Estimate(
        files,
        video_seconds=sum(one.seconds or 0.0 for one in files),
        unread_seconds=seconds,
        reading_seconds=None if speed is None else seconds / speed / max(1, min(jobs, len(unread))),
        disk_bytes=round(seconds / 3600 * bytes_per_hour),
    )


def _forecast(path: Path, *, known: bool) -> Forecast:
    try:
        with open_container(path) as container:
            seconds = None if container.duration is None else container.duration / 1e6
            if not container.streams.video:
                return Forecast(path, seconds, known, "no video in it")
            return Forecast(path, seconds, known)
    except MediaError as error:
        return Forecast(path, error=error.reason)


class _Enough(Exception):
    """The trial has gone on long enough."""


def seconds_of(path: Path) -> float | None:
    """The duration of a file in seconds by its header; None where it says none, or cannot be read."""
    return _forecast(path, known=False).seconds


def _trial(unread: Sequence[Forecast], settings: IndexSettings) -> float | None:
    """Seconds of video a second, by reading the longest file for a while as it would be, into a library of
    its own.

    None where that does not work. Text is read at the end of a segment: a trial holds one at least, or a
    minute's work.
    """
    longest = max(unread, key=lambda one: one.seconds or 0.0, default=None)
    if longest is None:
        return None
    began, done = time.perf_counter(), 0.0

    def watch(event: ProgressEvent) -> None:
        nonlocal done
        done, took = event.done, time.perf_counter() - began
        whole_segment = done > settings.frames.segment_seconds
        if took > _MOST_TRIAL_SECONDS or (took > _TRIAL_SECONDS and whole_segment):
            raise _Enough

    with (
        tempfile.TemporaryDirectory(prefix="videoqa-trial-") as folder,
        open_library(Path(folder)) as library,
    ):
        try:
            index_video(longest.path, library, settings=settings, progress=watch)
        except _Enough:
            pass
        except MediaError:
            return None
    return done / (time.perf_counter() - began) or None
