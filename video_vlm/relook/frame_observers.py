"""Observes a few frames with the observers of the index: text, colours, motion.

The same observers that watched the whole video are fed the pictures of one look as if they were a short
segment.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

import cv2
import numpy as np

from video_vlm.errors import MissingExtra
from video_vlm.perception import OBSERVERS
from video_vlm.protocols import Need, Observer
from video_vlm.records import Frame, Observation, Span
from video_vlm.settings import IndexSettings

__all__ = ["FrameObservers"]


class FrameObservers:
    """The observers that look at frames again; one whose extra is not installed is left out and named in
    ``missing``.

    Args:
        settings: How they observe: as when the video was indexed.
    """

    def __init__(self, settings: IndexSettings) -> None:
        self._settings = settings
        self._observers: list[Observer] = []
        self.missing: list[str] = []  # whose extra is not installed, and what to type
        for name in settings.working_observers:
            try:
                observer = OBSERVERS[name](settings)
            except MissingExtra as error:
                self.missing.append(f"{name}: {error}")
            else:
                if observer.needs.intersection((Need.FRAMES, Need.PICTURES)):
                    self._observers.append(observer)

    @property
    def max_side(self) -> int:
        """The longest side, in pixels, at which frames are wanted."""
        return self._settings.frames.max_side

    @property
    def digests(self) -> Mapping[str, str]:
        """The digest of each observer by name: a look under another digest may hold something else."""
        return {observer.name: observer.digest for observer in self._observers}

    def see(self, frames: Sequence[Frame], *, until: float) -> Mapping[str, tuple[Observation, ...]]:
        """What each observer sees in pictures that follow one another, in order of time.

        Args:
            frames: In order of time, at least one.
            until: When the last of them ends, in seconds.
        """
        ends = [*(later.pts_seconds for _, later in pairwise(frames)), max(until, frames[-1].pts_seconds)]
        spans = [Span(frame.pts_seconds, end) for frame, end in zip(frames, ends, strict=True)]
        width = self._settings.shots.thumbnail_width
        return {
            observer.name: tuple(sorted(_observe(observer, frames, spans, width), key=lambda one: one.span))
            for observer in self._observers
        }


def _observe(
    observer: Observer, frames: Sequence[Frame], spans: Sequence[Span], width: int
) -> Iterable[Observation]:
    for frame, span in zip(frames, spans, strict=True):
        if Need.PICTURES in observer.needs:
            height = max(1, round(frame.image.shape[0] * width / frame.image.shape[1]))
            thumbnail = cv2.resize(frame.image, (width, height), interpolation=cv2.INTER_AREA)
            observer.glance(frame.pts_seconds, np.asarray(thumbnail, np.uint8))
        if Need.FRAMES in observer.needs:
            yield from observer.inspect(frame, span)
    yield from observer.close_segment(spans[0].cover(spans[-1]))
