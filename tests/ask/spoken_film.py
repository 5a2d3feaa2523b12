"""A memory of one video given by its observations: what an answerer sees, without a file or a store."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

from video_vlm.protocols import TextEncoder
from video_vlm.records import Evidence, Level, Node, Observation, ObservationKind, Span, Video

__all__ = ["SpokenFilm", "chapter", "row", "said"]


def said(start: float, end: float, text: str) -> Observation:
    return Observation(Span(start, end), ObservationKind.SUBTITLE, text, "film.srt")


def row(start: float, end: float, text: str, top: float = 0.4, height: float = 0.06) -> Observation:
    box = (0.1, top, 0.9, top + height)
    return Observation(Span(start, end), ObservationKind.SCREEN_TEXT, text, "screen", 0.95, box)


def chapter(start: float, end: float, text: str) -> Observation:
    return Observation(Span(start, end), ObservationKind.CHAPTER, text, "container")


class SpokenFilm:
    """A :class:`~video_vlm.protocols.VideoMemory` of what is said and written, one scene long."""

    def __init__(
        self,
        *observations: Observation,
        seconds: float = 100.0,
        channels: Sequence[str] = ("chapters", "subtitles", "screen-text"),
        encoder: TextEncoder | None = None,
    ) -> None:
        self._observations = sorted(observations, key=lambda item: item.span)
        self.whole = Span(0.0, seconds)
        self.channels = channels
        self.encoder: TextEncoder | None = encoder
        self.video = Video(Path("film.mp4"), "0" * 40, "mp4", 0.0, seconds, None, 25.0, (640, 360), 0, 0, ())

    def nodes(self, level: Level, span: Span | None = None) -> Sequence[Node]:
        chapters = [item for item in self._observations if item.kind is ObservationKind.CHAPTER]
        if level is Level.CHAPTER and chapters:
            return [
                Node(item.text, self.video.content_id, level, item.span, None, title=item.text)
                for item in chapters
            ]
        return [Node(f"the {level}", self.video.content_id, level, self.whole, None)]

    def children(self, node_id: str) -> Sequence[Node]:
        return []

    def neighbors(
        self, node_id: str, direction: Literal["before", "after"], count: int = 1
    ) -> Sequence[Node]:
        return []

    def observations(
        self, *, kinds: Iterable[ObservationKind] | None = None, span: Span | None = None
    ) -> Sequence[Observation]:
        wanted = None if kinds is None else frozenset(kinds)
        return [
            item
            for item in self._observations
            if (wanted is None or item.kind in wanted) and (span is None or item.span.overlaps(span))
        ]

    def search(
        self,
        query: str,
        *,
        span: Span | None = None,
        kinds: Iterable[ObservationKind] | None = None,
        limit: int = 10,
    ) -> Sequence[Evidence]:
        return []
