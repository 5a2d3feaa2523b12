"""Progress of a batch for programs: JSON, one object a line, on stderr.

    {"event": "start", "path": "film.mp4"}
    {"event": "progress", "path": "film.mp4", "done_seconds": 61, "total_seconds": 90, "speed": 5.8,
     "eta_seconds": 5}
    {"event": "done", "path": "film.mp4", "content_id": "...",
     "summary": "3 scenes, 12 shots, 40 observations"}
    {"event": "failed", "path": "bad.mp4", "error": "..."}

``speed`` is seconds of video a second; ``speed``, ``eta_seconds`` and ``total_seconds`` are null where they
are not known.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

from video_vlm.cli.outcome import Outcome
from video_vlm.cli.rate_estimate import RateEstimate
from video_vlm.cli.terminal import write
from video_vlm.protocols import ProgressEvent

__all__ = ["ProgressLines"]

EVERY_SECONDS = 0.5


class ProgressLines:
    """Writes a line when a file starts or ends, and at most two a second for each file in between.

    Args:
        stream: Where to; stderr if None.
        now: The clock, in seconds.
    """

    def __init__(self, stream: TextIO | None = None, *, now: Callable[[], float] = time.monotonic) -> None:
        self.stream = sys.stderr if stream is None else stream
        self.now = now
        self.paces: dict[Path, RateEstimate] = {}
        self.due: dict[Path, float] = {}

    def __call__(self, event: ProgressEvent) -> None:
        if event.path is None:
            return
        if event.path not in self.paces:
            self.paces[event.path] = RateEstimate(self.now)
            self.line("start", event.path)
        pace = self.paces[event.path]
        pace.note(event)
        if event.total is not None and self.is_due(event):
            self.line(
                "progress",
                event.path,
                done_seconds=pace.done,
                total_seconds=pace.total,
                speed=pace.speed,
                eta_seconds=pace.eta_seconds,
            )

    def is_due(self, event: ProgressEvent) -> bool:
        """Whether half a second has passed since the file's last line; True for its first and last event."""
        path, moment = event.path or Path(), self.now()
        if moment < self.due.get(path, moment) and event.done != event.total:
            return False
        self.due[path] = moment + EVERY_SECONDS
        return True

    def ended(self, outcome: Outcome) -> None:
        if outcome.error is None:
            self.line("done", outcome.path, content_id=outcome.content_id, summary=outcome.summary)
        else:
            self.line("failed", outcome.path, error=outcome.error)

    def line(self, event: str, path: Path | str, **more: Any) -> None:
        rounded = {key: round(one, 2) if isinstance(one, float) else one for key, one in more.items()}
        write(json.dumps({"event": event, "path": str(path), **rounded}), file=self.stream)
        self.stream.flush()
