"""Hard cuts: frames that differ from the frame before by far more than the neighbouring frames do.

The *step* of a frame is its distance from the frame before. A frame begins a shot where its step is large
against the median step around it (the adaptive ratio of PySceneDetect's ``AdaptiveDetector``) and the colour
histogram changes too, or where its step is very large. It begins no shot when the earlier content is back
soon: that was a flash, or an object that passed by.

The neighbourhood is measured in seconds, so that a video has the same cuts at any frame rate. A frame lasts
until the next one: a slide of five seconds is one frame of five seconds. Frames closer than
:data:`_BIN_SECONDS` count as one: of 24 frames a second stored as 240, nine in ten are repeats.

No decision looks further than a few frames and some tenths of a second back and ahead. So a detector that
starts a little earlier decides the same.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from statistics import median
from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from video_vlm.records import Cut, Image, Span

__all__ = [
    "AROUND",
    "FLASH_SECONDS",
    "HardCutDetector",
    "alike",
    "brightness",
    "came_back",
    "colours_moved",
    "distance",
    "may_be_hard_cut",
]

FLASH_SECONDS = 0.4
"""The longest flash: a frame that is back within this time was interrupted by a flash, not by a cut."""

AROUND = 4
"""Frames on each side whose steps are compared with a frame's own step, at most."""

AROUND_SECONDS = 0.6
"""How far away these frames may be: three frames on each side at 5 frames a second, and none at 1."""

_BIN_SECONDS = 0.03  # frames closer than this count as one; at 30 frames a second none are
_USUAL_FLOOR = 0.5  # grey levels added to the median step: between two noiseless stills it is 0
_LEAST_STEP = 4.0  # mean grey levels
_RATIO = 2.5  # of the step to the median step around it: a cut, if the colours change too ...
_COLOURS = 0.35  # ... by this share
_FAR_RATIO, _FAR_STEP = 8.0, 15.0  # ratio and mean grey levels: a cut, whatever the colours
_BACK_SHARE = 0.3  # back again: nearer to the frame before than this share of the step
_LIT_BACK_SHARE = 0.5  # the same where only the light changed: objects move during the flash
_LIT = 0.5  # correlation of the same frame in another light
_DARK_LEVEL = 12.0  # mean grey level: two frames below it are both black
_STILL_SECONDS = 2.0  # a frame shown longer than this is a still
_STEADY = 0.25  # and so is one shown longer or shorter than its neighbours by more than this share
_SAME_LEVELS, _PAGE_SHARE = 3, 0.3  # grey levels, and share of the pixels that stay when a page changes

Step: TypeAlias = tuple[float, float]
"""How many seconds away a frame is, and its distance in grey levels from the one before it."""


@dataclass(frozen=True)
class _Seen:
    """A frame, its distance in grey levels from the one before, and its colour histogram."""

    pts_seconds: float
    image: Image
    step: float

    @cached_property
    def colours(self) -> npt.NDArray[np.float32]:
        """Shares of 512 colours, ``(512,)``."""
        return _colours(self.image)


class HardCutDetector:
    """Finds hard cuts in a stream of thumbnails of one size, given in order of time."""

    def __init__(self) -> None:
        self._past: deque[_Seen] = deque()
        self._waiting: deque[_Seen] = deque()

    def push(self, pts_seconds: float, image: Image) -> tuple[Cut, ...]:
        """Take the next thumbnail (RGB uint8 ``(height, width, 3)``); return the cuts that are now
        certain."""
        last = self._waiting[-1] if self._waiting else self._past[-1] if self._past else None
        self._waiting.append(_Seen(pts_seconds, image, 0.0 if last is None else distance(last.image, image)))
        return tuple(self._decide(final=False))

    def finish(self) -> tuple[Cut, ...]:
        """No more pictures: the cuts among those that were still waiting."""
        return tuple(self._decide(final=True))

    @property
    def undecided_since(self) -> float:
        """The earliest frame that may still turn out to begin a shot; infinity where none may."""
        return self._waiting[0].pts_seconds if self._waiting else math.inf

    def _decide(self, *, final: bool) -> Iterator[Cut]:
        while self._waiting and (final or self._is_ripe()):
            head = self._waiting.popleft()
            at = head.pts_seconds
            if self._is_cut(head):
                yield Cut(Span(at, at), "hard", head.step / 255.0, at)
            self._past.append(head)
            while len(self._past) > AROUND and at - self._past[0].pts_seconds > AROUND_SECONDS:
                self._past.popleft()

    def _is_ripe(self) -> bool:
        seconds_ahead = self._waiting[-1].pts_seconds - self._waiting[0].pts_seconds
        return len(self._waiting) > AROUND and seconds_ahead >= FLASH_SECONDS

    def _is_cut(self, head: _Seen) -> bool:
        if head.step < _LEAST_STEP or not self._past:
            return False
        near = _near(_away(head, reversed(self._past)), _away(head, self._waiting))
        ratio, before = _ratio(head.step, near), self._past[-1]
        if ratio < _RATIO or max(brightness(before.image), brightness(head.image)) < _DARK_LEVEL:
            return False
        if came_back(before, head, past=self._past, ahead=self._waiting):
            return False
        if ratio >= _FAR_RATIO and head.step >= _FAR_STEP and (near or self._is_far_alone(before, head)):
            return True
        pairs = [(before, head), *_close_pairs(before, head, past=self._past, ahead=self._waiting)]
        return min(float(np.abs(a.colours - b.colours).sum()) / 2 for a, b in pairs) >= _COLOURS

    def _is_far_alone(self, before: _Seen, head: _Seen) -> bool:
        """Whether a frame with none near in time is a cut by its step alone.

        It is after a still; or where its step is large against those of the frames around it; or where a page
        changes: many pixels stay exactly the same. A panning camera that takes a frame every second shows
        none of this: all of its steps are large.
        """
        seconds = head.pts_seconds - before.pts_seconds
        around = [*list(self._past)[-AROUND:], head, *list(self._waiting)[:AROUND]]
        gaps = [b.pts_seconds - a.pts_seconds for a, b in pairwise(around)]
        if seconds > _STILL_SECONDS or any(abs(gap - seconds) > _STEADY * seconds for gap in gaps):
            return True
        others = [seen.step for seen in around if seen is not head]
        if _ratio(head.step, others) >= _FAR_RATIO:
            return True
        is_same = cv2.absdiff(before.image, head.image).max(axis=2) <= _SAME_LEVELS
        return float(is_same.mean()) >= _PAGE_SHARE


