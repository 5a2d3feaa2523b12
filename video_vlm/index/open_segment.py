"""The segment being read: its frames are observed as they come, and it is written when it closes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np

from video_vlm.index.frame_embeddings import SegmentEmbeddings
from video_vlm.index.observer_set import Observations, ObserverSet
from video_vlm.records import Image, Observation, Span
from video_vlm.samplers.representative import Representative, RepresentativePicker
from video_vlm.samplers.segments import SeenFrame, SegmentStart
from video_vlm.settings import FrameSettings

__all__ = ["ClosedSegment", "OpenSegment", "Poster"]

_JPEG_QUALITY = 80


@dataclass(frozen=True, slots=True)
class Poster:
    """A small JPEG of a representative frame, when that frame is shown, and the stretch it stands for."""

    span: Span
    jpeg: bytes
    pts_seconds: float


@dataclass(frozen=True, slots=True)
class ClosedSegment:
    """The result of one segment. The spans of ``posters`` tile the segment.

    ``sight`` holds the vectors of the frames they were made from, where there is a tower. In a gap of the
    recording ``is_hole`` is True.
    """

    span: Span
    num_frames: int
    posters: tuple[Poster, ...]
    observations: Observations
    sight: SegmentEmbeddings | None = None
    is_hole: bool = False


class OpenSegment:
    """Takes in a segment's frames in order of time; holds only the few that may yet represent it."""

    def __init__(
        self,
        mark: SegmentStart,
        *,
        watch: ObserverSet,
        settings: FrameSettings,
        sight: SegmentEmbeddings | None = None,
        is_hole: bool = False,
    ) -> None:
        self._start = mark.start_seconds
        self._watch = watch
        self._settings = settings
        self._sight = sight
        self._is_hole = is_hole
        self._picker = RepresentativePicker(settings, start_seconds=mark.start_seconds)
        self._num_frames = 0
        self._posters: list[Poster] = []
        self._observations: dict[str, list[Observation]] = {name: [] for name in watch.names}

    def see(self, seen: SeenFrame) -> None:
        if seen.thumbnail is None:
            return
        self._num_frames += 1
        self._watch.glance(seen.pts_seconds, seen.thumbnail)
        if seen.frame is not None:
            self._inspect(self._picker.push(seen.frame))

    def close(self, *, end_seconds: float) -> ClosedSegment:
        span = Span(self._start, end_seconds)
        self._inspect(self._picker.close(end_seconds=end_seconds))
        self._add(self._watch.close_segment(span))
        observations = {name: tuple(said) for name, said in self._observations.items()}
        if self._sight is not None:
            self._sight.close()
        return ClosedSegment(
            span, self._num_frames, tuple(self._posters), observations, self._sight, self._is_hole
        )

    def _inspect(self, representatives: Iterable[Representative]) -> None:
        for one in representatives:
            # From the decoded frame: the decoder's library makes it small several times faster.
            small = one.picture.frame(self._settings.poster_side)
            self._posters.append(Poster(one.span, _jpeg(small.image), small.pts_seconds))
            if self._sight is None and not self._watch.inspects:
                continue
            frame = one.picture.frame(self._settings.max_side)
            if self._sight is not None:
                self._sight.see(frame.image)
            self._add(self._watch.inspect(frame, one.span))

    def _add(self, observations: Observations) -> None:
        for name, said in observations.items():
            self._observations[name].extend(said)


def _jpeg(image: Image) -> bytes:
    bgr = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    done, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    if not done:
        raise RuntimeError(f"OpenCV could not write a JPEG of {image.shape[1]}x{image.shape[0]} pixels")
    return np.asarray(data).tobytes()
