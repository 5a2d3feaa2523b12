"""Cuts a stream of decoded frames into segments: parts of one shot, none longer than the limit.

Whether a shot begins with a frame is certain only some seconds later (a dissolve has to end first).
Thumbnails are kept until then; decoded frames are too large for that. So a few times a second one is kept as
a *candidate* for a representative frame, and all others are released as soon as the hard cuts around them are
known. Segments begin at hard cuts and otherwise at candidates, so that each has one. A frame lasts until the
next one: the last one before a pause is a candidate too.

A *hole* is a time at which nothing was recorded. The caller, who knows the whole file, says which pauses are
holes; a hole is a segment of its own, without frames.

Frames come from a :class:`~video_vlm.samplers.thumbnail_filter.ThumbnailFilter`, which has released most of
them already.

The result depends on the frames of the last seconds alone: an interrupted run goes on from any
:class:`SegmentStart` with the result an uninterrupted one would have had.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain

from video_vlm.protocols import DecodedFrame
from video_vlm.records import Cut, Image
from video_vlm.samplers.gradual_transitions import MEMORY_SECONDS
from video_vlm.samplers.shots import MEMORY_FRAMES, ShotDetector
from video_vlm.settings import FrameSettings, IndexSettings

__all__ = ["Borders", "SeenFrame", "SegmentStart", "Segmenter", "is_held", "look_number", "no_hole"]

_FALLBACK_FPS = 25.0
_CANDIDATES_PER_WINDOW = 3


@dataclass(frozen=True, slots=True)
class SegmentStart:
    """Where a segment begins, and all that is needed to go on from there: plain numbers, in seconds.

    ``shot_seconds`` is when its shot began; ``warm_up_seconds`` the time of the first frame that has to be
    pushed again before ``start_seconds`` (decode from there).
    """

    start_seconds: float
    shot_seconds: float
    warm_up_seconds: float


@dataclass(frozen=True, slots=True)
class SeenFrame:
    """A frame that was looked at.

    ``frame`` is None where it is no candidate. Once that is certain, ``opens`` is set where a segment begins
    with it, ``cut`` where a shot does. ``thumbnail`` (RGB uint8 ``(height, width, 3)``) is None for a time
    that was not looked at; ``is_hole`` says that nothing was recorded from there to the next frame.
    """

    pts_seconds: float
    thumbnail: Image | None
    frame: DecodedFrame | None = None
    opens: SegmentStart | None = None
    cut: Cut | None = None
    is_hole: bool = False

    def without_frame(self) -> SeenFrame:
        return replace(self, frame=None)


def no_hole(start_seconds: float, end_seconds: float) -> bool:  # noqa: ARG001
    """False for any two times in seconds: a file without holes."""
    return False


class Borders:
    """Times in seconds at which segments begin in any case, passed one after the other."""

    def __init__(self, seconds: Iterable[float]) -> None:
        self._ahead = deque(sorted(set(seconds)))

    def between(self, after_seconds: float, before_seconds: float) -> Iterator[float]:
        """Those after one time and before another. Each is given once; earlier ones are dropped."""
        while self._ahead and self._ahead[0] < before_seconds:
            border = self._ahead.popleft()
            if border > after_seconds:
                yield border

    def is_one(self, seconds: float) -> bool:
        """Whether the next one is at this very time."""
        return bool(self._ahead) and self._ahead[0] == seconds


def look_number(seconds: float, settings: FrameSettings) -> int:
    """The number of the interval in which one frame becomes a candidate: three for each
    ``candidate_seconds``."""
    return math.floor(seconds / settings.candidate_seconds * _CANDIDATES_PER_WINDOW)


def is_held(seconds: float, next_seconds: float | None, settings: FrameSettings) -> bool:
    """Whether a frame is shown through at least one whole interval of :func:`look_number`. True without a
    next one: it may be."""
    return next_seconds is None or look_number(next_seconds, settings) > look_number(seconds, settings) + 1


class Segmenter:
    """Fed frames in order of time; gives each one back, in order, once its place is certain.

    Args:
        settings: ``shots`` says how shots are found, ``frames.segment_seconds`` how long a segment may be.
        mark: Where to go on; the frames between its ``warm_up_seconds`` and its ``start_seconds`` only warm
            up.
        fps: The frame rate the container declares; used for the length of the only frame of a video.
        borders: Times in seconds at which a segment begins in any case: chapter marks.
        is_hole: Whether nothing was recorded between two consecutive frames, given their times in seconds.
    """

    def __init__(
        self,
        settings: IndexSettings,
        *,
        mark: SegmentStart | None = None,
        fps: float | None = None,
        borders: Iterable[float] = (),
        is_hole: Callable[[float, float], bool] = no_hole,
    ) -> None:
        self._frames = settings.frames
        self._max_seconds = settings.frames.segment_seconds
        self._mark = mark
        self._detector = ShotDetector(
            settings.shots,
            start_seconds=mark.start_seconds if mark else None,
            last_cut_seconds=mark.shot_seconds if mark else None,
        )
        self._fresh: deque[SeenFrame] = deque()
        self._thinned: deque[SeenFrame] = deque()
        self._cuts: deque[Cut] = deque()
        self._segment: SegmentStart | None = None
        self._borders = Borders(borders)
        self._look: int | None = None
        self._times: deque[float] = deque()
        self._newest: float | None = None
        self._step_seconds = 1.0 / (fps or _FALLBACK_FPS)
        self._is_hole = is_hole
        self._holes: dict[float, float] = {}

    @property
    def newest_seconds(self) -> float | None:
        """When the newest frame begins; None before any."""
        return self._newest

    @property
    def end_seconds(self) -> float | None:
        """When the newest frame ends, assuming that it lasts as long as the one before it; None before
        any."""
        return None if self._newest is None else self._newest + self._step_seconds

    def push(self, seen: SeenFrame) -> tuple[SeenFrame, ...]:
        """Take the next frame; return those whose place is now certain. A frame that is not later than the
        one before it is dropped."""
        seconds = seen.pts_seconds
        if self._newest is not None:
            if seconds <= self._newest:
                return ()
            if self._is_hole(self._newest, seconds):
                self._holes[seconds] = self._newest + self._step_seconds
            else:
                self._step_seconds = seconds - self._newest
        self._newest = seconds
        self._fresh.append(seen)
        if seen.thumbnail is not None:
            self._cuts += self._detector.push(seconds, seen.thumbnail)
        self._thin(self._detector.leaps_undecided_since)
        return tuple(self._certain(self._detector.undecided_since))

    def finish(self) -> tuple[SeenFrame, ...]:
        """No more pictures: those that were still held back."""
        self._cuts += self._detector.finish()
        self._thin(math.inf)
        return *self._certain(math.inf), *self._placed_borders(self.end_seconds or 0.0)

    def _thin(self, undecided_since: float) -> None:
        """Release decoded frames that will not be needed. For the newest frame that is not known yet."""
        while self._fresh and self._fresh[0].pts_seconds < undecided_since:
            if len(self._fresh) == 1 and undecided_since < math.inf:
                return
            seen = self._fresh.popleft()
            following = self._fresh[0].pts_seconds if self._fresh else self.end_seconds
            is_shown_long = is_held(seen.pts_seconds, following, self._frames)
            self._thinned.append(self._thinner(seen, is_held=is_shown_long))

    def _thinner(self, seen: SeenFrame, *, is_held: bool) -> SeenFrame:
        """Candidates are the first frame of each interval that is not rough, a frame held through an
        interval, and the first one after a hard cut; all others lose their frame."""
        seconds = seen.pts_seconds
        if self._is_due(seen):
            self._look = look_number(seconds, self._frames)
            return seen
        is_hard_cut = any(cut.at == seconds and cut.kind == "hard" for cut in self._cuts)
        return seen if is_held or is_hard_cut or self._detector.leapt(seconds) else seen.without_frame()

    def _is_due(self, seen: SeenFrame) -> bool:
        return (
            seen.frame is not None
            and not seen.frame.is_rough
            and look_number(seen.pts_seconds, self._frames) != self._look
        )

    def _certain(self, undecided_since: float) -> Iterator[SeenFrame]:
        while self._thinned and self._thinned[0].pts_seconds < undecided_since:
            seen = self._thinned.popleft()
            if self._mark is None or seen.pts_seconds >= self._mark.start_seconds:
                yield from self._placed(seen)
            # Times to warm up from: at least so many frames, and at least so many seconds.
            self._times.append(seen.pts_seconds)
            while len(self._times) > MEMORY_FRAMES and self._times[1] <= seen.pts_seconds - MEMORY_SECONDS:
                self._times.popleft()

    def _placed_borders(self, before_seconds: float, *, is_hole: bool = False) -> Iterator[SeenFrame]:
        """Segments that begin between two frames, at a border."""
        if self._segment is None:
            return
        for border in self._borders.between(self._segment.start_seconds, before_seconds):
            self._segment = self._new_mark(border, shot_seconds=self._segment.shot_seconds)
            yield SeenFrame(border, None, opens=self._segment, is_hole=is_hole)

    def _placed(self, seen: SeenFrame) -> Iterator[SeenFrame]:
        hole = self._holes.pop(seen.pts_seconds, None)
        opens = self._segment or self._mark
        if hole is None or opens is None or hole < opens.start_seconds:
            yield from self._placed_borders(seen.pts_seconds)
            yield self._place(seen)
            return
        yield from self._placed_borders(hole)
        if self._segment is not None:
            opens = self._new_mark(hole, shot_seconds=opens.shot_seconds)
        yield SeenFrame(hole, None, opens=opens, is_hole=True)
        self._segment = opens
        yield from self._placed_borders(seen.pts_seconds, is_hole=True)
        cut = self._take_cut(seen)
        self._segment = self._new_mark(
            seen.pts_seconds, shot_seconds=seen.pts_seconds if cut else opens.shot_seconds
        )
        yield replace(seen, opens=self._segment, cut=cut)

    def _place(self, seen: SeenFrame) -> SeenFrame:
        if self._segment is None:
            start = min(seen.pts_seconds, 0.0)  # before its time the first frame is on display
            self._segment = self._mark or self._new_mark(start, shot_seconds=start)
            return replace(seen, opens=self._segment)
        cut = self._take_cut(seen) if seen.frame is not None else None
        if cut is not None:
            self._segment = self._new_mark(seen.pts_seconds, shot_seconds=seen.pts_seconds)
            return replace(seen, opens=self._segment, cut=cut)
        is_border = self._borders.is_one(seen.pts_seconds)
        if is_border or (seen.frame is not None and self._is_full(seen.pts_seconds)):
            self._segment = self._new_mark(seen.pts_seconds, shot_seconds=self._segment.shot_seconds)
            return replace(seen, opens=self._segment)
        return seen

    def _take_cut(self, seen: SeenFrame) -> Cut | None:
        """The cut at a frame. A gradual change takes the next candidate, which may be a little after it."""
        cut = None
        while self._cuts and self._cuts[0].at <= seen.pts_seconds:
            cut = self._cuts.popleft()
        if cut is None:
            return None
        span = replace(cut.span, end=max(cut.span.end, seen.pts_seconds))
        return replace(cut, span=span, at=seen.pts_seconds)

    def _is_full(self, seconds: float) -> bool:
        """Whether the segment would get too long if it went on to the next candidate, where it could end."""
        if self._segment is None or seconds <= self._segment.start_seconds:
            return False
        kept = (seen.pts_seconds for seen in self._thinned if seen.frame is not None)
        following = [*(seen.pts_seconds for seen in self._fresh), self.end_seconds][1:]
        coming = (
            seen.pts_seconds
            for seen, later in zip(self._fresh, following, strict=True)
            if self._is_due(seen) or is_held(seen.pts_seconds, later, self._frames)
        )
        ends = next(chain(kept, coming), self.end_seconds)
        return ends is not None and ends - self._segment.start_seconds > self._max_seconds + 1e-9

    def _new_mark(self, seconds: float, *, shot_seconds: float) -> SegmentStart:
        return SegmentStart(seconds, shot_seconds, self._times[0] if self._times else seconds)
