"""Gradual changes in a stream of thumbnails: of the stretches that could be one, the clearest, with fades
made whole.

Every decision looks a few seconds back and ahead and no further, and the grid of points is fixed to the
clock, so that a detector that starts :data:`MEMORY_SECONDS` earlier decides the same.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from video_vlm.records import Cut, Image, Span
from video_vlm.samplers.dissolve_fit import MOST_POINTS, POINTS_PER_SECOND, DissolveSpan, GridPoints

__all__ = ["MEMORY_SECONDS", "GradualDetector"]

MEMORY_SECONDS = 12.0
"""No decision looks back further."""

_SAME = 0.9  # correlation of what faded out with what faded in
_HELD_SECONDS = 0.5  # a picture shown longer than this is a still; what comes faster moves, if jerkily
_DARK_SECONDS = 1.5  # a fade out and a fade in with no more than this between them are one change


class GradualDetector:
    """Finds dissolves and fades in a stream of thumbnails of one size, given in order of time."""

    def __init__(self) -> None:
        self._points = GridPoints()
        self._bin: int | None = None
        self._latest: tuple[float, Image] | None = None
        self._found: list[DissolveSpan] = []
        self._decided: list[DissolveSpan] = []
        self._gone: DissolveSpan | None = None
        self._undecided_since = math.inf

    def push(self, pts_seconds: float, image: Image) -> tuple[Cut, ...]:
        """Take the next thumbnail (RGB uint8 ``(height, width, 3)``); return the changes that are now
        certain."""
        place = math.floor(pts_seconds * POINTS_PER_SECOND)
        held, self._latest = self._latest, (pts_seconds, image)
        if place == self._bin:
            return ()
        if held is not None and self._bin is not None and pts_seconds - held[0] > _HELD_SECONDS:
            # A picture lasts until the next one: what comes after a still begins when it ends, not when it
            # began.
            for missing in range(max(self._bin + 1, place - MOST_POINTS), place):
                self._add(missing / POINTS_PER_SECOND, held[1])
        self._bin = place
        self._add(pts_seconds, image)
        return tuple(self._decide(final=False))

    def _add(self, pts_seconds: float, image: Image) -> None:
        self._points.add(pts_seconds, image)
        self._found += self._points.stretches()

    def finish(self) -> tuple[Cut, ...]:
        """No more pictures: the changes among those that were still waiting."""
        for _ in self._points.repeat_last():
            self._found += self._points.stretches()
        return tuple(self._decide(final=True))

    @property
    def undecided_since(self) -> float:
        """Changes that begin a shot before this time are all known; infinity before any picture."""
        return self._undecided_since

    def _decide(self, *, final: bool) -> Iterator[Cut]:
        ripe = [one for one in self._found if final or self._points.is_past(one)]
        winners = [one for one in ripe if not self._is_beaten(one)]
        self._found = [one for one in self._found if one not in ripe]
        # What is decided may still beat what is not.
        self._decided = [
            one for one in (*self._decided, *ripe) if any(one.overlaps(other) for other in self._found)
        ]
        for stretch in sorted(winners, key=lambda one: one.start):
            yield from self._join(stretch)
        if self._gone and (final or self._earliest_start() > self._gone.end + _DARK_SECONDS):
            yield self._gone.cut()
            self._gone = None
        waiting = [one.at for one in (*self._found, *([self._gone] if self._gone else []))]
        self._undecided_since = min([self._points.may_begin_at(), *waiting])

    def _is_beaten(self, stretch: DissolveSpan) -> bool:
        rivals = (other for other in (*self._found, *self._decided) if other.overlaps(stretch))
        return any(other.rank > stretch.rank for other in rivals)

    def _join(self, stretch: DissolveSpan) -> Iterator[Cut]:
        """A fade out waits for the fade in that may follow."""
        gone, self._gone = self._gone, None
        if stretch.kind == "in" and gone and stretch.start - gone.end <= _DARK_SECONDS:
            if _alike(gone.picture, stretch.picture) > _SAME:
                return  # the light went out and on again
            yield Cut(Span(gone.start, stretch.end), "fade", min(stretch.score / 255.0, 1.0), stretch.at)
            return
        if gone:
            yield gone.cut()
        if stretch.kind == "out":
            self._gone = stretch
        else:
            yield stretch.cut()

    def _earliest_start(self) -> float:
        return min([self._points.may_begin_at(), *(one.start for one in self._found)])


def _alike(a: npt.NDArray[np.float32], b: npt.NDArray[np.float32]) -> float:
    """Correlation of two pictures without their means: 1 for the same in any light."""
    return float(a @ b) / (math.sqrt(float(a @ a) * float(b @ b)) + 1e-6)
