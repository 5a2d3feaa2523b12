"""Shots from small thumbnails, as a stream: push frames one at a time, get cuts back a little later.

Hard cuts are found by :mod:`video_vlm.samplers.hard_cuts` (or by PySceneDetect's detectors, by name), gradual
transitions by :mod:`video_vlm.samplers.gradual_transitions`. This module shows both every frame and merges
the cuts they find.

No decision looks back further than :data:`~video_vlm.samplers.gradual_transitions.MEMORY_SECONDS`, or
:data:`MEMORY_FRAMES` frames where these reach further: a detector that starts that much earlier goes on
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
"""No decision looks back over more frames, however far apart they are."""

_NEAR_SECONDS = 0.1  # a hard cut this near to a gradual transition is the same cut


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
        settings: Which detector finds hard cuts, and how short a shot may be.
        start_seconds: No cuts at or before this time; frames before it only warm the detectors up. The first
            frame if None.
        last_cut_seconds: When the shot that is going on at ``start_seconds`` began; ``start_seconds`` if
            None.
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
        self._leapt_at = -math.inf

    def push(self, pts_seconds: float, thumbnail: Image) -> tuple[Cut, ...]:
        """Take the next frame, later than all before; return the cuts that are now certain, in order of
        time.

        Args:
            pts_seconds: When it is shown.
            thumbnail: RGB uint8 ``(height, width, 3)``. The size may change in mid-stream.
        """
        self._start = pts_seconds if self._start is None else self._start
        self._last_cut = self._start if self._last_cut is None else self._last_cut
        self._shape = self._shape or thumbnail.shape
        if thumbnail.shape != self._shape:
            size = self._shape[1], self._shape[0]
            thumbnail = np.asarray(cv2.resize(thumbnail, size, interpolation=cv2.INTER_AREA), np.uint8)
        self._found += self._hard.push(pts_seconds, thumbnail)
        self._found += self._gradual.push(pts_seconds, thumbnail)
        return self._settle(self._detectors_undecided_since)

    def finish(self) -> tuple[Cut, ...]:
        """No more pictures: the cuts among those that were still waiting."""
        self._found += [*self._hard.finish(), *self._gradual.finish()]
        return self._settle(math.inf)

    @property
    def undecided_since(self) -> float:
        """Frames before this time are certain: whether a shot begins with one of them has been said."""
        return min([self._detectors_undecided_since, *(cut.at for cut in self._found)])

    @property
    def leaps_undecided_since(self) -> float:
        """Hard cuts before this time are known; gradual changes take longer."""
        return self._hard.undecided_since

    @property
    def _detectors_undecided_since(self) -> float:
        return min(self._hard.undecided_since, self._gradual.undecided_since)

    def leapt(self, pts_seconds: float) -> bool:
        """Whether a hard cut was found at this frame; it may not have been reported yet."""
        return any(cut.at == pts_seconds and cut.kind == "hard" for cut in self._found)

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
        else:
            hard_cuts = (self._leapt_at, *(one.at for one in self._found if one.kind == "hard"))
            around = cut.span.widen(_NEAR_SECONDS)
            if any(around.contains(seconds) for seconds in hard_cuts):
                return False
        return cut.at - self._last_cut >= self._min_shot_seconds


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
