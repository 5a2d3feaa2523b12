"""Cuts a stream of decoded pictures into segments: pieces of one shot, none longer than the limit.

Whether a shot begins with a picture is certain only some seconds later (a dissolve has to end first). Thumbnails wait
for that; decoded pictures are too large to. So a few times a second one is kept as a *candidate* for a representative
frame, and all others are let go as soon as the hard cuts around them are known. Segments begin at hard cuts and else at
candidates, so that none is without.

Pictures come from a :class:`~video_vlm.samplers.sieve.Sieve`, which has let go of most already.

What happens depends on the pictures of the last seconds alone: a run that was interrupted goes on from any
:class:`Mark` with the result an uninterrupted one would have had.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain

from video_vlm.protocols import DecodedFrame
from video_vlm.records import Cut, Image
from video_vlm.samplers.gradual import MEMORY_SECONDS
from video_vlm.samplers.shots import MEMORY_FRAMES, ShotDetector
from video_vlm.settings import FrameSettings, IndexSettings

__all__ = ["Borders", "Mark", "Seen", "Segmenter", "look_number"]

_FALLBACK_FPS = 25.0
_CANDIDATES_PER_WINDOW = 3


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
    """A picture that was looked at. ``frame`` is None where it is no candidate. Once its place is certain, ``opens`` is
    set where a segment begins with it, ``cut`` where a shot does. Without ``thumbnail`` it is a place that was not
    looked at."""

    pts_seconds: float
    thumbnail: Image | None
    frame: DecodedFrame | None = None
    opens: Mark | None = None
    cut: Cut | None = None


class Borders:
    """Times at which segments begin whatever is seen, passed one after the other."""

    def __init__(self, seconds: Iterable[float]) -> None:
        self._ahead = deque(sorted(set(seconds)))

    def between(self, after_seconds: float, before_seconds: float) -> Iterator[float]:
        """Those after one time and before another. None of them, or before them, is passed again."""
        while self._ahead and self._ahead[0] < before_seconds:
            border = self._ahead.popleft()
            if border > after_seconds:
                yield border

    def is_one(self, seconds: float) -> bool:
        """Whether the next one is at this very time."""
        return bool(self._ahead) and self._ahead[0] == seconds


def look_number(seconds: float, settings: FrameSettings) -> int:
    """Which tick of the candidates' clock a time belongs to."""
    return math.floor(seconds / settings.candidate_seconds * _CANDIDATES_PER_WINDOW)