def may_be_hard_cut(step: float, before: Iterable[Step], after: Iterable[Step]) -> bool:
    """Whether a frame could be called a cut, by the steps of the frames around it; False is certain.

    Args:
        step: The frame's distance from the one before, in mean grey levels.
        before: Steps of earlier frames, nearest first; up to :data:`AROUND` are used.
        after: Steps of later frames, nearest first. Unknown ones are left out.
    """
    near = _near(before, after)
    return step >= _LEAST_STEP and _ratio(step, [*near, *([0.0] * (2 * AROUND - len(near)))]) >= _RATIO


def _near(before: Iterable[Step], after: Iterable[Step]) -> list[float]:
    """The steps to compare with, up to :data:`AROUND` on each side; none where no frame is near."""
    return [*_binned(before), *_binned(after)]


def _away(head: _Seen, others: Iterable[_Seen]) -> Iterator[Step]:
    return ((abs(seen.pts_seconds - head.pts_seconds), seen.step) for seen in others)


def _binned(steps: Iterable[Step]) -> list[float]:
    """The largest step of each bin. [(.004, 1), (.008, 2), (.033, 5), (.037, 3)] -> [2, 5]"""
    bins: list[float] = []
    since = -math.inf
    for away, step in steps:
        if away - since < _BIN_SECONDS:
            bins[-1] = max(bins[-1], step)
        elif away > AROUND_SECONDS or len(bins) == AROUND:
            break
        else:
            bins.append(step)
            since = away
    return bins


def _ratio(step: float, around: Sequence[float]) -> float:
    return step / ((median(around) if around else 0.0) + _USUAL_FLOOR)


def came_back(before: _Seen, head: _Seen, *, past: Iterable[_Seen], ahead: Iterable[_Seen]) -> bool:
    """Whether the content before ``head`` is back within :data:`FLASH_SECONDS`: a flash, not a cut.

    The same holds where ``head`` shows content of shortly before a flash. ``past`` and ``ahead`` are in order
    of time.
    """
    share = _LIT_BACK_SHARE if alike(before.image, head.image) >= _LIT else _BACK_SHARE
    near = share * head.step
    return any(
        distance(a.image, b.image) < near for a, b in _close_pairs(before, head, past=past, ahead=ahead)
    )


def _close_pairs(
    before: _Seen, head: _Seen, *, past: Iterable[_Seen], ahead: Iterable[_Seen]
) -> Iterator[tuple[_Seen, _Seen]]:
    """Frames on either side of the step, one of them next to it, no more than a flash apart."""
    longest = FLASH_SECONDS + 1e-9
    yield from ((before, later) for later in ahead if later.pts_seconds - head.pts_seconds <= longest)
    yield from (
        (earlier, head)
        for earlier, after in pairwise(past)
        if head.pts_seconds - after.pts_seconds <= longest
    )


def colours_moved(a: Image, b: Image) -> float:
    """The share of one image's pixels whose colours the other does not have, in ``[0, 1]``.

    Both are RGB uint8 ``(height, width, 3)``.
    """
    return float(np.abs(_colours(a) - _colours(b)).sum()) / 2


def _colours(image: Image) -> npt.NDArray[np.float32]:
    """Shares of 512 colours, ``(512,)``."""
    coarse = (image >> 5).astype(np.int32)
    index = (coarse[..., 0] << 6) | (coarse[..., 1] << 3) | coarse[..., 2]
    counts = np.bincount(index.ravel(), minlength=512)
    return np.asarray(counts / counts.sum(), np.float32)


def alike(a: Image, b: Image) -> float:
    """Pearson correlation of two grey images, in ``[-1, 1]``; 1 where one of them is a single colour.

    Both are RGB uint8 ``(height, width, 3)`` of one size.
    """
    grey_a, grey_b = (cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32) for image in (a, b))
    grey_a, grey_b = grey_a - grey_a.mean(), grey_b - grey_b.mean()
    contrast = float(np.sqrt((grey_a * grey_a).mean() * (grey_b * grey_b).mean()))
    return float((grey_a * grey_b).mean()) / contrast if contrast >= 1.0 else 1.0


def brightness(image: Image) -> float:
    """Mean of all channels, in grey levels ``[0, 255]``; ten times faster than ``image.mean()``."""
    return float(cv2.norm(image, cv2.NORM_L1)) / image.size


def distance(a: Image, b: Image) -> float:
    """Mean absolute difference of two images of one size, in grey levels ``[0, 255]``."""
    return float(cv2.norm(a, b, cv2.NORM_L1)) / a.size
