"""A chapter mark is a border of every level, at exactly its second, wherever cuts and pictures lie."""

from __future__ import annotations

import logging
from itertools import pairwise
from pathlib import Path
from random import Random

import av
import numpy as np
import pytest

from tests.media.reels import TICK
from video_vlm.index import index_video
from video_vlm.memory import open_library
from video_vlm.records import Level, ObservationKind
from video_vlm.settings import IndexSettings

SETTINGS = IndexSettings(observers=("chapters", "look"))


def film(
    path: Path, *, seconds: int, fps: int, cuts: list[float], marks: list[tuple[float, float, str]]
) -> Path:
    """Bare colours, another after each cut."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(
            "libx264", rate=fps, options={"preset": "ultrafast", "x264-params": "keyint=10"}
        )
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.codec_context.time_base = TICK
        container.set_chapters(
            [
                {
                    "id": number,
                    "start": round(start * 1000),
                    "end": round(end * 1000),
                    "time_base": TICK,
                    "metadata": {"title": title},
                }
                for number, (start, end, title) in enumerate(marks)
            ]
        )
        for index in range(seconds * fps):
            shot = sum(cut <= index / fps for cut in cuts)
            rng = np.random.default_rng(shot)
            blocks = rng.integers(0, 256, (6, 8, 3), np.uint8)
            frame = av.VideoFrame.from_ndarray(np.kron(blocks, np.ones((8, 8, 1), np.uint8)), format="rgb24")
            frame.pts, frame.time_base = round(index * 1000 / fps), TICK
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def drawn(seed: int, path: Path) -> tuple[Path, list[float], list[float], int]:
    rng = Random(seed)
    seconds, fps = rng.randrange(20, 45), rng.choice([2, 5, 10])
    cuts = sorted(rng.sample(range(4, seconds - 2), rng.randrange(0, 4)))
    near = [cut + rng.uniform(-0.4, 0.4) for cut in cuts[:1]]
    starts = sorted(
        {
            0.0,
            *(round(rng.uniform(1, seconds - 1), 3) for _ in range(rng.randrange(1, 6))),
            *(round(mark, 3) for mark in near),
        }
    )
    marks = [
        (start, end, f"Part {number}")
        for number, (start, end) in enumerate(pairwise([*starts, float(seconds)]))
    ]
    rng.shuffle(marks)
    return (
        film(path, seconds=seconds, fps=fps, cuts=[float(cut) for cut in cuts], marks=marks),
        starts,
        [float(one) for one in cuts],
        seconds,
    )


@pytest.mark.parametrize("speed", ["full", "fast"])
@pytest.mark.parametrize("seed", range(8))
def test_chapters_scenes_and_segments_begin_at_every_mark(tmp_path: Path, seed: int, speed: str) -> None:
    path, starts, cuts, seconds = drawn(seed, tmp_path / "film.mkv")
    settings = IndexSettings(observers=("chapters", "look"), speed="fast" if speed == "fast" else "full")
    with open_library(tmp_path / "library") as library:
        report = index_video(path, library, settings=settings)
        memory = library.memory(report.video.content_id)
        begun = {level: [node.span.start for node in memory.nodes(level)] for level in Level}
        chapters = memory.nodes(Level.CHAPTER)
        shots = [
            one.span.end
            for one in memory.observations(kinds=[ObservationKind.TRANSITION])
            if one.source == "shots"
        ]
        for level in (Level.CHAPTER, Level.SCENE, Level.SEGMENT):
            nodes = memory.nodes(level)
            assert all(before.span.end == after.span.start for before, after in pairwise(nodes)), level
            assert nodes[0].span.start == 0.0
            assert nodes[-1].span.end == pytest.approx(seconds, abs=0.5)
    assert begun[Level.CHAPTER] == starts
    assert [node.title for node in chapters] == [f"Part {number}" for number in range(len(starts))]
    assert set(starts) <= set(begun[Level.SCENE])
    assert set(starts) <= set(begun[Level.SEGMENT])
    assert shots == pytest.approx(cuts, abs=0.6)  # a mark is no cut, and hides none
    # A cut next to a mark is what the mark was set for: no scene of a few frames lies between them.
    assert all(
        after - before > 0.5
        for before, after in pairwise(begun[Level.SCENE])
        if {before, after} - set(starts)
    )


def test_marks_beyond_the_end_are_left_out_with_a_word(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    marks = [
        (0.0, 4.0, "One"),
        (4.0, 9.0, "Two"),
        (9.0, 9.0, "Empty"),
        (9.0, 12.0, "Three"),
        (70.0, 90.0, "Bonus"),
    ]
    path = film(tmp_path / "film.mkv", seconds=12, fps=5, cuts=[6.0], marks=marks)
    with open_library(tmp_path / "library") as library, caplog.at_level(logging.WARNING):
        memory = library.memory(index_video(path, library, settings=SETTINGS).video.content_id)
        said = [(one.text, one.span.start) for one in memory.observations(kinds=[ObservationKind.CHAPTER])]
        assert [node.title for node in memory.nodes(Level.CHAPTER)] == ["One", "Two", "Three"]
    assert said == [("One", 0.0), ("Two", 4.0), ("Three", 9.0)]
    assert "“Bonus” at 1:10" in caplog.text
    assert "“Empty”" in caplog.text


def test_a_film_before_its_first_mark_has_no_chapter_of_the_file(tmp_path: Path) -> None:
    path = film(tmp_path / "film.mkv", seconds=12, fps=5, cuts=[], marks=[(5.0, 12.0, "Talk")])
    with open_library(tmp_path / "library") as library:
        memory = library.memory(index_video(path, library, settings=SETTINGS).video.content_id)
        assert [(node.span.start, node.title) for node in memory.nodes(Level.CHAPTER)] == [
            (0.0, None),
            (5.0, "Talk"),
        ]
