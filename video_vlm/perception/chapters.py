"""The chapters a container declares, as observations."""

from __future__ import annotations

from collections.abc import Iterable

from video_vlm.perception.observer import BaseObserver
from video_vlm.protocols import Need, VideoReader
from video_vlm.records import Observation, ObservationKind

__all__ = ["ChapterObserver"]


class ChapterObserver(BaseObserver):
    """Reports each chapter title over its span in seconds; a chapter without a title is left out."""

    def __init__(self) -> None:
        super().__init__("chapters", 1, needs=[Need.FILE])

    def begin(self, reader: VideoReader) -> Iterable[Observation]:
        for chapter in reader.video.chapters:
            title = " ".join(chapter.title.split())
            if title:
                yield Observation(chapter.span, ObservationKind.CHAPTER, title, source="container chapters")
