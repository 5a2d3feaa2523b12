"""Dissolves and fades: spans of frames that are mixtures of their first frame and their last one.

A dissolve from A to B shows ``(1 - a) A + a B`` with ``a`` growing steadily from 0 to 1; a fade is the same
with a single colour for A or B. The frames of a moving camera do not lie on the line between two of them. So
a span is a transition when its frames lie near the line from the first to the last, evenly spaced along it,
when these two differ in structure (not only in brightness), and when little moves beside it. The model is
that of Yuan et al., "A formal study of shot boundary detection", 2007.

Everything is computed from the dot products of the newest :class:`GridPoints`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

import cv2
import numpy as np
import numpy.typing as npt

from video_vlm.records import Cut, Image, Span

__all__ = ["MOST_POINTS", "POINTS_PER_SECOND", "DissolveSpan", "GridPoints"]

POINTS_PER_SECOND = 12.0
"""How often frames are compared."""

_SIZE = (24, 14)  # width and height at which frames are compared: grain is gone
_HALVES = (2, 3, 4, 6, 8, 11, 15)  # half lengths that are tried, in grid points
_LONGEST_SECONDS = 2.6
_BESIDE = 3  # grid points before and after a span, to measure how much moves there
MOST_POINTS = 2 * max(_HALVES) + 2 * _BESIDE + 1
"""The longest span with the points beside it, in grid points."""

_FROM_LINE = 0.4  # root mean square distance from the line, over its length, at which the score is zero
_STRAY = 1.5  # the middle point may be so many times that far from the line
_STEPS = (-0.3, 2.2)  # least and largest step between neighbours, over the even step
_END_SHARE = 0.04  # a point before this share of the line has not begun to change
_UNEVEN = 0.25  # largest distance from its even place on the line
_OUT_MOVES = (2.0, 4.0)  # length over the motion beside it: no transition, and a clear one
_GOES_ON = (-0.7, -0.4)  # pace beside the span along its line, over its own (negated): a camera, a transition
_LEAST_LENGTH = 12.0  # root mean square grey levels from A to B
_DISSOLVE_SCORE = 10.75
_BARE_SHARE = 0.25  # a frame with less than this share of the other's contrast is a single colour
_LEAST_CONTRAST = 6.0
_FADE_SCORE = 12.0

_Kind = Literal["dissolve", "out", "in"]
_Vector = npt.NDArray[np.float32]
_Series = npt.NDArray[np.float64]


@dataclass(frozen=True)
class DissolveSpan:
    """A span, in seconds, that may be a transition.

    ``last`` is the number of its last grid point, counted from the first of the stream.
    """

    start: float
    middle: float
    end: float
    last: int
    kind: _Kind
    score: float
    picture: _Vector = field(repr=False, compare=False)
    """Its first frame if it fades out, else its last one, minus its mean, ``(24 * 14 * 3,)``."""

    @property
    def at(self) -> float:
        """When the new shot begins, in seconds: the middle of a dissolve, the end of a fade out, the start of
        a fade in."""
        return {"dissolve": self.middle, "out": self.end, "in": self.start}[self.kind]

    @property
    def rank(self) -> tuple[float, int, float]:
        """Of spans that overlap, the one with the highest rank is the transition."""
        return self.score, -self.last, self.start

    def overlaps(self, other: DissolveSpan) -> bool:
        return self.start < other.end and other.start < self.end

    def cut(self) -> Cut:
        kind: Literal["dissolve", "fade"] = "dissolve" if self.kind == "dissolve" else "fade"
        return Cut(Span(self.start, self.end), kind, min(self.score / 255.0, 1.0), self.at)


class GridPoints:
    """The newest grid points: their times, their dot products with each other, and the means of their
    channels."""

    def __init__(self) -> None:
        self._times: list[float] = []
        self._newest = _Newest(_SIZE[0] * _SIZE[1] * 3)
        self._newest_means = _Newest(3)
        self._count = 0

    def add(self, pts_seconds: float, image: Image) -> None:
        small = np.asarray(cv2.resize(image, _SIZE, interpolation=cv2.INTER_AREA), np.float32) - 128.0
        self._append(pts_seconds, small.reshape(-1), np.array(cv2.mean(small)[:3], np.float32))

    def repeat_last(self) -> Iterator[None]:
        """Repeat the last point, one at a time, until every span can be judged."""
        for _ in range(_BESIDE if self._times else 0):
            last = self._newest.vectors[-1], self._newest_means.vectors[-1]
            self._append(self._times[-1] + 1.0 / POINTS_PER_SECOND, *last)
            yield

    def _append(self, pts_seconds: float, vector: _Vector, means: _Vector) -> None:
        self._times = [*self._times, pts_seconds][-MOST_POINTS:]
        self._newest.add(vector)
        self._newest_means.add(means)
        self._count += 1

    def stretches(self) -> Iterator[DissolveSpan]:
        """The transitions among the spans that can be judged since the newest point was added."""
        last = len(self._times) - 1 - _BESIDE
        for half in _HALVES:
            first = last - 2 * half
            if first < 0 or self._times[last] - self._times[first] > _LONGEST_SECONDS:
                return
            judged = self._judge(first, last)
            if judged is not None:
                kind, score = judged
                start, end = self._trimmed(first, last)
                frame = self._newest.vectors[first if kind == "out" else last]
                yield DissolveSpan(
                    self._times[start],
                    self._times[(start + end) // 2],
                    self._times[end],
                    self._count - 1 - _BESIDE,
                    kind,
                    score,
                    frame - frame.mean(),
                )

    def _trimmed(self, first: int, last: int) -> tuple[int, int]:
        """The span without the points at either end that still equal its first and its last frame."""
        share = self._share(first, last)
        begun, over = np.nonzero(share > _END_SHARE)[0], np.nonzero(share < 1.0 - _END_SHARE)[0]
        start = first + int(begun[0]) if len(begun) else first
        end = first + 2 + int(over[-1]) if len(over) else last
        return (start, end) if start < end else (first, last)

    def _share(self, first: int, last: int) -> _Series:
        """Where the points between lie along the line, ``(last - first - 1,)``: 0 is the first, 1 the
        last."""
        dots, inside = self._newest.dots, slice(first + 1, last)
        length = dots[first, first] + dots[last, last] - 2 * dots[first, last]
        share: _Series = dots[last, inside] - dots[first, inside] - dots[first, last] + dots[first, first]
        return np.asarray(share / length, np.float64)

    def is_past(self, stretch: DissolveSpan) -> bool:
        """Whether every span that could overlap this one has been judged."""
        judged = len(self._times) - 1 - _BESIDE
        return (
            self._count - 1 - _BESIDE >= stretch.last + 2 * max(_HALVES)
            or self._times[judged] > stretch.end + _LONGEST_SECONDS
        )

    def may_begin_at(self) -> float:
        """The earliest start, in seconds, of a span that is still to be judged; infinity before any frame."""
        if not self._times:
            return math.inf
        judged = max(len(self._times) - _BESIDE, 0)
        return max(self._times[max(judged - 2 * max(_HALVES), 0)], self._times[judged] - _LONGEST_SECONDS)

    def _judge(self, first: int, last: int) -> tuple[_Kind, float] | None:
        """The kind and the score of the span between two points; None where it is no transition."""
        length = self._apart(first, last)
        if length < _LEAST_LENGTH or self._strays((first + last) // 2, first, last, length**2):
            return None
        a, b, both = self._contrast(first, first), self._contrast(last, last), self._contrast(first, last)
        kind: _Kind = "dissolve"
        if min(a, b) < (_BARE_SHARE**2) * max(a, b) and max(a, b) >= _LEAST_CONTRAST**2:
            kind, least, most = ("out" if b < a else "in"), _FADE_SCORE, length
        else:
            # The part of one frame that is not the other frame in another light.
            differs = math.sqrt(max(min(b - both**2 / (a + 1e-3), a - both**2 / (b + 1e-3)), 0.0))
            least, most = _DISSOLVE_SCORE, differs * self._stands_out(first, last, length)
        if most < least:
            return None
        score = most * self._nearness(first, last, length**2)
        return (kind, score) if score >= least else None

    def _strays(self, middle: int, first: int, last: int, length: float) -> bool:
        """Whether the middle point lies too far off the line: a cheap check that rejects most long spans."""
        dot = self._newest.dots.item
        from_first = dot(first, middle) - dot(first, first)
        share = (dot(last, middle) - dot(first, last) - from_first) / length
        off = (dot(middle, middle) - dot(first, middle) - from_first) / length - share**2
        return abs(share - 0.5) > _UNEVEN or off > (_STRAY * _FROM_LINE) ** 2

    def _nearness(self, first: int, last: int, length: float) -> float:
        """How near the points between lie to the line: 1 is on it; 0 or less is no mixture, or an uneven
        one."""
        inside = slice(first + 1, last)
        from_first, own = self._newest.dots[first, inside], np.diagonal(self._newest.dots)[inside]
        share = self._share(first, last)
        steps = np.diff(np.concatenate([[0.0], share, [1.0]])) * (last - first)
        even = np.arange(1, last - first) / (last - first)
        if steps.min() < _STEPS[0] or steps.max() > _STEPS[1] or np.abs(share - even).max() > _UNEVEN:
            return 0.0
        off: _Series = (own - 2 * from_first + self._newest.dots[first, first]) / length - share**2
        return 1.0 - math.sqrt(max(float(off.mean()), 0.0)) / _FROM_LINE

    def _contrast(self, one: int, other: int) -> float:
        """Covariance of two points over place, the mean of the channels; of a point with itself its
        variance."""
        return self._newest.dots.item(one, other) - self._newest_means.dots.item(one, other)

    def _stands_out(self, first: int, last: int, length: float) -> float:
        """1 where the span changes much more than the points beside it, 0 where they change as much.

        A slow camera moves evenly too, but it goes on moving: the points beside the span lie on its line.
        """
        reach = min((last - first) // 2, _BESIDE)
        before, after = max(first - reach, 0), last + reach
        moves = (self._apart(before, first) + self._apart(last, after)) / 2
        along = max(self._along(before, first, first, last), self._along(last, after, first, last))
        goes_on = along / length**2 * (last - first) / reach
        return min(_ramp(length / (moves + 1.0), *_OUT_MOVES), _ramp(-goes_on, *_GOES_ON))

    def _along(self, a: int, b: int, first: int, last: int) -> float:
        """Dot product of the moves from ``a`` to ``b`` and from ``first`` to ``last``."""
        dot = self._newest.dots.item
        return dot(b, last) - dot(b, first) - dot(a, last) + dot(a, first)

    def _apart(self, one: int, other: int) -> float:
        dot = self._newest.dots.item
        return math.sqrt(max(dot(one, one) + dot(other, other) - 2 * dot(one, other), 0.0))


class _Newest:
    """The newest vectors, up to :data:`MOST_POINTS`, and their dot products. Most additions copy nothing."""

    def __init__(self, width: int) -> None:
        self._all_vectors = np.zeros((2 * MOST_POINTS, width), np.float32)
        self._all_dots = np.zeros((2 * MOST_POINTS, 2 * MOST_POINTS))
        self._first = self._end = 0
        self._view()

    def add(self, vector: _Vector) -> None:
        if self._end == len(self._all_vectors):
            size = self._end - self._first
            self._all_vectors[:size] = self.vectors
            self._all_dots[:size, :size] = self.dots
            self._first, self._end = 0, size
        self._all_vectors[self._end] = vector
        self._end += 1
        self._first = max(self._first, self._end - MOST_POINTS)
        self._view()
        self.dots[-1] = self.dots[:, -1] = self.vectors @ self.vectors[-1] / vector.size

    def _view(self) -> None:
        inside = slice(self._first, self._end)
        self.vectors, self.dots = self._all_vectors[inside], self._all_dots[inside, inside]


def _ramp(value: float, zero: float, one: float) -> float:
    return min(max((value - zero) / (one - zero), 0.0), 1.0)
