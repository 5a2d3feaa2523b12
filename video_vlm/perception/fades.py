"""Fades, stretches of black and flashes, by the brightness of a segment."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby, pairwise

import numpy as np
import numpy.typing as npt

from video_vlm.records import Image, Observation, ObservationKind, Span
from video_vlm.samplers.hard_cuts import brightness

__all__ = ["BrightnessRun"]

_BLACK_LEVEL = 6.0  # mean grey level
_NEARLY_BLACK = 25.0
_BLACK_SECONDS = 0.25
_FADE_SECONDS = (0.2, 4.0)
_FADE_LEVELS = 25.0  # grey levels a fade must come from, or lead to
_WOBBLE = 1.0  # grey levels a fade may go the wrong way
_FLASH_SECONDS = 0.4
_FLASH_LEVELS = 50.0
_RETURN_SHARE = 0.35
_FLASHING_GAP_SECONDS = 1.0
_CONFIDENCE = 0.9

_Series = npt.NDArray[np.float64]


class BrightnessRun:
    """The brightness of one segment's pictures, and what it tells. Two numbers a picture are kept."""

    def __init__(self) -> None:
        self._seconds: list[float] = []
        self._levels: list[float] = []

    def add(self, pts_seconds: float, thumbnail: Image) -> None:
        self._seconds.append(pts_seconds)
        self._levels.append(brightness(thumbnail))

    def transitions(self, span: Span) -> Iterator[Observation]:
        """The changes of brightness over ``span``, in order of time, spans in seconds: fade in, fade to
        black, black, flash, flashing."""
        if len(self._levels) < 2:
            return
        levels = np.array(self._levels)
        edges = np.array([*self._seconds, span.end])
        found = [*_fades_in(edges, levels), *_blacks(edges, levels), *_flashes(edges, levels)]
        for where, text in sorted(found):
            yield Observation(
                where, ObservationKind.TRANSITION, text, source="brightness", confidence=_CONFIDENCE
            )


def _blacks(edges: _Series, levels: _Series) -> Iterator[tuple[Span, str]]:
    """Stretches of black, and the fades that lead into them."""
    for start, end in _runs(levels <= _BLACK_LEVEL):
        if edges[end] - edges[start] >= _BLACK_SECONDS:
            yield Span(float(edges[start]), float(edges[end])), "black"
        top = start
        while top > 0 and levels[top - 1] >= levels[top] - _WOBBLE and not _is_flat(levels, top - 1, top):
            top -= 1
        if _is_fade(edges, levels, dark=start, light=top):
            yield Span(float(edges[top]), float(edges[start])), "fade to black"


def _fades_in(edges: _Series, levels: _Series) -> Iterator[tuple[Span, str]]:
    """Rises out of black. A shot that fades in begins where it gets visible, so it may begin nearly black."""
    starts = [end for _, end in _runs(levels <= _BLACK_LEVEL) if end < len(levels)]
    if _BLACK_LEVEL < levels[0] <= _NEARLY_BLACK:
        starts.insert(0, 0)
    for start in starts:
        top = start
        while (
            top + 1 < len(levels)
            and levels[top + 1] >= levels[top] - _WOBBLE
            and not _is_flat(levels, top, top + 1)
        ):
            top += 1
        if _is_fade(edges, levels, dark=start, light=top):
            yield Span(float(edges[start]), float(edges[top + 1])), "fade in"


def _flashes(edges: _Series, levels: _Series) -> Iterator[tuple[Span, str]]:
    spans = list(_single_flashes(edges, levels))
    groups: list[list[Span]] = []
    for span in spans:
        if groups and span.start - groups[-1][-1].end <= _FLASHING_GAP_SECONDS:
            groups[-1].append(span)
        else:
            groups.append([span])
    for group in groups:
        whole = group[0].cover(group[-1])
        yield whole, "flash" if len(group) == 1 else "flashing"


def _single_flashes(edges: _Series, levels: _Series) -> Iterator[Span]:
    """A leap up in brightness that is taken back at once."""
    index = 1
    while index < len(levels):
        leap = levels[index] - levels[index - 1]
        if leap < _FLASH_LEVELS:
            index += 1
            continue
        end = _taken_back(edges, levels, index, leap)
        if end is not None:
            yield Span(float(edges[index]), float(edges[end]))
        index = index + 1 if end is None else end


def _taken_back(edges: _Series, levels: _Series, index: int, leap: float) -> int | None:
    for later in range(index + 1, len(levels)):
        if edges[later] - edges[index] > _FLASH_SECONDS:
            return None
        if abs(levels[later] - levels[index - 1]) < _RETURN_SHARE * leap:
            return later
    return None


def _is_fade(edges: _Series, levels: _Series, *, dark: int, light: int) -> bool:
    """Long enough, far enough, and in more than two steps: a cut to black is no fade."""
    shortest, longest = _FADE_SECONDS
    if abs(light - dark) < 3 or levels[light] - levels[min(dark, len(levels) - 1)] < _FADE_LEVELS:
        return False
    if not shortest <= abs(edges[light] - edges[dark]) <= longest:
        return False
    steps = [abs(b - a) for a, b in pairwise(levels[min(dark, light) : max(dark, light) + 1])]
    return bool(max(steps) <= 0.5 * sum(steps))  # no single step makes up most of the way


def _is_flat(levels: _Series, a: int, b: int) -> bool:
    return bool(abs(levels[a] - levels[b]) < 0.25)


def _runs(mask: npt.NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """``[start, end)`` of each stretch of True. [F,T,T,F] -> (1, 3)"""
    position = 0
    for value, group in groupby(mask.tolist()):
        length = len(list(group))
        if value:
            yield position, position + length
        position += length
