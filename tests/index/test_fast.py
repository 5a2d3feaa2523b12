"""The fast pass: most pictures are not decoded, what matters is found all the same, and what was left out is
said."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from video_vlm import VideoQA
from video_vlm.index import index_video
from video_vlm.index.decode_passes import open_pass
from video_vlm.media import open_video
from video_vlm.memory import Library, open_library
from video_vlm.protocols import ProgressEvent
from video_vlm.records import Image, Level
from video_vlm.samplers.segments import SeenFrame
from video_vlm.settings import FrameSettings, IndexSettings, Settings

FPS = 12
X264 = {"g": "30", "bf": "2", "crf": "20"}


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with open_library(tmp_path / "library") as opened:
        yield opened


@pytest.fixture
def fast(settings: IndexSettings) -> IndexSettings:
    """Segments longer than the film's groups of pictures, as it is read in full otherwise."""
    return replace(settings, speed="fast", frames=FrameSettings(segment_seconds=3.0))


@pytest.fixture
def full(fast: IndexSettings) -> IndexSettings:
    return replace(fast, speed="full")


def place(number: int, *, num_frames: int) -> Iterator[Image]:
    """A place of coloured blocks with something small moving in it."""
    blocks = np.random.default_rng(number).integers(40, 255, (4, 6, 3)).astype(np.uint8)
    still = cv2.resize(blocks, (160, 96), interpolation=cv2.INTER_NEAREST)
    for index in range(num_frames):
        image = still.copy()
        cv2.circle(image, (20 + index % 100, 48), 4, (250, 250, 250), -1)
        yield np.asarray(image, np.uint8)


def write(
    path: Path, images: Iterable[Image], *, codec: str = "libx264", options: Mapping[str, str], start: int = 0
) -> Path:
    """A file of RGB pictures; the first is shown ``start`` pictures after the beginning of the clock."""
    pixels = "rgb8" if codec == "gif" else "yuv420p"
    with av.open(path, "w") as container:
        stream: Any = container.add_stream(codec, rate=FPS, options=dict(options))
        stream.pix_fmt, stream.time_base = pixels, Fraction(1, FPS)
        for number, image in enumerate(images, start):
            if number == start:
                stream.height, stream.width = image.shape[:2]
            frame = av.VideoFrame.from_ndarray(image, format="rgb24").reformat(format=pixels)
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def seen_in(path: Path, settings: IndexSettings) -> list[SeenFrame]:
    with open_video(path) as reader:
        return list(open_pass(reader, settings, None).seen())


def cuts_in(path: Path, settings: IndexSettings) -> list[float]:
    return [round(seen.cut.at, 2) for seen in seen_in(path, settings) if seen.cut is not None]


def keyframes_of(path: Path) -> int:
    with open_video(path) as reader:
        return sum(frame.is_keyframe for frame in reader.scan())


def test_cuts_are_found_at_keyframes(tmp_path: Path, fast: IndexSettings) -> None:
    images = [image for number in (1, 2, 3) for image in place(number, num_frames=50)]
    path = write(tmp_path / "cuts.mp4", images, options=X264)
    assert cuts_in(path, fast) == [pytest.approx(50 / FPS, abs=0.01), pytest.approx(100 / FPS, abs=0.01)]


def test_a_cut_without_a_keyframe_is_found_where_a_packet_stands_out(
    tmp_path: Path, fast: IndexSettings
) -> None:
    images = [*place(1, num_frames=118), *place(2, num_frames=120)]
    path = write(tmp_path / "unkeyed.mp4", images, options={**X264, "g": "36", "sc_threshold": "0"})
    [cut] = cuts_in(path, fast)
    assert cut == pytest.approx(118 / FPS, abs=2 / FPS)


@pytest.mark.parametrize("at", [41, 66, 100])
def test_a_flash_that_an_encoder_takes_for_a_cut_begins_no_shot(
    tmp_path: Path, fast: IndexSettings, at: int
) -> None:
    images = list(place(1, num_frames=130))
    images[at : at + 3] = [np.full_like(images[at], 250)] * 3
    path = write(tmp_path / "flash.mp4", images, options=X264)
    with open_video(path) as reader:
        assert pytest.approx(at / FPS) in [frame.pts_seconds for frame in reader.scan() if frame.is_keyframe]
    assert cuts_in(path, fast) == []


