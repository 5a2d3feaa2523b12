"""Makes a thumbnail of each decoded frame, and keeps only decoded frames that may still be needed.

A decoded frame is large, and a :class:`~video_vlm.samplers.segments.Segmenter` needs only the first of each
interval, those that are shown through a whole interval, and those after a hard cut. The neighbours of a frame
show whether it may be one of them. So a stream can be filtered in pieces, each by itself: every frame that is
needed of the whole stream is kept.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice

from video_vlm.protocols import DecodedFrame
from video_vlm.records import Image
from video_vlm.samplers.hard_cuts import AROUND, Step, distance, may_be_hard_cut
from video_vlm.samplers.segments import SeenFrame, is_held, look_number
from video_vlm.settings import IndexSettings

__all__ = ["ThumbnailFilter"]

_PAST = 40
"""How many earlier frames' steps are kept: as far as a decision looks back at 240 frames a second."""


@dataclass(frozen=True, slots=True)
class _Step:
    """A frame and how far it is from the one before: 0 where that is not known, and then it is due."""

    seen: SeenFrame
    step: float
    is_due: bool


class ThumbnailFilter:
    """Decoded frames in, thumbnails out, in order.

    Args:
        settings: ``shots`` says how wide thumbnails are (pixels) and which detector finds hard cuts,
            ``frames`` how often a frame is due.
    """

    def __init__(self, settings: IndexSettings) -> None:
        self._width = settings.shots.thumbnail_width
        self._frames = settings.frames
        # It is known only of our own detector which frames it may call a cut.
        self._keeps_all = settings.shots.detector != "leap"

    def __call__(self, frames: Iterable[DecodedFrame]) -> Generator[SeenFrame, None, None]:
        """Each frame once, some frames later; the decoded frame is dropped where it is certainly not
        needed."""
        past: deque[_Step] = deque(maxlen=_PAST)
        held: deque[_Step] = deque()
        for one in self._steps(frames):
            held.append(one)
            if len(held) > AROUND:
                yield self._sieved(past, held)
        while held:
            yield self._sieved(past, held)

    @staticmethod
    def is_large(seen: SeenFrame) -> bool:
        """Whether it holds a decoded frame."""
        return seen.frame is not None

    def _steps(self, frames: Iterable[DecodedFrame]) -> Iterator[_Step]:
        last: Image | None = None
        look = None
        for frame in frames:
            thumbnail = frame.thumbnail(self._width)
            number = look_number(frame.pts_seconds, self._frames)
            is_like_last = last is not None and last.shape == thumbnail.shape
            step = distance(last, thumbnail) if last is not None and is_like_last else 0.0
            is_due = number != look and not frame.is_rough
            yield _Step(SeenFrame(frame.pts_seconds, thumbnail, frame), step, is_due or not is_like_last)
            last, look = thumbnail, number if is_due else look

    def _sieved(self, past: deque[_Step], held: deque[_Step]) -> SeenFrame:
        head = held.popleft()
        seconds = head.seen.pts_seconds
        may_be_needed = (
            self._keeps_all
            or head.is_due
            or is_held(seconds, held[0].seen.pts_seconds if held else None, self._frames)
            or may_be_hard_cut(
                head.step, _away(seconds, reversed(past)), _away(seconds, islice(held, AROUND))
            )
        )
        past.append(replace(head, seen=head.seen.without_frame()))
        return head.seen if may_be_needed else head.seen.without_frame()


def _away(seconds: float, steps: Iterable[_Step]) -> Iterator[Step]:
    return ((abs(one.seen.pts_seconds - seconds), one.step) for one in steps)
