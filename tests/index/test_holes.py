"""Holes in a recording are named and looked at by nobody; a picture that is shown for long is none."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from tests.media.reels import TICK
from video_vlm.index import index_video
from video_vlm.index.report import IndexReport
from video_vlm.memory import open_library
from video_vlm.records import Level, Node, Span
from video_vlm.settings import IndexSettings

SIZE = (96, 72)
SETTINGS = IndexSettings(observers=("look",))
SOUND_RATE = 8000


@dataclass(frozen=True)
class Recording:
    """When pictures are written, and from when to when there is sound."""

    times: Sequence[float]
    sound: tuple[Span, ...] = ()


def runs(*spans: Span, rate: float) -> list[float]:
    return [
        span.start + number / rate for span in spans for number in range(round(span.duration_seconds * rate))
    ]


def write(path: Path, recording: Recording, *, seed: int = 0) -> Path:
    """A scene every 5 s of pictures, another behind every pause."""
    with av.open(str(path), "w") as container:
        video: Any = container.add_stream("libx264", rate=10, options={"preset": "ultrafast", "bf": "0"})
        video.width, video.height, video.pix_fmt, video.codec_context.time_base = *SIZE, "yuv420p", TICK
        packets = []
        if recording.sound:
            sound: Any = container.add_stream("aac", rate=SOUND_RATE, layout="mono")
            packets += list(_sound(sound, recording.sound))
        packets += list(_pictures(video, recording.times, seed))
        for packet in sorted(packets, key=lambda one: one.dts * one.time_base):
            container.mux(packet)
    return path


def _pictures(stream: Any, times: Sequence[float], seed: int) -> Any:
    scene, began = seed * 1000, times[0]
    for number, seconds in enumerate(times):
        if seconds - began >= 5.0 or (number and seconds - times[number - 1] > 2.0):
            scene, began = scene + 1, seconds
        colours = np.random.default_rng(scene).integers(0, 255, (3, 4, 3), np.uint8)
        image = cv2.resize(colours, SIZE, interpolation=cv2.INTER_NEAREST)
        frame = av.VideoFrame.from_ndarray(image, format="rgb24")
        frame.pts, frame.time_base = round(1000 * seconds), TICK
        yield from stream.encode(frame)
    yield from stream.encode(None)


def _sound(stream: Any, spans: Sequence[Span]) -> Any:
    size = 1024
    for span in spans:
        for number in range(int(span.duration_seconds * SOUND_RATE / size)):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, size), np.float32), format="fltp", layout="mono")
            frame.sample_rate, frame.time_base = SOUND_RATE, Fraction(1, SOUND_RATE)
            frame.pts = round(span.start * SOUND_RATE) + number * size
            yield from stream.encode(frame)
    yield from stream.encode(None)


def memory_of(film: Path, folder: Path) -> tuple[IndexReport, Sequence[Node]]:
    with open_library(folder) as library:
        report = index_video(film, library, settings=SETTINGS)
        return report, library.memory(report.video.content_id).nodes(Level.SCENE)


@pytest.mark.parametrize("seed", range(12))
def test_a_hole_is_a_scene_that_says_so_and_is_not_covered(tmp_path: Path, seed: int) -> None:
    draw = random.Random(seed)
    rate = draw.choice([1.0, 5.0, 10.0, 25.0])
    spans, now = [], 0.0
    for _ in range(draw.choice([2, 2, 3, 4])):
        spans.append(Span(now, now + draw.randint(10, 25)))
        now = spans[-1].end + draw.choice([120, 600, 3000, 7200, 40000])
    heard = tuple(spans) if draw.random() < 0.4 else ()
    suffix = draw.choice([".mkv", ".mp4", ".mov"])
    film = write(tmp_path / f"camera{suffix}", Recording(runs(*spans, rate=rate), heard), seed=seed)
    report, scenes = memory_of(film, tmp_path / "library")
    wanted = [edge for before, after in pairwise(spans) for edge in (before.end, after.start)]
    found = [edge - report.video.start_seconds for hole in report.holes for edge in (hole.start, hole.end)]
    assert found == pytest.approx(wanted, abs=0.1)
    assert report.damage == ()
    empty = [scene for scene in scenes if scene.title is not None]
    assert [scene.span for scene in empty] == list(report.holes)
    assert {scene.title for scene in empty} == {"no pictures: nothing was recorded"}
    assert {scene.coverage for scene in empty} == {0.0}
    assert {scene.coverage for scene in scenes if scene.title is None} == {1.0}


@pytest.mark.parametrize("seed", range(6))
def test_a_hole_behind_a_joint_is_found_too(tmp_path: Path, seed: int) -> None:
    """Two transport streams joined byte by byte: each has its own clock, and each camera paused once."""
    draw = random.Random(seed)
    joined = tmp_path / "joined.ts"
    wanted, shown = [], 0.0
    with joined.open("wb") as out:
        for number in range(2):
            pause = draw.choice([120, 700, 5000])
            spans = Span(0, draw.randint(10, 20)), Span(30 + pause, 45 + pause)
            sound = spans if seed % 2 else ()
            film = write(
                tmp_path / f"{number}.ts", Recording(runs(*spans, rate=10), sound), seed=10 * seed + number
            )
            out.write(film.read_bytes())
            wanted += [shown + spans[0].end, shown + spans[1].start]
            shown += spans[1].end
    report, _ = memory_of(joined, tmp_path / "library")
    assert [edge for hole in report.holes for edge in (hole.start, hole.end)] == pytest.approx(
        wanted, abs=0.5
    )


def slides(draw: random.Random) -> Recording:
    times = [0.0]
    for _ in range(draw.randint(4, 9)):
        times.append(times[-1] + draw.choice([20.0, 45.0, 60.0, 90.0, 300.0]))
    return Recording(times)


def screen(draw: random.Random) -> Recording:
    """A picture when the screen changes: bursts while somebody scrolls, minutes while somebody talks."""
    times, now = [0.0], 0.0
    for _ in range(draw.randint(5, 10)):
        for _ in range(draw.choice([0, 2, 5, 12, 30])):
            now += draw.uniform(0.03, 0.9)
            times.append(now)
        now += draw.choice([2.0, 8.0, 40.0, 120.0, 400.0])
        times.append(now)
    return Recording(times)


def lecture(draw: random.Random) -> Recording:
    """Steady pictures, one shown for long, and the sound goes on."""
    still = draw.choice([60.0, 150.0])
    spans = Span(0, 10), Span(10 + still, 20 + still)
    return Recording(runs(*spans, rate=10), (Span(0, 20 + still),))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("kind", [slides, screen, lecture])
def test_a_picture_that_is_shown_for_long_is_no_hole(tmp_path: Path, kind: Any, seed: int) -> None:
    film = write(tmp_path / "film.mkv", kind(random.Random(seed)), seed=seed)
    report, scenes = memory_of(film, tmp_path / "library")
    assert report.holes == ()
    assert {scene.coverage for scene in scenes} == {1.0}
