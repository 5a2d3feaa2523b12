"""A tower beside the decoder: what it sees is part of each segment, and of the same memory however a run
went."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from tests.index.test_resume import Interrupter
from tests.towers import ColourTower, write_tower
from video_vlm import VideoQA
from video_vlm.index import embed_missing, index_many, index_video
from video_vlm.index.frame_embeddings import FrameEmbedder
from video_vlm.memory import Library, open_library
from video_vlm.protocols import ImageTextEncoder, ProgressEvent
from video_vlm.records import Image, Level
from video_vlm.settings import IndexSettings, Settings

needs_models = pytest.mark.skipif(
    any(find_spec(name) is None for name in ("torch", "transformers", "einops", "safetensors")),
    reason="the extra models is not installed",
)


@pytest.fixture(
    scope="module",
    params=["colours", pytest.param("siglip", marks=[needs_models, pytest.mark.filterwarnings("ignore")])],
)
def tower(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> ImageTextEncoder:
    if request.param == "colours":
        return ColourTower()
    from video_vlm.encoder.image_text_tower import TransformersImageTextEncoder

    return TransformersImageTextEncoder(write_tower(tmp_path_factory.mktemp("tower"), "siglip"))


@pytest.fixture(scope="module")
def seen_straight(
    film: Path, settings: IndexSettings, tower: ImageTextEncoder, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """The memory that an uninterrupted run with the tower makes."""
    with open_library(tmp_path_factory.mktemp("seen"), sight=tower) as library:
        return library.dump(index_video(film, library, settings=settings).video.content_id)


@pytest.fixture
def library(tmp_path: Path, tower: ImageTextEncoder) -> Iterator[Library]:
    with open_library(tmp_path / "library", sight=tower) as opened:
        yield opened


def test_every_frame_segment_and_scene_has_a_vector(
    seen_straight: dict[str, Any], tower: ImageTextEncoder
) -> None:
    seen = {node["level"] for node in seen_straight["nodes"] if node["sights"].keys() == {tower.name}}
    unseen = {node["level"] for node in seen_straight["nodes"] if not node["sights"]}
    assert seen == {Level.FRAME, Level.SEGMENT, Level.SCENE}
    assert unseen == {Level.CHAPTER, Level.VIDEO}


def test_all_else_is_as_without_a_tower(seen_straight: dict[str, Any], straight: dict[str, Any]) -> None:
    blind = [{**node, "sights": {}} for node in seen_straight["nodes"]]
    assert {**seen_straight, "nodes": blind} == straight


@pytest.mark.parametrize("after_seconds", [0.0, 3.0, 9.0, 13.0, 20.0, 21.1])
def test_an_interrupted_run_goes_on_to_the_same_memory(
    film: Path, settings: IndexSettings, library: Library, seen_straight: dict[str, Any], after_seconds: float
) -> None:
    with pytest.raises(KeyboardInterrupt):
        index_video(film, library, settings=settings, progress=Interrupter(after_seconds))
    assert library.verify() == ()
    report = index_video(film, library, settings=settings)
    assert library.dump(report.video.content_id) == seen_straight
    assert library.verify() == ()


@pytest.mark.parametrize("after_seconds", [None, 9.0])
def test_what_was_indexed_without_a_tower_is_seen_later_to_the_same_memory(
    film: Path,
    settings: IndexSettings,
    library: Library,
    seen_straight: dict[str, Any],
    after_seconds: float | None,
) -> None:
    with open_library(library.storage.folder) as blind:
        if after_seconds is None:
            index_video(film, blind, settings=settings)
        else:
            with pytest.raises(KeyboardInterrupt):
                index_video(film, blind, settings=settings, progress=Interrupter(after_seconds))
    report = index_video(film, library, settings=settings)
    assert library.vectors.nodes_without(report.video.content_id)
    events: list[ProgressEvent] = []
    report = embed_missing(report, library, settings=settings, progress=events.append)
    assert report.num_sights == len(library.memory(report.video.content_id).frames())
    assert events
    assert library.dump(report.video.content_id) == seen_straight


def test_seeing_later_goes_on_where_it_was_interrupted(
    film: Path, settings: IndexSettings, library: Library, seen_straight: dict[str, Any]
) -> None:
    with open_library(library.storage.folder) as blind:
        report = index_video(film, blind, settings=settings)
    segments = len(library.vectors.nodes_without(report.video.content_id))
    with pytest.raises(KeyboardInterrupt):
        embed_missing(report, library, settings=settings, progress=Interrupter(15.0))
    assert 0 < len(library.vectors.nodes_without(report.video.content_id)) < segments
    embed_missing(report, library, settings=settings)
    assert library.dump(report.video.content_id) == seen_straight


def test_a_second_run_has_nothing_to_see(film: Path, settings: IndexSettings, library: Library) -> None:
    first = index_video(film, library, settings=settings)
    events: list[ProgressEvent] = []
    second = embed_missing(
        index_video(film, library, settings=settings), library, settings=settings, progress=events.append
    )
    assert second == replace(first, reused=True)
    assert first.num_sights > 0
    assert events == []


def test_files_side_by_side_are_seen_too(
    film: Path, settings: IndexSettings, library: Library, seen_straight: dict[str, Any], tmp_path: Path
) -> None:
    text = tmp_path / "text.mp4"
    text.write_text("no video", encoding="utf-8")
    outcomes = list(index_many([text, film], library, settings=settings, jobs=2))
    (report,) = [one.report for one in outcomes if one.report]
    assert library.dump(report.video.content_id) == seen_straight


def test_a_batch_passes_over_what_is_known_and_seen_and_no_other(
    film: Path, settings: IndexSettings, library: Library, tmp_path: Path
) -> None:
    with open_library(library.storage.folder) as blind:
        index_video(film, blind, settings=settings)
        blind.files.remember(film, index_video(film, blind, settings=settings).video.content_id)
    for _ in range(2):
        (outcome,) = index_many([film], library, settings=settings, jobs=2)
        assert outcome.report is not None
        assert outcome.report.num_sights > 0


def test_a_fast_run_is_seen_as_well(film: Path, settings: IndexSettings, library: Library) -> None:
    report = index_video(film, library, settings=replace(settings, speed="fast"))
    frames = library.memory(report.video.content_id).frames()
    assert report.num_sights == len(frames) > 0


def test_a_picture_of_the_video_finds_its_own_moment(
    film: Path, settings: IndexSettings, library: Library
) -> None:
    from video_vlm.media.single_frame import frame_at

    report = index_video(film, library, settings=settings)
    for one in (one for segment in _noted(library, report.video.content_id) for one in segment):
        best = library.search("", like=frame_at(film, one, max_side=settings.frames.max_side))[0]
        assert best.span.contains(one)
        assert best.why == "like #1 (1.00)"


def _noted(library: Library, content_id: str) -> list[tuple[float, ...]]:
    """When the pictures are shown that the frames were taken from."""
    with open_library(library.storage.folder, sight=ColourTower("nobody")) as other:
        return [one.seconds for one in other.vectors.nodes_without(content_id)]


class TiredTower(ColourTower):
    """Has seen enough after some pictures."""

    def encode_images(self, frames: Sequence[Image]) -> npt.NDArray[np.float32]:
        vectors = super().encode_images(frames)
        if self.num_pictures > 6:
            raise RuntimeError("tired")
        return vectors


def test_a_tower_that_fails_stops_the_run_and_what_it_saw_is_kept(
    film: Path, settings: IndexSettings, tmp_path: Path
) -> None:
    with open_library(tmp_path, sight=TiredTower()) as library:
        with pytest.raises(RuntimeError, match="tired"):
            index_video(film, library, settings=settings)
        (stored,) = library.videos()
        assert not stored.complete
        assert 0 < library.vectors.num_frames(stored.video.content_id) <= 6
        assert library.verify() == ()


def test_pictures_are_encoded_off_the_decoding_thread_and_few_wait() -> None:
    class Slow(ColourTower):
        go = threading.Event()
        threads: set[str] = set()  # noqa: RUF012

        def encode_images(self, frames: Sequence[Image]) -> npt.NDArray[np.float32]:
            self.threads.add(threading.current_thread().name)
            self.go.wait(10)
            return super().encode_images(frames)

    tower = Slow()
    given: list[int] = []

    def give() -> None:
        for number in range(20):
            segment.see(np.full((2, 2, 3), number, np.uint8))
            given.append(number)

    with FrameEmbedder(tower) as seeing:
        segment = seeing.segment()
        giver = threading.Thread(target=give)
        giver.start()
        giver.join(0.5)
        assert len(given) < 12, "decoding waits"
        assert not segment.is_ready
        tower.go.set()
        giver.join(10)
        segment.close()
        sights = segment.sights()
    assert sights is not None
    assert sights.vectors.shape == (20, 3)
    assert {name.startswith("videoqa-sight") for name in tower.threads} == {True}


def test_pictures_of_another_shape_are_seen_together(tmp_path: Path, tower: ImageTextEncoder) -> None:
    frames = [np.full(shape, 90, np.uint8) for shape in ((40, 60, 3), (60, 40, 3), (5, 90, 3))]
    vectors = tower.encode_images(frames)
    assert vectors.shape == (3, tower.dimension)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)


def test_asking_does_not_wait_for_a_tower_to_see_what_is_known(
    film: Path, settings: IndexSettings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    tower = ColourTower()
    with open_library(tmp_path) as blind:
        index_video(film, blind, settings=settings)
    with (
        caplog.at_level(logging.WARNING),
        VideoQA(tmp_path, settings=Settings(index=settings), sight=tower) as videos,
    ):
        videos.ask(film, "What rolls to the right?")
        assert tower.num_pictures == 0
        assert videos.index(film).num_sights == tower.num_pictures > 0


def test_a_video_of_one_colour_is_seen(
    tmp_path: Path, settings: IndexSettings, write_video: Callable[..., Path], library: Library
) -> None:
    report = index_video(
        write_video(tmp_path / "one.mp4", [np.full((48, 64, 3), 90, np.uint8)]), library, settings=settings
    )
    assert report.num_sights == 1
    assert library.verify() == ()
