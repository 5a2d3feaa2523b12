"""Cuts a stream of decoded pictures into segments: pieces of one shot, none longer than the limit.

:class:`Segmenter` holds a picture back only until it is certain whether a shot begins with it. At every
border it starts a new shot detector and shows it the last few pictures again. So what happens inside a
segment depends on that segment and on those few pictures alone, and a run that was interrupted goes on
from any :class:`Mark` with the result an uninterrupted one would have had.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from video_vlm.protocols import DecodedFrame
from video_vlm.records import Cut, Image
from video_vlm.samplers.shots import MEMORY_FRAMES, ShotDetector
from video_vlm.settings import IndexSettings

__all__ = ["Mark", "Seen", "Segmenter"]

_FALLBACK_FPS = 25.0


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a segment begins, and all that is needed to go on from there: plain numbers, in seconds.

    ``shot_seconds`` is when its shot began; ``warm_up_seconds`` the time of the first picture that has to
    be shown again before ``start_seconds`` (scan from there).
    """

    start_seconds: float
    shot_seconds: float
    warm_up_seconds: float


@dataclass(frozen=True, slots=True)
class Seen:
    """A picture whose place is certain. ``opens`` is set where a segment begins with it, ``cut`` where a shot does."""

    frame: DecodedFrame
    thumbnail: Image
    opens: Mark | None = None
    cut: Cut | None = None


class Segmenter:
    """Fed pictures in order of time; gives each one back, in order, once its place is certain.

    Args:
        settings: ``shots`` says how shots are found, ``frames.segment_seconds`` how long a segment may be.
        mark: Where to go on; the pictures between its ``warm_up_seconds`` and its ``start_seconds`` only warm up.
        fps: What the container declares; used for the length of the only picture of a one-picture video.
    """

    def __init__(self, settings: IndexSettings, *, mark: Mark | None = None, fps: float | None = None) -> None:
        self._settings = settings
        self._mark = mark
        self._resume_from = mark.start_seconds if mark else float("-inf")
        self._history: deque[tuple[float, Image]] = deque(maxlen=MEMORY_FRAMES)
        self._queue: deque[Seen] = deque()
        self._cuts: dict[float, Cut] = {}
        self._detector: ShotDetector | None = None
        self._segment: Mark | None = None
        self._newest: float | None = None
        self._step_seconds = 1.0 / (fps or _FALLBACK_FPS)
        self._finished = False

    @property
    def end_seconds(self) -> float | None:
        """When the newest picture ends, taken to be shown as long as the one before it; None before any."""
        return None if self._newest is None else self._newest + self._step_seconds

    def push(self, frame: DecodedFrame) -> tuple[Seen, ...]:
        """Take the next picture. One that is not later than the one before it is dropped: it has no time of its own."""
        seconds = frame.pts_seconds
        if self._newest is not None:
            if seconds <= self._newest:
                return ()
            self._step_seconds = seconds - self._newest
        self._newest = seconds
        thumbnail = frame.thumbnail(self._settings.shots.thumbnail_width)
        if seconds < self._resume_from:
            self._history.append((seconds, thumbnail))
            return ()
        self._queue.append(Seen(frame, thumbnail))
        if self._detector is None:
            self._detector = self._new_detector(self._mark.shot_seconds if self._mark else seconds)
        self._note(self._detector.push(seconds, thumbnail))
        return tuple(self._certain())

    def finish(self) -> tuple[Seen, ...]:
        """No more pictures: those that were still held back."""
        self._finished = True
        if self._detector is not None:
            self._note(self._detector.finish())
        return tuple(self._certain())

    def _certain(self) -> Iterator[Seen]:
        while self._detector is not None and len(self._queue) > self._detector.num_waiting:
            yield self._place(self._queue.popleft())

    def _place(self, seen: Seen) -> Seen:
        seconds = seen.frame.pts_seconds
        cut = self._cuts.pop(seconds, None)
        if self._segment is None:
            seen = Seen(seen.frame, seen.thumbnail, self._open(seconds, shot_seconds=None))
        elif cut is not None:
            seen = Seen(seen.frame, seen.thumbnail, self._open(seconds, shot_seconds=seconds), cut)
            self._start_anew(seen)
        elif self._is_full(seconds):
            seen = Seen(seen.frame, seen.thumbnail, self._open(seconds, shot_seconds=self._segment.shot_seconds))
            self._start_anew(seen)
        self._history.append((seconds, seen.thumbnail))
        return seen

    def _is_full(self, seconds: float) -> bool:
        """Whether the segment would get too long if it took this picture in."""
        ends = self._queue[0].frame.pts_seconds if self._queue else self.end_seconds
        if self._segment is None or ends is None or seconds <= self._segment.start_seconds:
            return False
        return ends - self._segment.start_seconds > self._settings.frames.segment_seconds + 1e-9

    def _open(self, seconds: float, *, shot_seconds: float | None) -> Mark:
        if shot_seconds is None and self._mark is not None:
            self._segment = self._mark
        else:
            warm_up = self._history[0][0] if self._history else seconds
            self._segment = Mark(seconds, seconds if shot_seconds is None else shot_seconds, warm_up)
        return self._segment

    def _start_anew(self, first: Seen) -> None:
        """A new detector for the segment that ``first`` opens, brought to where the old one was."""
        self._cuts.clear()
        self._detector = self._new_detector(self._segment.shot_seconds if self._segment else first.frame.pts_seconds)
        for seen in (first, *self._queue):
            self._note(self._detector.push(seen.frame.pts_seconds, seen.thumbnail))
        if self._finished:
            self._note(self._detector.finish())

    def _new_detector(self, shot_seconds: float) -> ShotDetector:
        return ShotDetector(self._settings.shots, history=self._history, last_cut_seconds=shot_seconds)

    def _note(self, cuts: tuple[Cut, ...]) -> None:
        self._cuts.update((cut.span.end, cut) for cut in cuts)
