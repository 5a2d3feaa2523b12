"""The pass that decodes nothing: stretches of a video, for what is said in words to stand in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from video_vlm.records import Span, Video
from video_vlm.samplers.segments import Borders, SeenFrame, SegmentStart

__all__ = ["WordsPass"]

_SEGMENT_SECONDS = 60.0


class WordsPass:
    """Gives out where segments begin: at each of ``borders``, and every minute between them.

    Args:
        video: As its container describes it; it has a duration.
        mark: Where to go on.
        borders: Times in seconds at which a segment begins in any case.
    """

    def __init__(self, video: Video, mark: SegmentStart | None, *, borders: Iterable[float] = ()) -> None:
        self._mark = mark or SegmentStart(0.0, 0.0, 0.0)
        self._borders = Borders(borders)
        self._fps = video.fps or 1.0
        self.end_seconds = video.span.end
        """When the video ends, by its container."""

    def num_frames(self, span: Span, *, num_seen: int) -> int:  # noqa: ARG002
        """By the frame rate; at least one, so that nothing counts as looked at."""
        return max(1, round(span.duration_seconds * self._fps))

    def seen(self) -> Iterator[SeenFrame]:
        """The beginnings of segments, in order of time; none has a picture."""
        start = self._mark.start_seconds
        while start < self.end_seconds:
            yield SeenFrame(start, None, opens=SegmentStart(start, self._mark.shot_seconds, start))
            full = min(start + _SEGMENT_SECONDS, self.end_seconds)
            start = next(self._borders.between(start, full), full)