def test_of_a_static_film_only_keyframes_are_decoded(
    tmp_path: Path, fast: IndexSettings, library: Library
) -> None:
    image = next(place(1, num_frames=1))
    path = write(tmp_path / "static.mp4", [image] * 200, options=X264)
    assert len(seen_in(path, fast)) == keyframes_of(path)
    report = index_video(path, library, settings=fast)
    assert report.num_shots == 1
    assert f"fast: looked at {keyframes_of(path)} of 200 pictures" in report.missing


def test_every_picture_is_given_out_once_and_in_order(film: Path, fast: IndexSettings) -> None:
    times = [seen.pts_seconds for seen in seen_in(film, fast)]
    assert all(before < after for before, after in pairwise(times))
    assert len(times) < 254 * 0.6


def test_every_level_tiles_the_video_as_in_a_full_pass(
    film: Path, fast: IndexSettings, library: Library
) -> None:
    report = index_video(film, library, settings=fast)
    memory = library.memory(report.video.content_id)
    for level in (Level.SEGMENT, Level.SCENE, Level.CHAPTER):
        nodes = memory.nodes(level)
        assert (nodes[0].span.start, nodes[-1].span.end) == (report.video.span.start, report.video.span.end)
        assert all(before.span.end == after.span.start for before, after in pairwise(nodes))
    assert report.video.span.end == pytest.approx(254 / FPS)
    assert report.video.num_frames == 254
    assert library.verify() == ()


def test_coverage_is_the_share_of_pictures_that_were_looked_at(
    film: Path, fast: IndexSettings, library: Library
) -> None:
    report = index_video(film, library, settings=fast)
    [video] = library.memory(report.video.content_id).nodes(Level.VIDEO)
    assert video.coverage == pytest.approx(len(seen_in(film, fast)) / 254, abs=0.02)


def test_motion_is_left_out_and_named(film: Path, fast: IndexSettings, library: Library) -> None:
    report = index_video(film, library, settings=fast)
    assert any(missing.startswith("motion: left out") for missing in report.missing)
    assert "motion" not in library.memory(report.video.content_id).channels


def test_an_answer_says_how_much_was_looked_at(film: Path, fast: IndexSettings, tmp_path: Path) -> None:
    with VideoQA(tmp_path / "library", settings=Settings(index=fast)) as videos:
        coverage = str(videos.ask(film, "What rolls to the right?").coverage)
    assert "fast: looked at" in coverage
    assert "of 254 pictures" in coverage


def test_a_full_run_takes_the_place_of_a_fast_one_and_not_the_other_way(
    film: Path, full: IndexSettings, fast: IndexSettings, library: Library, tmp_path: Path
) -> None:
    with open_library(tmp_path / "straight") as other:
        straight = other.dump(index_video(film, other, settings=full).video.content_id)
    content_id = index_video(film, library, settings=fast).video.content_id
    assert not index_video(film, library, settings=full).reused
    assert library.dump(content_id) == straight
    assert index_video(film, library, settings=fast).reused
    assert library.dump(content_id) == straight
    assert len(library.videos()) == 1


def test_a_question_makes_do_with_a_fast_memory_unless_full_speed_is_asked_for(
    film: Path, full: IndexSettings, fast: IndexSettings, tmp_path: Path
) -> None:
    with VideoQA(tmp_path, settings=Settings(index=fast)) as videos:
        videos.index(film)
    with VideoQA(tmp_path, settings=Settings(index=full)) as videos:
        assert "fast" in str(videos.ask(film, "What rolls?").coverage)
    with VideoQA(tmp_path, settings=Settings(index=full), speed="full") as videos:
        assert "fast" not in str(videos.ask(film, "What rolls?").coverage)


