"""The amount and direction of motion and the movement of the camera, in words.

A grid of points is tracked between thumbnails about five times a second (Lucas and Kanade, 1981; pyramids
after Bouguet). What most points share is the camera: a shift is a pan or a tilt, a spread a zoom. What the
others do is motion in the picture.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

import cv2
import numpy as np
import numpy.typing as npt

from video_vlm.perception.dominant_colors import join_repeats
from video_vlm.perception.fades import BrightnessRun
from video_vlm.perception.observer import BaseObserver
from video_vlm.protocols import Need
from video_vlm.records import Image, Observation, ObservationKind, Span
from video_vlm.settings import IndexSettings

__all__ = ["MotionObserver", "MotionStep", "measure"]

_VERSION = 1
_STEP_SECONDS = 0.19
_LONGEST_STEP_SECONDS = 0.5  # points cannot be followed over more
_GRID = 6  # pixels between points
_LEAST_SIDE = 16  # pixels; below this there is nothing to follow
_LEAST_POINTS = 12
_STRAY = 0.5  # pixels from the shared motion: a point that goes its own way
_SHARED = 0.7  # of the points: fewer are no camera
_PAN_RATE = 0.04  # widths a second
_ZOOM_RATE = 0.04  # a second
_CAMERA_SECONDS = 1.0  # a camera move lasts at least this long
_STILL_LEVELS = 0.6  # mean grey levels two pictures may differ by and still be one
_STILL_SHARE = 0.97  # of the steps
_LIVELY, _BUSY = 3.0, 9.0  # mean grey levels a step
_ONE_WAY = 0.6  # of what moves by itself: a main direction
_CONFIDENCE = 0.7


@dataclass(frozen=True, slots=True)
class MotionStep:
    """What happened between two pictures. Rates are widths of the picture a second; x grows to the right, y
    down."""

    span: Span
    change: float
    """Mean absolute difference, grey levels."""
    shift: tuple[float, float] = (0.0, 0.0)
    spread: float = 0.0
    shared: float = 0.0
    """The share of the points that follow shift and spread."""
    own: tuple[float, float] = (0.0, 0.0)
    """Mean rate of the points that do not."""


class MotionObserver(BaseObserver):
    """Observes motion (one observation a segment), camera moves, and transitions, each over its own
    stretch."""

    def __init__(self, settings: IndexSettings) -> None:
        super().__init__(
            "motion", _VERSION, settings.shots.thumbnail_width, needs=[Need.PICTURES, Need.NEIGHBOURS]
        )
        self._segment = _Segment()

    def glance(self, pts_seconds: float, thumbnail: Image) -> None:
        self._segment.add(pts_seconds, thumbnail)

    def close_segment(self, span: Span) -> Iterable[Observation]:
        segment, self._segment = self._segment, _Segment()
        transitions = list(segment.brightness.transitions(span))
        # What changes in a fade or a flash is the light, not the picture.
        lit = [step for step in segment.steps if not any(step.span.overlaps(one.span) for one in transitions)]
        return sorted(
            [*_motion(lit, span), *_camera(lit), *transitions], key=lambda observation: observation.span
        )

    def finish(self, observations: Sequence[Observation]) -> Iterable[Observation]:
        by_text: Callable[[Observation], tuple[str, str]] = lambda seen: (seen.kind.value, seen.text)  # noqa: E731
        groups = groupby(sorted(observations, key=by_text), key=by_text)
        joined = [seen for _, group in groups for seen in join_repeats(list(group))]
        return sorted(joined, key=lambda seen: (seen.span, seen.kind.value, seen.text))


class _Segment:
    """What was measured of one segment so far."""

    def __init__(self) -> None:
        self.steps: list[MotionStep] = []
        self.brightness = BrightnessRun()
        self._last: tuple[float, Image] | None = None

    def add(self, pts_seconds: float, thumbnail: Image) -> None:
        self.brightness.add(pts_seconds, thumbnail)
        last = self._last
        if last is not None and pts_seconds - last[0] < _STEP_SECONDS:
            return
        grey = np.asarray(cv2.cvtColor(thumbnail, cv2.COLOR_RGB2GRAY), np.uint8)
        self._last = (pts_seconds, grey)
        if last is not None and last[1].shape == grey.shape:
            self.steps.append(measure(last[1], grey, span=Span(last[0], pts_seconds)))


def measure(before: Image, after: Image, *, span: Span) -> MotionStep:
    """Compare two grey pictures ``(height, width)`` of one size."""
    change = float(cv2.norm(before, after, cv2.NORM_L1)) / before.size
    too_far = span.duration_seconds > _LONGEST_STEP_SECONDS
    if change < _STILL_LEVELS or too_far or min(before.shape) < _LEAST_SIDE:
        return MotionStep(span, change)
    points, moves = _follow(before, after)
    if len(points) < _LEAST_POINTS:
        return MotionStep(span, change)
    shift, spread, stray = _shared_motion(points, moves)
    rate = 1.0 / (before.shape[1] * span.duration_seconds)
    own = moves[stray].mean(axis=0) * rate if stray.any() else np.zeros(2)
    return MotionStep(
        span,
        change,
        shift=(float(shift[0] * rate), float(shift[1] * rate)),
        spread=spread / span.duration_seconds,
        shared=float(1.0 - stray.mean()),
        own=(float(own[0]), float(own[1])),
    )


_Points = npt.NDArray[np.float32]


def _follow(before: Image, after: Image) -> tuple[_Points, _Points]:
    """Points that could be followed, ``(n, 2)`` from the middle of the picture, and how each moved, in
    pixels."""
    height, width = before.shape
    start = _grid(width, height)
    end, found, _ = cv2.calcOpticalFlowPyrLK(
        before,
        after,
        start[:, None, :],
        None,  # OpenCV makes it itself
        winSize=(9, 9),
        maxLevel=2,
        minEigThreshold=2e-3,
    )
    kept = found.ravel() == 1
    centre = np.array([width / 2, height / 2], np.float32)
    return start[kept] - centre, (end[:, 0, :] - start)[kept]


@lru_cache(maxsize=1)
def _grid(width: int, height: int) -> _Points:
    """The points that are looked for, ``(n, 2)``, from the upper left corner."""
    columns, rows = np.meshgrid(np.arange(_GRID, width - 2, _GRID), np.arange(_GRID, height - 2, _GRID))
    return np.stack([columns.ravel(), rows.ravel()], axis=1).astype(np.float32)


def _shared_motion(points: _Points, moves: _Points) -> tuple[_Points, float, npt.NDArray[np.bool_]]:
    """The shift and spread most points share (medians: others may do as they like), and which points do
    not."""
    shift = _median(moves)
    radius = np.maximum((points**2).sum(axis=1), 1.0)
    outward = ((moves - shift) * points).sum(axis=1) / radius
    far = radius >= _median(radius)
    spread = float(_median(outward[far]))
    error = ((moves - shift - spread * points) ** 2).sum(axis=1)
    stray = error > max(_STRAY, 0.3 * math.hypot(*shift)) ** 2
    return shift, spread, stray


def _median(values: _Points) -> _Points:
    """Over the first axis; for so few values several times faster than NumPy's."""
    ordered = np.sort(values, axis=0)
    middle = ordered[(len(ordered) - 1) // 2 : len(ordered) // 2 + 1]
    return np.asarray(middle.sum(axis=0) / len(middle), np.float32)


def _motion(steps: Sequence[MotionStep], span: Span) -> Iterator[Observation]:
    """How much moves over the whole segment, and the main direction if there is one."""
    if not steps:
        return
    changes = np.array([step.change for step in steps])
    if (changes < _STILL_LEVELS).mean() >= _STILL_SHARE:
        text = "still picture"
    else:
        level = float(changes.mean())
        amount = "busy motion" if level >= _BUSY else "motion" if level >= _LIVELY else "slight motion"
        text = amount + (_main_direction(steps) if level >= _LIVELY else "")
    yield Observation(span, ObservationKind.MOTION, text, source="motion", confidence=_CONFIDENCE)


def _main_direction(steps: Sequence[MotionStep]) -> str:
    own = np.array([step.own for step in steps if step.shared > 0])
    total = np.linalg.norm(own, axis=1).sum() if len(own) else 0.0
    if total <= 0:
        return ""
    x, y = own.sum(axis=0)
    along, name = (
        (abs(x), "right" if x > 0 else "left") if abs(x) >= abs(y) else (abs(y), "down" if y > 0 else "up")
    )
    # Few strays a step are noise of the tracking: a direction needs motion in a good part of the steps.
    lively = float(np.mean(np.linalg.norm(own, axis=1) > 0.02))
    return f", mostly {_TOWARDS[name]}" if along / total >= _ONE_WAY and lively >= 0.3 else ""


_TOWARDS = {"left": "to the left", "right": "to the right", "up": "upwards", "down": "downwards"}


def _camera(steps: Sequence[MotionStep]) -> Iterator[Observation]:
    """Stretches over which the camera does one thing."""
    for move, group in groupby(steps, key=_camera_move):
        run = list(group)
        span = run[0].span.cover(run[-1].span)
        if move is not None and span.duration_seconds >= _CAMERA_SECONDS:
            yield Observation(
                span, ObservationKind.MOTION, f"camera {move}", source="motion", confidence=_CONFIDENCE
            )


def _camera_move(step: MotionStep) -> str | None:
    """The picture shifts against the camera: what the camera leaves behind on the left goes out to the
    left."""
    if step.shared < _SHARED:
        return None
    x, y = step.shift
    if abs(step.spread) >= _ZOOM_RATE and abs(step.spread) >= max(abs(x), abs(y)):
        return "zooms in" if step.spread > 0 else "zooms out"
    if max(abs(x), abs(y)) < _PAN_RATE:
        return None
    if abs(x) >= abs(y):
        return "pans left" if x > 0 else "pans right"
    return "tilts up" if y > 0 else "tilts down"
