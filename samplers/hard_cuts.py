"""Hard cuts: where a picture leaps away from the one before, further than anything around it moves.

A leap is a step between two pictures that stands out among the steps around it (the adaptive ratio of
PySceneDetect's ``AdaptiveDetector``) and takes the colours along (their histogram), or stands out by far. It
is no cut when what was there before is back soon: that was a flash, or something passing by.

What is around is measured in seconds, so that a film has the same cuts at any rate. A picture lasts until the
next one: where none is near in time nothing moves, and a slide of five seconds is one picture of five
seconds. Pictures closer than :data:`_BIN_SECONDS` count as one: of 24 pictures a second shown as 240 nine in
ten are repeats.

All of it looks a few pictures and some tenths of a second back and ahead and no further, so that a detector
that starts a little earlier decides the same.
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
"""A picture that is back within this long was interrupted by a flash, not by a cut."""

AROUND = 4
"""Pictures on each side whose steps are what is usual here."""

AROUND_SECONDS = 0.6
"""No further away than this: it takes in three pictures on each side at 5 pictures a second, and none at
1."""

_BIN_SECONDS = 0.03  # pictures closer than this count as one: at 30 a second each is for itself
_USUAL_FLOOR = 0.5  # grey levels added to what is usual: two noiseless stills have none
_LEAST_STEP = 4.0  # mean grey levels
_RATIO, _COLOURS = 2.5, 0.35  # stands out, and takes this share of the colours along
_FAR_RATIO, _FAR_STEP = 8.0, 15.0  # stands out by far, whatever the colours
_BACK_SHARE = 0.3  # back again: nearer to the picture before than this share of the leap
_LIT_BACK_SHARE = 0.5  # the same where the leap was only one of light: things move on while it flashes
_LIT = 0.5  # correlation of the same picture in another light
_DARK_LEVEL = 12.0  # mean grey level: below it there is nothing to see on either side
_STILL_SECONDS, _STEADY = (
    2.0,
    0.25,
)  # a picture that is shown longer, or than its neighbours by this share, is a still
_SAME_LEVELS, _PAGE_SHARE = (
    3,
    0.3,
)  # grey levels, and share of the pixels: that much of a page stays as it was

Step: TypeAlias = tuple[float, float]
"""How many seconds away a picture is, and its distance from the one before it."""


@dataclass(frozen=True)
class _Seen:
    """A picture, how far it stepped away from the one before, and what it is made of."""

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
        """The earliest picture that may still turn out to begin a shot; infinity where none may."""
        return self._waiting[0].pts_seconds if self._waiting else math.inf

    def _decide(self, *, final: bool) -> Iterator[Cut]:
        while self._waiting and (final or self._is_ripe()):
            head = self._waiting.popleft()
            if self._is_cut(head):
                yield Cut(
                    Span(head.pts_seconds, head.pts_seconds), "hard", head.step / 255.0, head.pts_seconds
                )
            self._remember(head)

    def _remember(self, seen: _Seen) -> None:
        self._past.append(seen)
        while len(self._past) > AROUND and seen.pts_seconds - self._past[0].pts_seconds > AROUND_SECONDS:
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
        return min(_colours_moved(a, b) for a, b in pairs) >= _COLOURS

    def _is_far_alone(self, before: _Seen, head: _Seen) -> bool:
        """Whether a picture with none near in time stands out: what was shown before it was a still, or it is
        far from what comes next to it, or it is a page: much stays as it was to the pixel while the rest is
        another. Of a camera that takes a picture every second, panning, all are far from each other."""
        seconds = head.pts_seconds - before.pts_seconds
        around = [*list(self._past)[-AROUND:], head, *list(self._waiting)[:AROUND]]
        gaps = [b.pts_seconds - a.pts_seconds for a, b in pairwise(around)]
        if seconds > _STILL_SECONDS or any(abs(gap - seconds) > _STEADY * seconds for gap in gaps):
            return True
        others = [seen.step for seen in around if seen is not head]
        return _ratio(head.step, others) >= _FAR_RATIO or _same_share(before.image, head.image) >= _PAGE_SHARE


def may_be_hard_cut(step: float, before: Iterable[Step], after: Iterable[Step]) -> bool:
    """Whether a picture could be called a cut, by the steps of the pictures around it; False is certain.

    ``before`` and ``after`` are nearest first and should reach :data:`AROUND` pictures; what is not known is
    left out.
    """
    near = _near(before, after)
    return step >= _LEAST_STEP and _ratio(step, [*near, *([0.0] * (2 * AROUND - len(near)))]) >= _RATIO


def _near(before: Iterable[Step], after: Iterable[Step]) -> list[float]:
    """The steps that say what is usual here, up to :data:`AROUND` on each side; none where no picture is
    near."""
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


def _same_share(a: Image, b: Image) -> float:
    """The share of the pixels that are the same in both, but for what coding does to them."""
    return float((cv2.absdiff(a, b).max(axis=2) <= _SAME_LEVELS).mean())


def came_back(before: _Seen, head: _Seen, *, past: Iterable[_Seen], ahead: Iterable[_Seen]) -> bool:
    """Whether what was there before ``head`` is there again soon after, or was already: a flash, not a
    cut."""
    share = _LIT_BACK_SHARE if alike(before.image, head.image) >= _LIT else _BACK_SHARE
    near = share * head.step
    return any(
        distance(a.image, b.image) < near for a, b in _close_pairs(before, head, past=past, ahead=ahead)
    )


def _close_pairs(
    before: _Seen, head: _Seen, *, past: Iterable[_Seen], ahead: Iterable[_Seen]
) -> Iterator[tuple[_Seen, _Seen]]:
    """Pictures on either side of the leap, one of them next to it, with no more than a flash between."""
    longest = FLASH_SECONDS + 1e-9
    yield from ((before, later) for later in ahead if later.pts_seconds - head.pts_seconds <= longest)
    yield from (
        (earlier, head)
        for earlier, after in pairwise(past)
        if head.pts_seconds - after.pts_seconds <= longest
    )


def _colours_moved(a: _Seen, b: _Seen) -> float:
    return float(np.abs(a.colours - b.colours).sum()) / 2


def colours_moved(a: Image, b: Image) -> float:
    """The share of one picture's pixels that is of colours the other does not have, from 0 to 1."""
    return float(np.abs(_colours(a) - _colours(b)).sum()) / 2


def _colours(image: Image) -> npt.NDArray[np.float32]:
    """Shares of 512 colours, ``(512,)``."""
    coarse = (image >> 5).astype(np.int32)
    index = (coarse[..., 0] << 6) | (coarse[..., 1] << 3) | coarse[..., 2]
    counts = np.bincount(index.ravel(), minlength=512)
    return np.asarray(counts / counts.sum(), np.float32)


def alike(a: Image, b: Image) -> float:
    """Correlation of two pictures over place, in grey; a bare colour is like everything."""
    grey_a, grey_b = (cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32) for image in (a, b))
    grey_a, grey_b = grey_a - grey_a.mean(), grey_b - grey_b.mean()
    contrast = float(np.sqrt((grey_a * grey_a).mean() * (grey_b * grey_b).mean()))
    return float((grey_a * grey_b).mean()) / contrast if contrast >= 1.0 else 1.0


def brightness(image: Image) -> float:
    """Mean of all channels, in grey levels (0 to 255); ten times faster than ``image.mean()``."""
    return float(cv2.norm(image, cv2.NORM_L1)) / image.size


def distance(a: Image, b: Image) -> float:
    """Mean absolute difference, in grey levels."""
    return float(cv2.norm(a, b, cv2.NORM_L1)) / a.size
