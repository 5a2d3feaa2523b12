"""Progress bars for people: on stderr, and only on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol, TextIO

from video_vlm.cli.outcome import Outcome
from video_vlm.cli.rate_estimate import RateEstimate
from video_vlm.cli.terminal import one_line
from video_vlm.protocols import ProgressEvent

if TYPE_CHECKING:
    from tqdm import tqdm

__all__ = ["Nobody", "Reporter", "progress_on"]


class Reporter(Protocol):
    """Receives the progress of work, and the outcome of each file of a batch."""

    def __call__(self, event: ProgressEvent) -> None: ...
    def ended(self, outcome: Outcome) -> None: ...


class Nobody:
    """A reporter that does nothing."""

    def __call__(self, event: ProgressEvent) -> None:
        pass

    def ended(self, outcome: Outcome) -> None:
        pass


@contextmanager
def progress_on(stream: TextIO | None = None, *, quiet: bool = False) -> Iterator[Reporter]:
    """A reporter that draws on ``stream`` (stderr if None) inside the block, and clears its bars at the
    end."""
    shown = sys.stderr if stream is None else stream
    if quiet or not shown.isatty():
        yield Nobody()
        return
    bars = Bars(shown)
    try:
        yield bars
    finally:
        bars.close()


class Bars:
    """A bar for each file in work, one below the other; that of a finished file is removed."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.bars: dict[str, Bar] = {}

    def __call__(self, event: ProgressEvent) -> None:
        key = f"{event.stage} {event.path or event.what}"
        if key not in self.bars:
            # A new stage replaces the one before: of the same file, or of all files together.
            done = [k for k, bar in self.bars.items() if event.path is None or bar.path in (None, event.path)]
            self.take_away(done)
            self.bars[key] = Bar(event, self.stream, row=self.free_row())
        self.bars[key].show(event)

    def ended(self, outcome: Outcome) -> None:
        self.take_away([key for key, bar in self.bars.items() if str(bar.path) == outcome.path])

    def take_away(self, keys: Iterable[str]) -> None:
        for key in keys:
            self.bars.pop(key).close()

    def free_row(self) -> int:
        taken = {bar.row for bar in self.bars.values()}
        return next(row for row in range(len(taken) + 1) if row not in taken)

    def close(self) -> None:
        self.take_away(list(self.bars))


class Bar:
    """One bar: how far, how fast (seconds of video a second), and the time left."""

    def __init__(self, event: ProgressEvent, stream: TextIO, *, row: int) -> None:
        from tqdm import tqdm

        self.path = event.path
        self.row = row
        self.pace = RateEstimate()
        self.drawn: tqdm = tqdm(
            desc=one_line(f"{event.stage} {event.what}"),
            unit=f" {event.unit}s",
            file=stream,
            position=row,
            leave=False,
            dynamic_ncols=True,
            bar_format="{desc}",
        )

    def show(self, event: ProgressEvent) -> None:
        self.pace.note(event)
        self.drawn.total = event.total
        if event.unit == "s":
            meter = "{percentage:3.0f}%|{bar}| " if event.total else ""
            self.drawn.bar_format = f"{{desc}}: {meter}{self.pace}"
        else:
            self.drawn.bar_format = None
        self.drawn.update(event.done - self.drawn.n)

    def close(self) -> None:
        self.drawn.close()
