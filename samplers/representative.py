"""Representative frames of a segment: sharp, one for each thing there is to see, picked by time.

The segment is cut into windows of ``candidate_seconds``; each window's sharpest picture is its
candidate. A candidate is kept when some *place* in it differs from the last one kept: a new line on a
slide changes few pixels of many, so the measure is the worst block, not the mean. What merely moves would
differ all the time; it is kept only every few windows, while what appears and stays is kept at once.

A picture lasts until the next one: it is the only candidate of the windows in which no other comes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from video_vlm.protocols import DecodedFrame
from video_vlm.records import Image, Span
from video_vlm.settings import FrameSettings

__all__ = ["Representative", "RepresentativePicker"]

_WIDTH = 160  # pixels: a line of text is still a line
_BLOCK = 8
_PATIENCE_WINDOWS = 3  # what only moves is kept this often
_CHANGED = (
    10.0  # grey levels a block must differ by, over the median block: grain and exposure change all blocks
)
_SETTLED = 0.4  # of its change: a block that differs less than this from a window ago has come to rest
_HELD_WINDOWS = 2  # after so many a picture that does not change has come to rest
_SHARPER = 1.1  # of two that are as good as equal the earlier one
_FLAT = 3.0  # standard deviation, grey levels: black, or a bare colour


@dataclass(frozen=True, slots=True)
class Representative:
    """A picture and the stretch of its segment it stands for."""

    picture: DecodedFrame
    span: Span


@dataclass(frozen=True, slots=True)
class _Candidate:
    picture: DecodedFrame
    grey: Image
    sharpness: float
    window: int

    @property
    def is_flat(self) -> bool:
        return float(self.grey.std()) < _FLAT

    def is_better_than(self, earlier: _Candidate) -> bool:
        """Blocks that were not smoothed only look sharp: a rough picture is one where there is no other."""
        if self.picture.is_rough != earlier.picture.is_rough:
            return earlier.picture.is_rough
        return self.sharpness > _SHARPER * earlier.sharpness


class RepresentativePicker:
    """Picks from one segment; fed candidates in order of time, a few a window. Holds five pictures at most.

    Args:
        settings: ``candidate_seconds`` is the length of a window.
        start_seconds: When the segment begins.
    """

    def __init__(self, settings: FrameSettings, *, start_seconds: float) -> None:
        self._window_seconds = settings.candidate_seconds
        self._start = start_seconds
        self._best: _Candidate | None = None
        self._latest: _Candidate | None = None
        self._previous: _Candidate | None = None
        self._last_resort: _Candidate | None = None
        self._kept: _Candidate | None = None
        self._kept_from = start_seconds

    def push(self, frame: DecodedFrame) -> tuple[Representative, ...]:
        """Look at the next candidate; return the representative whose stretch has just ended, if one has."""
        window = self._window_of(frame.pts_seconds)
        ended = self._pass_windows(window)
        self._latest = _candidate(frame, window)
        if self._best is None or self._latest.is_better_than(self._best):
            self._best = self._latest
        return ended

    def close(self, *, end_seconds: float) -> tuple[Representative, ...]:
        """The segment ends: what is still to be given out. Every segment with a picture has a
        representative."""
        ended = *self._pass_windows(self._window_of(end_seconds)), *self._end_window()
        last = self._kept or self._last_resort
        if last is None:
            return ended
        return *ended, Representative(last.picture, Span(self._kept_from, end_seconds))

    def _window_of(self, seconds: float) -> int:
        return math.floor((seconds - self._start) / self._window_seconds)

    def _pass_windows(self, window: int) -> tuple[Representative, ...]:
        """The windows before this one are over; through those without a picture of their own the newest one
        lasted."""
        if self._latest is None or window <= self._latest.window:
            return ()
        ended = self._end_window()
        first = self._latest.window + 1
        for held in range(first, min(window, first + _HELD_WINDOWS)):
            self._best = replace(self._latest, window=held)
            ended += self._end_window()
        return ended

    def _end_window(self) -> tuple[Representative, ...]:
        best, self._best = self._best, None
        if best is None:
            return ()
        ended: tuple[Representative, ...] = ()
        if self._is_new(best):
            if self._kept is not None:
                since = min(self._start + best.window * self._window_seconds, best.picture.pts_seconds)
                ended = (Representative(self._kept.picture, Span(self._kept_from, since)),)
                self._kept_from = since
            self._kept = best
        self._previous = best
        if self._last_resort is None or best.is_better_than(self._last_resort):
            self._last_resort = best
        return ended

    def _is_new(self, candidate: _Candidate) -> bool:
        if candidate.is_flat:
            return False
        if self._kept is None:
            return True
        change = _block_change(candidate.grey, self._kept.grey)
        worst = np.unravel_index(int(change.argmax()), change.shape)
        if change[worst] - float(np.median(change)) < _CHANGED:
            return False
        if candidate.window - self._kept.window >= _PATIENCE_WINDOWS:
            return True
        if self._previous is None or self._previous is self._kept:
            return False
        return bool(_block_change(candidate.grey, self._previous.grey)[worst] < _SETTLED * change[worst])


def _candidate(frame: DecodedFrame, window: int) -> _Candidate:
    grey = frame.grey(_WIDTH)
    sharpness = float(cv2.Laplacian(grey, cv2.CV_32F).var())
    return _Candidate(frame, grey, sharpness, window)


def _block_change(a: Image, b: Image) -> npt.NDArray[np.float32]:
    """Mean absolute difference of each block, ``(rows, columns)``, grey levels; two sizes of picture differ
    wholly."""
    if a.shape != b.shape:
        change = np.zeros((1, 2), np.float32)
        change[0, 1] = 255.0
        return change
    height, width = a.shape
    size = (math.ceil(width / _BLOCK), math.ceil(height / _BLOCK))
    return np.asarray(
        cv2.resize(cv2.absdiff(a, b).astype(np.float32), size, interpolation=cv2.INTER_AREA), np.float32
    )