class Segmenter:
    """Fed pictures in order of time; gives each one back, in order, once its place is certain.

    Args:
        settings: ``shots`` says how shots are found, ``frames.segment_seconds`` how long a segment may be.
        mark: Where to go on; the pictures between its ``warm_up_seconds`` and its ``start_seconds`` only warm up.
        fps: What the container declares; used for the length of the only picture of a one-picture video.
        borders: Times at which a segment begins whatever is seen: chapter marks.
    """

    def __init__(
        self,
        settings: IndexSettings,
        *,
        mark: Mark | None = None,
        fps: float | None = None,
        borders: Iterable[float] = (),
    ) -> None:
        self._frames = settings.frames
        self._max_seconds = settings.frames.segment_seconds
        self._mark = mark
        self._detector = ShotDetector(
            settings.shots,
            start_seconds=mark.start_seconds if mark else None,
            last_cut_seconds=mark.shot_seconds if mark else None,
        )
        self._fresh: deque[Seen] = deque()
        self._thinned: deque[Seen] = deque()
        self._cuts: deque[Cut] = deque()
        self._segment: Mark | None = None
        self._borders = Borders(borders)
        self._look: int | None = None
        self._times: deque[float] = deque()
        self._newest: float | None = None
        self._step_seconds = 1.0 / (fps or _FALLBACK_FPS)

    @property
    def end_seconds(self) -> float | None:
        """When the newest picture ends, taken to be shown as long as the one before it; None before any."""
        return None if self._newest is None else self._newest + self._step_seconds

    def push(self, seen: Seen) -> tuple[Seen, ...]:
        """Take the next picture. One that is not later than the one before it is dropped: it has no time of its own."""
        seconds = seen.pts_seconds
        if self._newest is not None:
            if seconds <= self._newest:
                return ()
            self._step_seconds = seconds - self._newest
        self._newest = seconds
        self._fresh.append(seen)
        if seen.thumbnail is not None:
            self._cuts += self._detector.push(seconds, seen.thumbnail)
        self._thin(self._detector.leaps_undecided_since)
        return tuple(self._certain(self._detector.undecided_since))

    def finish(self) -> tuple[Seen, ...]:
        """No more pictures: those that were still held back."""
        self._cuts += self._detector.finish()
        self._thin(math.inf)
        return *self._certain(math.inf), *self._placed_borders(self.end_seconds or 0.0)

    def _thin(self, undecided_since: float) -> None:
        """Let go of the decoded pictures that will not be needed."""
        while self._fresh and self._fresh[0].pts_seconds < undecided_since:
            seen = self._fresh.popleft()
            self._thinned.append(self._thinner(seen))

    def _thinner(self, seen: Seen) -> Seen:
        """Only the first picture after every tick that is not rough, and the first one after a hard cut, are
        candidates."""
        seconds = seen.pts_seconds
        if self._is_due(seen):
            self._look = self._look_of(seconds)
        elif seen.frame is not None and not self._detector.leapt(seconds) and not self._is_hard_cut(seconds):
            return replace(seen, frame=None)
        return seen

    def _is_due(self, seen: Seen) -> bool:
        return seen.frame is not None and not seen.frame.is_rough and self._look_of(seen.pts_seconds) != self._look

    def _is_hard_cut(self, seconds: float) -> bool:
        return any(cut.at == seconds and cut.kind == "hard" for cut in self._cuts)

    def _certain(self, undecided_since: float) -> Iterator[Seen]:
        while self._thinned and self._thinned[0].pts_seconds < undecided_since:
            seen = self._thinned.popleft()
            if self._mark is None or seen.pts_seconds >= self._mark.start_seconds:
                yield from self._placed_borders(seen.pts_seconds)
                yield self._place(seen)
            self._remember(seen.pts_seconds)

    def _placed_borders(self, before_seconds: float) -> Iterator[Seen]:
        """Segments that begin between two pictures, at a border."""
        if self._segment is None:
            return
        for border in self._borders.between(self._segment.start_seconds, before_seconds):
            self._segment = self._new_mark(border, shot_seconds=self._segment.shot_seconds)
            yield Seen(border, None, opens=self._segment)

    def _place(self, seen: Seen) -> Seen:
        if self._segment is None:
            start = min(seen.pts_seconds, 0.0)  # before its time the first frame is on display
            self._segment = self._mark or self._new_mark(start, shot_seconds=start)
            return replace(seen, opens=self._segment)
        if self._cuts and seen.frame is not None and self._cuts[0].at <= seen.pts_seconds:
            # A gradual change takes the next candidate, which may be a little after it.
            cut = self._cuts.popleft()
            while self._cuts and self._cuts[0].at <= seen.pts_seconds:
                cut = self._cuts.popleft()
            span = replace(cut.span, end=max(cut.span.end, seen.pts_seconds))
            self._segment = self._new_mark(seen.pts_seconds, shot_seconds=seen.pts_seconds)
            return replace(seen, opens=self._segment, cut=replace(cut, span=span, at=seen.pts_seconds))
        is_border = self._borders.is_one(seen.pts_seconds)
        if is_border or (seen.frame is not None and self._is_full(seen.pts_seconds)):
            self._segment = self._new_mark(seen.pts_seconds, shot_seconds=self._segment.shot_seconds)
            return replace(seen, opens=self._segment)
        return seen

    def _is_full(self, seconds: float) -> bool:
        """Whether the segment would get too long if it went on to the next picture it could end at."""
        ends = self._next_candidate()
        if self._segment is None or ends is None or seconds <= self._segment.start_seconds:
            return False
        return ends - self._segment.start_seconds > self._max_seconds + 1e-9

    def _next_candidate(self) -> float | None:
        kept = (seen.pts_seconds for seen in self._thinned if seen.frame is not None)
        coming = (seen.pts_seconds for seen in self._fresh if self._is_due(seen))
        return next(chain(kept, coming), self.end_seconds)

    def _look_of(self, seconds: float) -> int:
        return look_number(seconds, self._frames)

    def _new_mark(self, seconds: float, *, shot_seconds: float) -> Mark:
        return Mark(seconds, shot_seconds, self._times[0] if self._times else seconds)

    def _remember(self, seconds: float) -> None:
        """Times to warm up from: at least so many pictures, and at least so many seconds."""
        self._times.append(seconds)
        while len(self._times) > MEMORY_FRAMES and self._times[1] <= seconds - MEMORY_SECONDS:
            self._times.popleft()
