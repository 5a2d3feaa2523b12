"""A short film with cuts, a fade and a flash, made once; and what an uninterrupted run makes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from video_vlm.index import index_video
from video_vlm.memory import open_library
from video_vlm.records import Image
from video_vlm.settings import FrameSettings, IndexSettings

FPS = 12
SIZE = (160, 90)

SUBTITLES = """1
00:00:01,000 --> 00:00:03,000
A ball rolls to the right.

2
00:00:08,500 --> 00:00:10,000
It is dark now.
"""


def _scene(number: int, *, num_frames: int) -> Iterator[Image]:
    """A ball rolls over coloured blocks."""
    colours = np.random.default_rng(number).integers(40, 255, (3, 4, 3)).astype(np.uint8)
    background = cv2.resize(colours, SIZE, interpolation=cv2.INTER_NEAREST)
    for index in range(num_frames):
        image = background.copy()
        cv2.circle(image, (10 + 130 * index // num_frames, 60), 12, (250, 250, 250), -1)
        yield np.asarray(image, np.uint8)


def _film() -> Iterator[Image]:
    yield from _scene(1, num_frames=4 * FPS)
    yield from _scene(2, num_frames=3 * FPS)
    yield from (np.full((SIZE[1], SIZE[0], 3), 255, np.uint8) for _ in range(2))
    yield from _scene(2, num_frames=FPS)
    last = next(_scene(2, num_frames=1))
    yield from (np.asarray(last * level, np.uint8) for level in np.linspace(1, 0, FPS))
    yield from (np.zeros_like(last) for _ in range(FPS))
    first = next(_scene(3, num_frames=1))
    yield from (np.asarray(first * level, np.uint8) for level in np.linspace(0, 1, FPS))
    yield from _scene(3, num_frames=8 * FPS)
    yield from _scene(1, num_frames=2 * FPS)


def write_pictures(path: Path, images: Iterable[Image], *, fps: int = FPS) -> Path:
    """An H.264 film with B-frames and a keyframe now and then, as files in the wild are."""
    with av.open(path, "w") as container:
        stream = container.add_stream("libx264", rate=fps, options={"g": "30", "bf": "2", "crf": "18"})
        stream.pix_fmt = "yuv420p"
        stream.time_base = Fraction(1, fps)
        frames = iter(images)
        first = next(frames)
        stream.height, stream.width = first.shape[:2]
        for image in chain([first], frames):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode())
    return path


@pytest.fixture(scope="session")
def write_video() -> Callable[..., Path]:
    """``write_video(path, images, fps=12)``: a file of RGB pictures of one size."""
    return write_pictures


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """About 22 seconds with two hard cuts, a fade through black, and subtitles beside it."""
    folder = tmp_path_factory.mktemp("film")
    (folder / "film.srt").write_text(SUBTITLES, encoding="utf-8")
    return write_pictures(folder / "film.mp4", _film())


@pytest.fixture(scope="session")
def settings() -> IndexSettings:
    """Segments of two seconds, and no model: many borders, quickly."""
    return IndexSettings(
        observers=("chapters", "subtitles", "look", "motion"), frames=FrameSettings(segment_seconds=2.0)
    )


@pytest.fixture(scope="session")
def straight(film: Path, settings: IndexSettings, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The memory that an uninterrupted run makes, as plain values."""
    with open_library(tmp_path_factory.mktemp("straight")) as library:
        report = index_video(film, library, settings=settings)
        return library.dump(report.video.content_id)
