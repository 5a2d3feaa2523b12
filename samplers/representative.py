"""Representative frames of a segment: sharp ones, one for each change that stays.

The segment is divided into windows of ``candidate_seconds``; the sharpest frame of a window is its candidate.
A candidate is kept when some *block* of it differs from the last one kept. A new line on a slide changes few
pixels, so the largest difference of a block counts, not the mean. A moving object differs in every window; it
is kept only every few windows, while a change that stays is kept at once.

A frame lasts until the next one: it is the only candidate of the windows in which no other begins.
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

_WIDTH = 160  # pixels: a line of text is still visible
_BLOCK = 8  # pixels
_PATIENCE_WINDOWS = 3  # motion alone is kept once in so many windows
_CHANGED = 10.0  # grey levels of a block above the median block: grain and exposure change all blocks
_SETTLED = 0.4  # a block rests if it changed less since the last window, as a share of its whole change
_HELD_WINDOWS = 2  # a frame held for so many windows has come to rest
_SHARPER = 1.1  # a later frame must be so many times sharper than an earlier one
_FLAT = 3.0  # standard deviation in grey levels, below which a frame is black or a single colour


@dataclass(frozen=True, slots=True)
class Representative:
    """A frame and the span of its segment that it stands for."""

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
        """Whether to prefer this one. A rough frame (loop filter skipped) only looks sharp: any other is
        better."""
        if self.picture.is_rough != earlier.picture.is_rough:
            return earlier.picture.is_rough
        return self.sharpness > _SHARPER * earlier.sharpness


class RepresentativePicker:
    """Picks from one segment; fed candidates in order of time, a few a window. Holds five frames at most.

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
        """Look at the next frame; return the representatives whose spans have just ended."""
        window = self._window_of(frame.pts_seconds)
        ended = self._pass_windows(window)
        grey = frame.grey(_WIDTH)
        self._latest = _Candidate(frame, grey, float(cv2.Laplacian(grey, cv2.CV_32F).var()), window)
        if self._best is None or self._latest.is_better_than(self._best):
            self._best = self._latest
        return ended

    def close(self, *, end_seconds: float) -> tuple[Representative, ...]:
        """End the segment at ``end_seconds``; return the remaining representatives. Every segment with a
        frame has at least one."""
        ended = *self._pass_windows(self._window_of(end_seconds)), *self._end_window()
        last = self._kept or self._last_resort
        if last is None:
            return ended
        return *ended, Representative(last.picture, Span(self._kept_from, end_seconds))

    def _window_of(self, seconds: float) -> int:
        return math.floor((seconds - self._start) / self._window_seconds)

    def _pass_windows(self, window: int) -> tuple[Representative, ...]:
        """End the windows before this one. The newest frame lasted through those without a frame."""
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


def _block_change(a: Image, b: Image) -> npt.NDArray[np.float32]:
    """Mean absolute difference of each block, ``(rows, columns)``, in grey levels; one block of 255 where the
    two differ in size."""
    if a.shape != b.shape:
        change = np.zeros((1, 2), np.float32)
        change[0, 1] = 255.0
        return change
    height, width = a.shape
    size = (math.ceil(width / _BLOCK), math.ceil(height / _BLOCK))
    return np.asarray(
        cv2.resize(cv2.absdiff(a, b).astype(np.float32), size, interpolation=cv2.INTER_AREA), np.float32
    )
