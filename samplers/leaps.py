"""Hard cuts: where a picture leaps away from the one before, further than anything around it moves.

A leap is a step between two pictures that stands out among the steps around it (the adaptive ratio of
PySceneDetect's ``AdaptiveDetector``) and takes the colours along (their histogram), or stands out by far. It is no
cut when what was there before is back soon: that was a flash, or something passing by. All of it looks a few
pictures back and ahead and no further, so that a detector that starts a little earlier decides the same.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import median

import cv2
import numpy as np
import numpy.typing as npt

from video_vlm.records import Cut, Image, Span

__all__ = [
    "AROUND",
    "FLASH_SECONDS",
    "LeapDetector",
    "alike",
    "brightness",
    "came_back",
    "colours_moved",
    "distance",
    "may_be_leap",
]

FLASH_SECONDS = 0.4
"""A picture that is back within this long was interrupted by a flash, not by a cut."""

MAX_AHEAD = 12
"""How many pictures back, and ahead, a decision looks at most."""

AROUND = 4
"""Pictures on each side whose steps are what is usual here."""

_USUAL_FLOOR = 0.5  # grey levels added to what is usual: two noiseless stills have none
_LEAST_STEP = 4.0  # mean grey levels
_RATIO, _COLOURS = 2.5, 0.35  # stands out, and takes this share of the colours along
_FAR_RATIO, _FAR_STEP = 8.0, 15.0  # stands out by far, whatever the colours
_BACK_SHARE = 0.3  # back again: nearer to the picture before than this share of the leap
_LIT_BACK_SHARE = 0.5  # the same where the leap was only one of light: things move on while it flashes
_LIT = 0.5  # correlation of the same picture in another light
_DARK_LEVEL = 12.0  # mean grey level: below it there is nothing to see on either side


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


class LeapDetector:
    """Finds hard cuts in a stream of thumbnails of one size, given in order of time."""

    def __init__(self) -> None:
        self._past: deque[_Seen] = deque(maxlen=MAX_AHEAD)
        self._waiting: deque[_Seen] = deque()

    def push(self, pts_seconds: float, image: Image) -> tuple[Cut, ...]:
        """Take the next thumbnail (RGB uint8 ``(height, width, 3)``); return the cuts that are now certain."""
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
                yield Cut(Span(head.pts_seconds, head.pts_seconds), "hard", head.step / 255.0, head.pts_seconds)
            self._past.append(head)

    def _is_ripe(self) -> bool:
        num_ahead = len(self._waiting) - 1
        seconds_ahead = self._waiting[-1].pts_seconds - self._waiting[0].pts_seconds
        return num_ahead >= MAX_AHEAD or (num_ahead >= AROUND and seconds_ahead >= FLASH_SECONDS)

    def _is_cut(self, head: _Seen) -> bool:
        if head.step < _LEAST_STEP or not self._past:
            return False
        around = [*list(self._past)[-AROUND:], *list(self._waiting)[:AROUND]]
        ratio = _ratio(head.step, [seen.step for seen in around])
        if ratio < _RATIO or max(brightness(self._past[-1].image), brightness(head.image)) < _DARK_LEVEL:
            return False
        before = self._past[-1]
        if came_back(before, head, past=self._past, ahead=self._waiting):
            return False
        if ratio >= _FAR_RATIO and head.step >= _FAR_STEP:
            return True
        pairs = [(before, head), *_close_pairs(before, head, past=self._past, ahead=self._waiting)]
        return min(_colours_moved(a, b) for a, b in pairs) >= _COLOURS


def may_be_leap(step: float, around: Sequence[float]) -> bool:
    """Whether a picture could be called a cut, by the steps of the pictures around it; False is certain.

    ``around`` should hold the steps of :data:`AROUND` pictures on each side; those that are not known are left out.
    """
    unknown = [0.0] * (2 * AROUND - len(around))
    return step >= _LEAST_STEP and _ratio(step, [*around, *unknown]) >= _RATIO


def _ratio(step: float, around: Sequence[float]) -> float:
    return step / (median(around) + _USUAL_FLOOR)


def came_back(before: _Seen, head: _Seen, *, past: Iterable[_Seen], ahead: Iterable[_Seen]) -> bool:
    """Whether what was there before ``head`` is there again soon after, or was already: a flash, not a cut."""
    share = _LIT_BACK_SHARE if alike(before.image, head.image) >= _LIT else _BACK_SHARE
    near = share * head.step
    return any(distance(a.image, b.image) < near for a, b in _close_pairs(before, head, past=past, ahead=ahead))


def _close_pairs(
    before: _Seen, head: _Seen, *, past: Iterable[_Seen], ahead: Iterable[_Seen]
) -> Iterator[tuple[_Seen, _Seen]]:
    """Pictures on either side of the leap, one of them next to it."""
    yield from ((before, later) for later in ahead if later.pts_seconds - head.pts_seconds <= FLASH_SECONDS)
    yield from (
        (earlier, head)
        for earlier in past
        if earlier is not before and head.pts_seconds - earlier.pts_seconds <= FLASH_SECONDS
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
