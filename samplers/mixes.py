"""Gradual changes: stretches in which every picture is a mixture of the first one and the last one.

A dissolve from A to B shows ``(1 - a) A + a B`` with ``a`` growing steadily from 0 to 1; a fade is the same with a
bare colour for A or B. A camera that moves shows nothing of the sort: what lies between two of its pictures is not on the line
between them. So a stretch is a change when its pictures lie near the line from its first to its last, at places that grow
evenly, when these two have different structure (another brightness of the same picture is no change), and when little moves
outside of it (compare Yuan et al., "A formal study of shot boundary detection", 2007, which gives the model).

Pictures are compared about twelve times a second, on a grid that is fixed to the clock. Every decision looks a few
seconds back and ahead and no further, so that a detector that starts :data:`MEMORY_SECONDS` earlier decides the same.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
import numpy.typing as npt

from video_vlm.records import Cut, Image, Span

__all__ = ["MEMORY_SECONDS", "MixDetector"]

MEMORY_SECONDS = 12.0
"""No decision looks back further."""

_RATE = 12.0  # grid points a second
_SIZE = (24, 14)  # what pictures are compared at: small enough that grain is gone
_HALVES = (2, 3, 4, 6, 8, 11)  # half lengths that are tried, in grid points
_LONGEST_SECONDS = 2.5
_BESIDE = 3  # grid points before and after a stretch that say how much moves here anyway
_LENGTH = 2 * max(_HALVES) + 2 * _BESIDE + 1
_FROM_LINE = 0.4  # root mean square distance from the line, as a share of its length, that makes the score zero
_STRAY = 1.5  # times that distance: more than this in the middle, and the mean cannot be near
_STEPS = (-0.3, 2.2)  # of the even step, between neighbours
_UNEVEN = 0.25  # furthest from its even place on the line
_LEAST_LENGTH = 12.0  # root mean square grey levels from A to B
_DISSOLVE_SCORE = 10.75
_BARE_SHARE = 0.25  # a picture with less than this share of the other's contrast is a bare colour
_LEAST_CONTRAST = 6.0
_FADE_SCORE = 12.0
_DARK_SECONDS = 1.5  # a fade out and a fade in with no more than this between them are one change

_Kind = Literal["dissolve", "out", "in"]
_Series = npt.NDArray[np.float64]


@dataclass(frozen=True)
class _Stretch:
    """A stretch that may be a change. ``last`` is the number of its last grid point, counted from the first."""

    start: float
    middle: float
    end: float
    last: int
    kind: _Kind
    score: float

    @property
    def at(self) -> float:
        """When the new shot begins: in the middle of a dissolve, where the picture comes or is gone in a fade."""
        return {"dissolve": self.middle, "out": self.end, "in": self.start}[self.kind]

    def overlaps(self, other: _Stretch) -> bool:
        return self.start < other.end and other.start < self.end

    def cut(self) -> Cut:
        kind: Literal["dissolve", "fade"] = "dissolve" if self.kind == "dissolve" else "fade"
        return Cut(Span(self.start, self.end), kind, min(self.score / 255.0, 1.0), self.at)


class MixDetector:
    """Finds dissolves and fades in a stream of thumbnails of one size, given in order of time."""

    def __init__(self) -> None:
        self._points = _Points()
        self._bin: int | None = None
        self._found: list[_Stretch] = []
        self._decided: list[_Stretch] = []
        self._gone: _Stretch | None = None

    def push(self, pts_seconds: float, image: Image) -> tuple[Cut, ...]:
        """Take the next thumbnail (RGB uint8 ``(height, width, 3)``); return the changes that are now certain."""
        place = math.floor(pts_seconds * _RATE)
        if place == self._bin:
            return ()
        self._bin = place
        self._points.add(pts_seconds, image)
        self._found += self._points.stretches()
        return tuple(self._decide(final=False))

    def finish(self) -> tuple[Cut, ...]:
        """No more pictures: the changes among those that were still waiting."""
        for _ in range(_BESIDE):
            self._points.repeat_last()
            self._found += self._points.stretches()
        return tuple(self._decide(final=True))

    @property
    def undecided_since(self) -> float:
        """Changes that begin a shot before this time are all known; infinity before any picture."""
        waiting = [stretch.at for stretch in self._found if not self._is_beaten(stretch)]
        waiting += [self._gone.at] if self._gone else []
        return min([self._points.may_turn_at(), *waiting])

    def _decide(self, *, final: bool) -> Iterator[Cut]:
        ripe = [one for one in self._found if final or self._points.is_past(one)]
        winners = [one for one in ripe if not self._is_beaten(one)]
        self._found = [one for one in self._found if one not in ripe]
        # What is decided may still beat what is not.
        self._decided = [one for one in (*self._decided, *ripe) if any(one.overlaps(other) for other in self._found)]
        for stretch in sorted(winners, key=lambda one: one.start):
            yield from self._join(stretch)
        if self._gone and (final or self._earliest_start() > self._gone.end + _DARK_SECONDS):
            yield self._gone.cut()
            self._gone = None

    def _is_beaten(self, stretch: _Stretch) -> bool:
        rank = (stretch.score, -stretch.start)
        rivals = (other for other in (*self._found, *self._decided) if other.overlaps(stretch))
        return any((other.score, -other.start) > rank for other in rivals)

    def _join(self, stretch: _Stretch) -> Iterator[Cut]:
        """A fade out waits for the fade in that may follow."""
        gone, self._gone = self._gone, None
        if stretch.kind == "in" and gone and stretch.start - gone.end <= _DARK_SECONDS:
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


class _Points:
    """The newest grid points: their times, their dot products with each other, and the means of their channels."""

    def __init__(self) -> None:
        self._times: list[float] = []
        self._vectors = np.zeros((0, _SIZE[0] * _SIZE[1] * 3), np.float32)
        self._dots = np.zeros((0, 0))
        self._means = np.zeros((0, 3))
        self._count = 0

    def add(self, pts_seconds: float, image: Image) -> None:
        small = cv2.resize(image, _SIZE, interpolation=cv2.INTER_AREA).astype(np.float32) - 128.0
        self._append(pts_seconds, small.reshape(-1), small.reshape(-1, 3).mean(axis=0))

    def repeat_last(self) -> None:
        """As if the video went on with its last picture for one more point."""
        if self._times:
            self._append(self._times[-1] + 1.0 / _RATE, self._vectors[-1], self._means[-1])

    def _append(self, pts_seconds: float, vector: npt.NDArray[np.float32], means: npt.NDArray[np.floating]) -> None:
        drop = max(0, len(self._times) + 1 - _LENGTH)
        self._times = [*self._times[drop:], pts_seconds]
        self._vectors = np.concatenate([self._vectors[drop:], vector[None]])
        self._means = np.concatenate([self._means[drop:], means[None]])
        row = (self._vectors @ vector).astype(np.float64) / vector.size
        size = len(self._times)
        dots = np.empty((size, size))
        dots[:-1, :-1] = self._dots[drop:, drop:]
        dots[-1, :], dots[:, -1] = row, row
        self._dots = dots
        self._count += 1

    def stretches(self) -> Iterator[_Stretch]:
        """Those that can be judged since the newest point came."""
        last = len(self._times) - 1 - _BESIDE
        for half in _HALVES:
            first = last - 2 * half
            if first < 0 or self._times[last] - self._times[first] > _LONGEST_SECONDS:
                return
            judged = self._judge(first, last)
            if judged is not None:
                kind, score = judged
                middle = self._times[first + half]
                number = self._count - 1 - _BESIDE
                yield _Stretch(self._times[first], middle, self._times[last], number, kind, score)

    def is_past(self, stretch: _Stretch) -> bool:
        """Whether every stretch that could overlap this one has been judged."""
        judged = len(self._times) - 1 - _BESIDE
        return (
            self._count - 1 - _BESIDE >= stretch.last + 2 * max(_HALVES)
            or self._times[judged] > stretch.end + _LONGEST_SECONDS
        )

    def may_begin_at(self) -> float:
        """The earliest start of a stretch that is still to be judged."""
        return self._reached(2 * max(_HALVES), _LONGEST_SECONDS)

    def may_turn_at(self) -> float:
        """The earliest middle of one."""
        return self._reached(max(_HALVES), _LONGEST_SECONDS / 2)

    def _reached(self, num_points: int, seconds: float) -> float:
        if not self._times:
            return math.inf
        judged = len(self._times) - _BESIDE
        if judged <= 0:
            return self._times[0]
        return max(self._times[max(judged - num_points, 0)], self._times[judged] - seconds)

    def _judge(self, first: int, last: int) -> tuple[_Kind, float] | None:
        """What the stretch between two points is, and how clearly; None where it is no change."""
        dots = self._dots
        length = dots[first, first] + dots[last, last] - 2 * dots[first, last]
        if length < _LEAST_LENGTH**2:
            return None
        if self._strays((first + last) // 2, first, last, length):
            return None
        nearness = self._nearness(first, last, length)
        if nearness <= 0.0:
            return None
        a, b, both = self._contrast(first, first), self._contrast(last, last), self._contrast(first, last)
        if min(a, b) < (_BARE_SHARE**2) * max(a, b) and max(a, b) >= _LEAST_CONTRAST**2:
            score = math.sqrt(length) * nearness
            return ("out" if b < a else "in", score) if score >= _FADE_SCORE else None
        # What of one picture is not the other one in another light.
        differs = math.sqrt(max(min(b - both**2 / (a + 1e-3), a - both**2 / (b + 1e-3)), 0.0))
        score = differs * nearness * self._stands_out(first, last, math.sqrt(length))
        return ("dissolve", score) if score >= _DISSOLVE_SCORE else None

    def _strays(self, middle: int, first: int, last: int, length: float) -> bool:
        """Whether the middle alone lies too far off the line: a quick look that spares most of the long ones."""
        dots = self._dots
        from_first = dots.item(first, middle) - dots.item(first, first)
        share = (dots.item(last, middle) - dots.item(first, last) - from_first) / length
        off = (dots.item(middle, middle) - dots.item(first, middle) - from_first) / length - share**2
        return abs(share - 0.5) > _UNEVEN or off > (_STRAY * _FROM_LINE) ** 2

    def _nearness(self, first: int, last: int, length: float) -> float:
        """How near the points between lie to the line, and how evenly: 1 is on it, 0 or less is no mixture."""
        inside = slice(first + 1, last)
        from_first, from_last = self._dots[first, inside], self._dots[last, inside]
        own = np.diagonal(self._dots)[inside]
        share = (from_last - from_first - self._dots[first, last] + self._dots[first, first]) / length
        steps = np.diff(np.concatenate([[0.0], share, [1.0]])) * (last - first)
        even = np.arange(1, last - first) / (last - first)
        if steps.min() < _STEPS[0] or steps.max() > _STEPS[1] or np.abs(share - even).max() > _UNEVEN:
            return 0.0
        off: _Series = (own - 2 * from_first + self._dots[first, first]) / length - share**2
        return 1.0 - math.sqrt(max(float(off.mean()), 0.0)) / _FROM_LINE

    def _contrast(self, one: int, other: int) -> float:
        """Covariance of two points over place, the mean of the channels; of a point with itself its variance."""
        return float(self._dots[one, other] - np.dot(self._means[one], self._means[other]) / 3)

    def _stands_out(self, first: int, last: int, length: float) -> float:
        """1 where the stretch changes much more than what is beside it, 0 where things move as much all the time."""
        reach = min((last - first) // 2, _BESIDE)
        before, after = max(first - reach, 0), last + reach
        moves = (self._apart(before, first) + self._apart(last, after)) / 2
        return min(max((length / (moves + 1.0) - 2.0) / 2.0, 0.0), 1.0)

    def _apart(self, one: int, other: int) -> float:
        square = self._dots[one, one] + self._dots[other, other] - 2 * self._dots[one, other]
        return math.sqrt(max(float(square), 0.0))
