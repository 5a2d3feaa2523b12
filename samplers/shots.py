"""Shots from small thumbnails, as a stream: push pictures one at a time, get cuts back a few pictures later.

The finding is PySceneDetect's: its ``AdaptiveDetector`` (or ``ContentDetector``) proposes hard cuts and its
``ThresholdDetector`` the ends of fades through black. This module feeds them, keeps the clock, and judges what
they propose with a short look ahead: a picture that is back within :data:`FLASH_SECONDS` was a flash,
and a dark stretch that never gets black was a dark scene.

Nothing older than a few pictures is remembered, so a detector that is started anew with the last
:data:`MEMORY_FRAMES` pictures as ``history`` goes on exactly where another one left off.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import cv2
import numpy as np

from video_vlm.records import Cut, Image, Shot, Span
from video_vlm.settings import ShotSettings

__all__ = ["FLASH_SECONDS", "MEMORY_FRAMES", "ShotDetector", "brightness", "tile"]

FLASH_SECONDS = 0.4
"""A picture that is back within this long was interrupted by a flash, not by a cut."""

MEMORY_FRAMES = 12
"""How many pictures back, and ahead, a decision may look."""

_WINDOW = 2  # AdaptiveDetector judges a picture among two on each side
_RETURN_SHARE = 0.3  # back again: this much nearer to the picture before the cut than the cut jumped
_LEAST_JUMP = 2.0  # mean grey levels a cut has to change
_LEAST_LEAP = 2.0  # times the steps around it: less is the last step into black of a fade, or the first out
_DARK_LEVEL = 12  # ThresholdDetector's default: mean of 0..255 under which a picture counts as dark
_BLACK_LEVEL = 5.0  # a fade goes through black; a night scene only gets dark


@dataclass(slots=True)
class _Seen:
    """A picture that waits for the verdict whether a shot begins with it."""

    pts_seconds: float
    thumbnail: Image
    level: float
    proposed: Literal["hard", "fade"] | None = None
    dark_since: float | None = None


class ShotDetector:
    """Finds where shots begin; fed thumbnails in order of time.

    Args:
        settings: The thresholds are PySceneDetect's defaults; ``min_shot_seconds`` is kept here.
        history: The last pictures before the first one to be judged, oldest first, to go on from.
        last_cut_seconds: When the shot that is going on began; the first picture's time if None.
    """

    def __init__(
        self,
        settings: ShotSettings,
        *,
        history: Iterable[tuple[float, Image]] = (),
        last_cut_seconds: float | None = None,
    ) -> None:
        self._settings = settings
        self._proposals = _Proposals(settings)
        self._shape: tuple[int, ...] | None = None
        self._past: deque[_Seen] = deque(maxlen=MEMORY_FRAMES)
        self._waiting: deque[_Seen] = deque()
        self._last_cut = last_cut_seconds
        self._judged_from: float | None = None
        self._dark_since: float | None = None
        self._darkest = 255.0
        for pts_seconds, thumbnail in history:
            self._see(pts_seconds, thumbnail)
        self._past.extend(self._waiting)
        self._waiting.clear()

    def push(self, pts_seconds: float, thumbnail: Image) -> tuple[Cut, ...]:
        """Take the next picture, later than all before; return the cuts that are now certain.

        Args:
            pts_seconds: When it is shown.
            thumbnail: RGB uint8 ``(height, width, 3)``. The size may change in mid-stream.
        """
        if self._judged_from is None:
            self._judged_from = pts_seconds
            self._last_cut = pts_seconds if self._last_cut is None else self._last_cut
        self._see(pts_seconds, thumbnail)
        return self._decide(final=False)

    def finish(self) -> tuple[Cut, ...]:
        """No more pictures: the cuts among those that were still waiting."""
        if self._waiting:
            last = self._waiting[-1]
            for later in range(1, _WINDOW + 1):
                self._mark(self._proposals.feed(last.pts_seconds + later, last.thumbnail), later=later)
        return self._decide(final=True)

    @property
    def num_waiting(self) -> int:
        """How many of the pushed pictures, counted from the newest, may still turn out to begin a shot."""
        return len(self._waiting)

    def _see(self, pts_seconds: float, thumbnail: Image) -> None:
        self._shape = self._shape or thumbnail.shape
        if thumbnail.shape != self._shape:
            height, width = self._shape[:2]
            thumbnail = np.asarray(cv2.resize(thumbnail, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
        level = brightness(thumbnail)
        self._waiting.append(_Seen(pts_seconds, thumbnail, level))
        dark_since = self._follow_darkness(pts_seconds, level)
        self._mark(self._proposals.feed(pts_seconds, thumbnail), dark_since=dark_since)

    def _follow_darkness(self, pts_seconds: float, level: float) -> float | None:
        """When a dark stretch that got truly black began, at the first picture after it."""
        if level < _DARK_LEVEL:
            self._dark_since = pts_seconds if self._dark_since is None else self._dark_since
            self._darkest = min(self._darkest, level)
            return None
        began = self._dark_since if self._darkest <= _BLACK_LEVEL else None
        self._dark_since, self._darkest = None, 255.0
        return began

    def _mark(self, proposed: _Proposed, *, dark_since: float | None = None, later: int = 0) -> None:
        behind = 1 + self._proposals.lag - later
        if proposed.hard and len(self._waiting) >= behind:
            self._waiting[-behind].proposed = "hard"
        if proposed.fade and dark_since is not None and self._waiting[-1].proposed is None:
            self._waiting[-1].proposed = "fade"
            self._waiting[-1].dark_since = dark_since

    def _decide(self, *, final: bool) -> tuple[Cut, ...]:
        cuts = []
        while self._waiting and (final or self._is_ripe()):
            head = self._waiting.popleft()
            if self._is_cut(head):
                self._last_cut = head.pts_seconds
                cuts.append(self._cut(head))
            self._past.append(head)
        return tuple(cuts)

    def _is_ripe(self) -> bool:
        """Whether the first waiting picture has all the future it may be judged by."""
        seen_ahead = self._waiting[-1].pts_seconds - self._waiting[0].pts_seconds
        num_ahead = len(self._waiting) - 1
        return num_ahead >= _WINDOW and (num_ahead >= MEMORY_FRAMES or seen_ahead >= FLASH_SECONDS)

    def _is_cut(self, head: _Seen) -> bool:
        if head.proposed is None or not self._past or self._judged_from is None or self._last_cut is None:
            return False
        if head.pts_seconds <= self._judged_from:
            return False
        if head.pts_seconds - self._last_cut < self._settings.min_shot_seconds:
            return False
        return not self._is_trifle(head) and not self._is_flash(head)

    def _is_trifle(self, head: _Seen) -> bool:
        """Whether the picture as a whole did not leap: near black the content score makes much of little."""
        before = self._past[-1]
        jump = _distance(before.thumbnail, head.thumbnail)
        darker, lighter = sorted([before.level, head.level])
        if lighter < _DARK_LEVEL or jump < _LEAST_JUMP:
            return True
        if head.proposed == "fade" or darker > _BLACK_LEVEL:
            return False
        around = [*list(self._past)[-3:], None, head, *list(self._waiting)[:_WINDOW]]
        steps = [_distance(a.thumbnail, b.thumbnail) for a, b in pairwise(around) if a and b]
        return jump < _LEAST_LEAP * max(steps, default=0.0)

    def _is_flash(self, head: _Seen) -> bool:
        before = self._past[-1].thumbnail
        near = _RETURN_SHARE * _distance(before, head.thumbnail)
        comes_back = any(
            _distance(later.thumbnail, before) < near
            for later in self._waiting
            if later.pts_seconds - head.pts_seconds <= FLASH_SECONDS
        )
        return comes_back or any(
            _distance(earlier.thumbnail, head.thumbnail) < near
            for earlier in self._past
            if head.pts_seconds - earlier.pts_seconds <= FLASH_SECONDS
        )

    def _cut(self, head: _Seen) -> Cut:
        score = _distance(self._past[-1].thumbnail, head.thumbnail) / 255.0
        if head.proposed == "fade" and head.dark_since is not None:
            return Cut(Span(head.dark_since, head.pts_seconds), "fade", score)
        return Cut(Span(head.pts_seconds, head.pts_seconds), "hard", score)


def tile(cuts: Sequence[Cut], *, span: Span) -> tuple[Shot, ...]:
    """The shots between ``cuts``, in order: they tile ``span`` exactly, each ending where the next begins.

    A shot begins at the *end* of its cut's span: the dark of a fade belongs to the shot before.
    """
    inner = [cut for cut in cuts if span.start < cut.span.end < span.end]
    starts = [span.start, *(cut.span.end for cut in inner)]
    ends = [*starts[1:], span.end]
    first = Shot(Span(starts[0], ends[0]), 0.0)
    rest = (
        Shot(Span(start, end), cut.score, cut.kind) for start, end, cut in zip(starts[1:], ends[1:], inner, strict=True)
    )
    return first, *rest


@dataclass(frozen=True, slots=True)
class _Proposed:
    hard: bool
    fade: bool


class _Proposals:
    """PySceneDetect's detectors, fed thumbnails. ``hard`` speaks of the picture ``lag`` before the newest."""

    def __init__(self, settings: ShotSettings) -> None:
        # Imported here: `import video_vlm` stays light.
        from scenedetect.detectors import AdaptiveDetector, ContentDetector, ThresholdDetector

        # Shortest lengths are kept by ShotDetector, whose last cut survives an interruption.
        if settings.detector == "adaptive":
            self._hard: Any = AdaptiveDetector(min_scene_len=0, window_width=_WINDOW)
            self.lag = _WINDOW
        else:
            self._hard = ContentDetector(min_scene_len=0)
            self.lag = 0
        self._fade: Any = ThresholdDetector(threshold=_DARK_LEVEL, min_scene_len=0, fade_bias=1.0)
        self._origin: float | None = None

    def feed(self, pts_seconds: float, thumbnail: Image) -> _Proposed:
        picture = cv2.cvtColor(thumbnail, cv2.COLOR_RGB2BGR)
        if self._origin is None:
            # A lead-in of stills, so that the first pictures have a neighbourhood too; times start
            # above it because PySceneDetect knows no negative ones.
            self._origin = pts_seconds - _WINDOW
            for still in range(_WINDOW):
                self._hard.process_frame(_timecode(float(still)), picture)
        time = _timecode(pts_seconds - self._origin)
        return _Proposed(bool(self._hard.process_frame(time, picture)), bool(self._fade.process_frame(time, picture)))


def _timecode(seconds: float) -> Any:
    from scenedetect.common import FrameTimecode

    return FrameTimecode(seconds, fps=1000.0)


def brightness(image: Image) -> float:
    """Mean of all channels, in grey levels (0 to 255); several times faster than ``image.mean()``."""
    return sum(cv2.mean(image)[:3]) / 3


def _distance(a: Image, b: Image) -> float:
    """Mean absolute difference, in grey levels."""
    return float(cv2.norm(a, b, cv2.NORM_L1)) / a.size