@pytest.mark.parametrize("after_seconds", [0.0, 3.0, 6.0, 9.0, 13.0, 19.0])
def test_an_interrupted_fast_run_goes_on_to_the_same_memory(
    film: Path, fast: IndexSettings, tmp_path: Path, after_seconds: float
) -> None:
    def interrupt(event: ProgressEvent) -> None:
        if event.done >= after_seconds:
            raise KeyboardInterrupt

    with open_library(tmp_path / "straight") as library:
        straight = library.dump(index_video(film, library, settings=fast).video.content_id)
    with open_library(tmp_path / "interrupted") as library:
        with pytest.raises(KeyboardInterrupt):
            index_video(film, library, settings=fast, progress=interrupt)
        report = index_video(film, library, settings=fast)
        assert library.dump(report.video.content_id) == straight
        assert library.verify() == ()


@pytest.mark.parametrize(
    ("name", "codec", "options", "why"),
    [
        ("one-keyframe.mp4", "libx264", {"g": "999", "sc_threshold": "0"}, "a single keyframe"),
        ("intra-only.mp4", "libx264", {"g": "1"}, "120 of its 120 pictures are keyframes"),
        ("far-apart.mp4", "libx264", {"g": "60"}, "its keyframes lie up to 5 s apart"),
        ("drawn.gif", "gif", {}, "a single keyframe"),
    ],
)
def test_what_cannot_be_read_fast_is_read_in_full_and_that_is_said(
    name: str,
    codec: str,
    options: dict[str, str],
    why: str,
    fast: IndexSettings,
    library: Library,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    path = write(tmp_path / name, place(1, num_frames=120), codec=codec, options=options)
    with caplog.at_level(logging.WARNING):
        report = index_video(path, library, settings=fast)
    assert why in (report.read_in_full or "")
    assert "was read in full" in caplog.text
    assert "motion" in library.memory(report.video.content_id).channels
    assert index_video(path, library, settings=replace(fast, speed="full")).reused


def test_a_variable_frame_rate_is_read_fast_by_its_own_clock(tmp_path: Path, fast: IndexSettings) -> None:
    path = tmp_path / "variable.mkv"
    times = [*range(0, 600, 12), *range(600, 3000, 48), *range(3000, 3600, 12)]
    images = [*place(1, num_frames=75), *place(2, num_frames=len(times) - 75)]
    with av.open(path, "w") as container:
        stream = container.add_stream("libx264", rate=50, options=X264)
        stream.width, stream.height, stream.pix_fmt = 160, 96, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 144)
        for time, image in zip(times, images, strict=True):
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame.pts, frame.time_base = time, Fraction(1, 144)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    assert cuts_in(path, fast) == [pytest.approx(times[75] / 144, abs=0.01)]


def test_a_file_that_was_cut_off_is_read_fast_as_far_as_it_goes_and_the_rest_is_said(
    tmp_path: Path, fast: IndexSettings, library: Library
) -> None:
    images = [image for number in range(6) for image in place(number, num_frames=40)]
    whole = write(tmp_path / "whole.mkv", images, options=X264)
    torn = tmp_path / "torn.mkv"
    torn.write_bytes(whole.read_bytes()[: whole.stat().st_size * 2 // 3])
    report = index_video(torn, library, settings=fast)
    assert report.read_in_full is None
    assert [damage.span.end for damage in report.damage] == [pytest.approx(240 / FPS, abs=0.1)]
    assert library.verify() == ()


def test_a_picture_that_changes_its_shape_in_mid_stream_is_read_fast(
    tmp_path: Path, fast: IndexSettings
) -> None:
    wide = write(tmp_path / "wide.ts", place(1, num_frames=90), options=X264)
    tall = [np.ascontiguousarray(image[:, :96]) for image in place(2, num_frames=90)]
    narrow = write(tmp_path / "narrow.ts", tall, options=X264, start=90)
    both = tmp_path / "both.ts"
    both.write_bytes(wide.read_bytes() + narrow.read_bytes())
    assert pytest.approx(90 / FPS, abs=0.2) in [
        cut - seen_in(both, fast)[0].pts_seconds for cut in cuts_in(both, fast)
    ]
