"""Gradual transitions in a stream of thumbnails: of overlapping spans that could be one, the clearest. A fade
out and the fade in that follows are one.

Every decision looks a few seconds back and ahead and no further, and the grid of points is fixed to the
clock. So a detector that starts :data:`MEMORY_SECONDS` earlier decides the same.
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

_SAME = 0.9  # correlation of the frame that faded out with the one that faded in
_HELD_SECONDS = 0.5  # a frame shown longer than this is a still
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
            # A frame lasts until the next one: a change after a still begins when the still ends.
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
        """Changes that begin a shot before this time are all known; infinity before any frame."""
        return self._undecided_since

    def _decide(self, *, final: bool) -> Iterator[Cut]:
        ripe = [one for one in self._found if final or self._points.is_past(one)]
        rivals = [*self._found, *self._decided]
        winners = [
            one for one in ripe if not any(rival.rank > one.rank and rival.overlaps(one) for rival in rivals)
        ]
        self._found = [one for one in self._found if one not in ripe]
        # A span that is decided may still outrank one that is not.
        self._decided = [
            one for one in (*self._decided, *ripe) if any(one.overlaps(other) for other in self._found)
        ]
        for stretch in sorted(winners, key=lambda one: one.start):
            yield from self._join(stretch)
        may_begin_at = self._points.may_begin_at()
        earliest_start = min([may_begin_at, *(one.start for one in self._found)])
        if self._gone and (final or earliest_start > self._gone.end + _DARK_SECONDS):
            yield self._gone.cut()
            self._gone = None
        waiting = [one.at for one in (*self._found, *([self._gone] if self._gone else []))]
        self._undecided_since = min([may_begin_at, *waiting])

    def _join(self, stretch: DissolveSpan) -> Iterator[Cut]:
        """A fade out waits for the fade in that may follow."""
        gone, self._gone = self._gone, None
        if stretch.kind == "in" and gone and stretch.start - gone.end <= _DARK_SECONDS:
            if _correlation(gone.picture, stretch.picture) > _SAME:
                return  # the light went out and on again
            yield Cut(Span(gone.start, stretch.end), "fade", min(stretch.score / 255.0, 1.0), stretch.at)
            return
        if gone:
            yield gone.cut()
        if stretch.kind == "out":
            self._gone = stretch
        else:
            yield stretch.cut()


def _correlation(a: npt.NDArray[np.float32], b: npt.NDArray[np.float32]) -> float:
    """Of two frames without their means: 1 for the same frame in any light."""
    return float(a @ b) / (math.sqrt(float(a @ a) * float(b @ b)) + 1e-6)
