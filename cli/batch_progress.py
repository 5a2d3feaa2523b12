"""Progress of a whole batch, beside the bars of its files: seconds of video done, and the time left."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from video_vlm.cli.outcome import Outcome
from video_vlm.cli.progress import Reporter
from video_vlm.protocols import ProgressEvent

__all__ = ["BatchProgress"]

_ALL = Path("all files")


class BatchProgress:
    """A reporter that passes events on, each followed by an event for all files together.

    Args:
        files: The reporter they are passed to.
        seconds: The duration of each file that is to be read.
    """

    def __init__(self, files: Reporter, seconds: Mapping[Path, float]) -> None:
        self._files = files
        self._seconds = dict(seconds)
        self._done: dict[Path, float] = {}
        self._num_ended = 0

    def __call__(self, event: ProgressEvent) -> None:
        self._files(event)
        if event.path in self._seconds and event.total is not None:
            self._done[event.path] = min(event.done, self._seconds[event.path])
            self._tell()

    def ended(self, outcome: Outcome) -> None:
        """Count a file as done, whether it was read or failed."""
        self._files.ended(outcome)
        path = Path(outcome.path)
        if path in self._seconds:
            self._num_ended += 1
            self._done[path] = self._seconds[path]
            self._tell()

    def _tell(self) -> None:
        what = f"{self._num_ended} of {len(self._seconds)} files"
        done, total = sum(self._done.values()), sum(self._seconds.values())
        self._files(ProgressEvent("all", done, total, what=what, path=_ALL))
