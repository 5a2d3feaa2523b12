"""One segment: whole pictures are made of those alone that somebody looks at."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest

from video_vlm.index.observer_set import ObserverSet
from video_vlm.index.open_segment import OpenSegment
from video_vlm.media import open_video
from video_vlm.perception.observer import BaseObserver
from video_vlm.protocols import DecodedFrame, Need
from video_vlm.records import Frame, Image, Observation, Span
from video_vlm.samplers.segments import SeenFrame, SegmentStart
from video_vlm.settings import FrameSettings

SETTINGS = FrameSettings()


class Glancing(BaseObserver):
    """Sees every thumbnail."""

    def __init__(self) -> None:
        super().__init__("glancing", needs=[Need.PICTURES])

    def glance(self, pts_seconds: float, thumbnail: Image) -> None: ...


class Inspecting(BaseObserver):
    """Looks at representative frames."""

    def __init__(self) -> None:
        super().__init__("inspecting", needs=[Need.FRAMES])
        self.sides: list[int] = []

    def inspect(self, frame: Frame, span: Span) -> Iterable[Observation]:
        self.sides.append(max(frame.image.shape))
        return ()


class Asked:
    """A decoded picture that notes how large it is asked for."""

    def __init__(self, frame: DecodedFrame, sides: list[int | None]) -> None:
        self._picture = frame
        self._sides = sides

    def __getattr__(self, name: str) -> Any:
        return getattr(self._picture, name)

    def frame(self, max_side: int | None = None) -> Frame:
        self._sides.append(max_side)
        return self._picture.frame(max_side)


def sides_asked_for(film: Path, observers: Sequence[BaseObserver]) -> list[int | None]:
    sides: list[int | None] = []
    segment = OpenSegment(SegmentStart(0.0, 0.0, 0.0), watch=ObserverSet(observers), settings=SETTINGS)
    with open_video(film) as reader:
        for frame in reader.scan():
            if frame.pts_seconds > 3.0:
                break
            asked: Any = Asked(frame, sides)
            segment.see(SeenFrame(frame.pts_seconds, frame.thumbnail(64), asked))
        closed = segment.close(end_seconds=3.0)
    assert closed.posters
    return sides


@pytest.mark.parametrize("observers", [[], [Glancing()]], ids=["nobody", "at thumbnails"])
def test_where_nobody_inspects_only_posters_are_made(film: Path, observers: Sequence[BaseObserver]) -> None:
    assert set(sides_asked_for(film, observers)) == {SETTINGS.poster_side}


def test_who_inspects_is_shown_whole_pictures(film: Path) -> None:
    inspecting = Inspecting()
    asked = sides_asked_for(film, [Glancing(), inspecting])
    assert asked.count(SETTINGS.max_side) == len(inspecting.sides) > 0
