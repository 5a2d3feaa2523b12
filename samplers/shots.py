"""Shots from small thumbnails, as a stream: push pictures one at a time, get cuts back a little later.

Hard cuts are found by :mod:`video_vlm.samplers.hard_cuts` (or by PySceneDetect's detectors, by name), gradual
changes by :mod:`video_vlm.samplers.gradual_transitions`. This module lets both see every picture and makes
one list of what they find.

No decision looks back further than :data:`~video_vlm.samplers.gradual_transitions.MEMORY_SECONDS`, or
:data:`MEMORY_FRAMES` pictures where these reach further: a detector that starts that much earlier goes on
exactly where another one left off.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import cv2
import numpy as np

from video_vlm.records import Cut, Image, Shot, Span
from video_vlm.samplers.gradual_transitions import GradualDetector
from video_vlm.samplers.hard_cuts import AROUND, HardCutDetector
from video_vlm.samplers.pyscenedetect import PySceneDetectDetector
from video_vlm.settings import ShotSettings

__all__ = ["HARD_CUTS", "MEMORY_FRAMES", "CutDetector", "ShotDetector", "tile"]

MEMORY_FRAMES = 3 * AROUND
"""No decision looks back over more pictures, however far apart they are."""

_NEAR_SECONDS = 0.1  # a hard cut this near to a gradual change is the change
_FOREVER = math.inf


class CutDetector(Protocol):
    """Finds changes of one kind in a stream of thumbnails of one size, given in order of time."""

    def push(self, pts_seconds: float, image: Image) -> tuple[Cut, ...]: ...
    def finish(self) -> tuple[Cut, ...]: ...
    @property
    def undecided_since(self) -> float:
        """Changes ``at`` a time before this one are all known; infinity where nothing waits."""
        ...


HARD_CUTS: Mapping[str, Callable[[], CutDetector]] = {
    "leap": HardCutDetector,
    "adaptive": lambda: PySceneDetectDetector("adaptive"),
    "content": lambda: PySceneDetectDetector("content"),
}


class ShotDetector:
    """Finds where shots begin; fed thumbnails in order of time.

    Args:
        settings: Who finds hard cuts, and how short a shot may be.
        start_seconds: Where to begin judging; pictures before it only warm up. The first picture if None.
        last_cut_seconds: When the shot that is going on at ``start_seconds`` began; then if None.
    """

    def __init__(
        self,
        settings: ShotSettings,
        *,
        start_seconds: float | None = None,
        last_cut_seconds: float | None = None,
    ) -> None:
        self._min_shot_seconds = settings.min_shot_seconds
        self._hard = HARD_CUTS[settings.detector]()
        self._gradual = GradualDetector()
        self._start = start_seconds
        self._last_cut = last_cut_seconds
        self._shape: tuple[int, ...] | None = None
        self._found: list[Cut] = []
        self._leapt_at = -_FOREVER

    def push(self, pts_seconds: float, thumbnail: Image) -> tuple[Cut, ...]:
        """Take the next picture, later than all before; return the cuts that are now certain, in order of
        time.

        Args:
            pts_seconds: When it is shown.
            thumbnail: RGB uint8 ``(height, width, 3)``. The size may change in mid-stream.
        """
        self._start = pts_seconds if self._start is None else self._start
        self._last_cut = self._start if self._last_cut is None else self._last_cut
        image = self._sized(thumbnail)
        self._found += [*self._hard.push(pts_seconds, image), *self._gradual.push(pts_seconds, image)]
        return self._settle(self._detectors_undecided_since)

    def finish(self) -> tuple[Cut, ...]:
        """No more pictures: the cuts among those that were still waiting."""
        self._found += [*self._hard.finish(), *self._gradual.finish()]
        return self._settle(_FOREVER)

    @property
    def undecided_since(self) -> float:
        """Pictures before this time are certain: whether a shot begins with one of them has been said."""
        return min([self._detectors_undecided_since, *(cut.at for cut in self._found)])

    @property
    def leaps_undecided_since(self) -> float:
        """Hard cuts before this time are known; gradual changes take longer."""
        return self._hard.undecided_since

    @property
    def _detectors_undecided_since(self) -> float:
        return min(self._hard.undecided_since, self._gradual.undecided_since)

    def leapt(self, pts_seconds: float) -> bool:
        """Whether a hard cut was found at this picture; it may not have been reported yet."""
        return any(cut.at == pts_seconds and cut.kind == "hard" for cut in self._found)

    def _sized(self, thumbnail: Image) -> Image:
        self._shape = self._shape or thumbnail.shape
        if thumbnail.shape == self._shape:
            return thumbnail
        height, width = self._shape[:2]
        return np.asarray(cv2.resize(thumbnail, (width, height), interpolation=cv2.INTER_AREA), np.uint8)

    def _settle(self, undecided_since: float) -> tuple[Cut, ...]:
        cuts = []
        while self._found:
            self._found.sort(key=lambda cut: (cut.at, cut.kind))
            first = self._found[0]
            if first.span.end + _NEAR_SECONDS >= undecided_since:
                break
            self._found.pop(0)
            if self._begins_shot(first):
                cuts.append(first)
                self._last_cut = first.at
        return tuple(cuts)

    def _begins_shot(self, cut: Cut) -> bool:
        if self._start is None or self._last_cut is None or cut.at <= self._start:
            return False
        if cut.kind == "hard":
            self._leapt_at = cut.at
        elif any(
            _touches(cut, leap) for leap in (self._leapt_at, *(o.at for o in self._found if o.kind == "hard"))
        ):
            return False
        return cut.at - self._last_cut >= self._min_shot_seconds


def _touches(gradual: Cut, seconds: float) -> bool:
    return gradual.span.widen(_NEAR_SECONDS).contains(seconds)


def tile(cuts: Sequence[Cut], *, span: Span) -> tuple[Shot, ...]:
    """The shots between ``cuts``, in order: they tile ``span`` exactly, each ending where the next begins."""
    inner = [cut for cut in cuts if span.start < cut.at < span.end]
    starts = [span.start, *(cut.at for cut in inner)]
    ends = [*starts[1:], span.end]
    first = Shot(Span(starts[0], ends[0]), 0.0)
    rest = (
        Shot(Span(start, end), cut.score, cut.kind)
        for start, end, cut in zip(starts[1:], ends[1:], inner, strict=True)
    )
    return first, *rest
