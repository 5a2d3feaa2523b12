"""How far a long piece of work has come, for a person who waits: on stderr, and only on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from video_vlm.cli.terminal import one_line
from video_vlm.protocols import Progress, ProgressEvent, silent

if TYPE_CHECKING:
    from tqdm import tqdm

__all__ = ["progress_on"]


@contextmanager
def progress_on(stream: TextIO | None = None, *, quiet: bool = False) -> Iterator[Progress]:
    """A progress callback that draws on ``stream`` (stderr) while the block runs, and leaves nothing behind."""
    shown = sys.stderr if stream is None else stream
    if quiet or not shown.isatty():
        yield silent
        return
    bar = Bar(shown)
    try:
        yield bar
    finally:
        bar.close()


class Bar:
    """One bar at a time: a new stage, or a new file, takes the place of the last."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.label = ""
        self.bar: tqdm | None = None

    def __call__(self, event: ProgressEvent) -> None:
        label = one_line(f"{event.stage} {event.what}")
        if self.bar is None or label != self.label or event.total != self.bar.total:
            self.open(label, event)
        if self.bar is not None:
            self.bar.update(event.done - self.bar.n)

    def open(self, label: str, event: ProgressEvent) -> None:
        from tqdm import tqdm

        self.close()
        self.label = label
        unit = " s of video" if event.unit == "s" else f" {event.unit}s"
        self.bar = tqdm(
            total=event.total,
            initial=event.done,
            desc=label,
            unit=unit,
            file=self.stream,
            leave=False,
            dynamic_ncols=True,
        )

    def close(self) -> None:
        if self.bar is not None:
            self.bar.close()
            self.bar = None
