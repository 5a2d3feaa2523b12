"""The look of a segment in words: its main colours, and whether it is dark or bright."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from video_vlm.perception.observer import BaseObserver
from video_vlm.protocols import Need
from video_vlm.records import Image, Observation, ObservationKind, Span
from video_vlm.samplers.hard_cuts import brightness
from video_vlm.settings import IndexSettings

__all__ = ["DominantColorObserver", "colour_shares", "join_repeats"]

_VERSION = 1
_EVERY_SECONDS = 0.5
_MAIN_SHARE = 0.12  # of the picture: a colour worth naming
_MOST_SHARE = 0.5  # of the picture: "mostly"
_MAX_COLOURS = 3
_DARK, _BRIGHT = 55.0, 175.0  # mean grey levels
_CONFIDENCE = 0.8

_PALETTE: dict[str, tuple[tuple[int, int, int], ...]] = {
    "black": ((0, 0, 0), (18, 18, 18)),
    "dark grey": ((65, 65, 65),),
    "grey": ((128, 128, 128),),
    "light grey": ((195, 195, 195),),
    "white": ((255, 255, 255), (238, 238, 238)),
    "red": ((220, 30, 30), (200, 60, 60)),
    "dark red": ((115, 15, 20),),
    "orange": ((240, 140, 30), (225, 110, 40)),
    "yellow": ((250, 220, 40), (240, 230, 110)),
    "beige": ((215, 190, 150), (240, 225, 195)),
    "brown": ((115, 75, 40), (70, 45, 25), (150, 105, 70)),
    "olive green": ((110, 110, 45),),
    "green": ((40, 160, 60), (70, 140, 70)),
    "dark green": ((20, 75, 35),),
    "light green": ((150, 215, 140), (170, 235, 80)),
    "teal": ((20, 130, 130),),
    "cyan": ((60, 215, 225),),
    "light blue": ((150, 195, 240), (190, 215, 240)),
    "blue": ((40, 90, 220), (70, 120, 190)),
    "dark blue": ((20, 30, 100), (35, 55, 90)),
    "purple": ((120, 40, 150), (110, 70, 150)),
    "light purple": ((190, 160, 225),),
    "pink": ((250, 150, 190), (240, 190, 200)),
    "magenta": ((220, 40, 160),),
}
_NAMES = tuple(_PALETTE)


class DominantColorObserver(BaseObserver):
    """One observation a segment, e.g. ``"mostly dark blue and white, dark"``; equal ones that touch are
    joined."""

    def __init__(self, settings: IndexSettings) -> None:
        super().__init__("look", _VERSION, settings.shots.thumbnail_width, needs=[Need.PICTURES])
        self._segment = _Looks()

    def glance(self, pts_seconds: float, thumbnail: Image) -> None:
        self._segment.add(pts_seconds, thumbnail)

    def close_segment(self, span: Span) -> Iterable[Observation]:
        text, self._segment = self._segment.describe(), _Looks()
        if text is not None:
            yield Observation(span, ObservationKind.LOOK, text, source="look", confidence=_CONFIDENCE)

    def finish(self, observations: Sequence[Observation]) -> Iterable[Observation]:
        return join_repeats(observations)


class _Looks:
    """Sums over what was looked at of one segment."""

    def __init__(self) -> None:
        self._shares = np.zeros(len(_NAMES))
        self._level = 0.0
        self._num_looks = 0
        self._next_look = float("-inf")

    def add(self, pts_seconds: float, thumbnail: Image) -> None:
        if pts_seconds < self._next_look:
            return
        self._next_look = pts_seconds + _EVERY_SECONDS
        self._shares += colour_shares(thumbnail)
        self._level += brightness(thumbnail)
        self._num_looks += 1

    def describe(self) -> str | None:
        if not self._num_looks:
            return None
        shares, level = self._shares / self._num_looks, self._level / self._num_looks
        order = np.argsort(-shares, kind="stable")
        names = [_NAMES[place] for place in order[:_MAX_COLOURS] if shares[place] >= _MAIN_SHARE]
        names = names or [_NAMES[order[0]]]
        mostly = "mostly " if shares[order[0]] >= _MOST_SHARE else ""
        listed = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
        tone = ", dark" if level < _DARK else ", bright" if level > _BRIGHT else ""
        return f"{mostly}{listed}{tone}"


def colour_shares(image: Image) -> npt.NDArray[np.float64]:
    """The share of the picture each named colour has, in the palette's order; sums to 1.

    Each pixel goes to the nearest colour of the palette in CIELAB, where distance is what eyes see.
    """
    coarse = (image >> 3).astype(np.int32)  # 32 steps a channel
    index = (coarse[..., 0] << 10) | (coarse[..., 1] << 5) | coarse[..., 2]
    counts = np.bincount(_nearest_names()[index.ravel()], minlength=len(_NAMES))
    return np.asarray(counts / counts.sum(), np.float64)


def join_repeats(observations: Sequence[Observation]) -> Iterator[Observation]:
    """Neighbours with the same text that touch, within their spans in seconds, become one with the lowest
    confidence of them."""
    last: Observation | None = None
    for observation in observations:
        if last is None:
            last = observation
        elif (last.kind, last.text) == (
            observation.kind,
            observation.text,
        ) and last.span.end >= observation.span.start:
            confidence = min(last.confidence, observation.confidence)
            last = Observation(
                last.span.cover(observation.span), last.kind, last.text, last.source, confidence
            )
        else:
            yield last
            last = observation
    if last is not None:
        yield last


@lru_cache(maxsize=1)
def _nearest_names() -> npt.NDArray[np.int64]:
    """For each of 32 x 32 x 32 colours, the place of its name in the palette."""
    steps = np.arange(32, dtype=np.uint8) * 8 + 4
    cube = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1).reshape(1, -1, 3)
    owners = np.array([place for place, name in enumerate(_NAMES) for _ in _PALETTE[name]])
    examples = np.array([[colour for name in _NAMES for colour in _PALETTE[name]]], np.uint8)
    cube_lab, examples_lab = _lab(cube).astype(np.float64), _lab(examples).astype(np.float64)
    # Squared distances less what is the same for all examples.
    distances = (examples_lab**2).sum(axis=1) - 2 * cube_lab @ examples_lab.T
    return np.asarray(owners[distances.argmin(axis=1)], np.int64)


def _lab(colours: Image) -> npt.NDArray[np.float32]:
    """``(1, n, 3)`` RGB as ``(n, 3)`` CIELAB."""
    lab = np.asarray(cv2.cvtColor(colours.astype(np.float32) / 255.0, cv2.COLOR_RGB2LAB), np.float32)
    return lab.reshape(-1, 3)
