"""Only what changed is made again, and the result is what a run from the beginning would have made."""

from __future__ import annotations

import shutil
from collections.abc import Generator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pytest

from video_vlm.index import index_video, plan_index
from video_vlm.index.plan import IndexPlan
from video_vlm.media import DECODERS
from video_vlm.media.parallel_decode import FrameWork
from video_vlm.media.pyav import PyAVFrame, PyAVReader
from video_vlm.memory import Library, open_library
from video_vlm.perception import OBSERVERS
from video_vlm.perception.observer import BaseObserver
from video_vlm.protocols import Need
from video_vlm.records import Frame, Level, Observation, ObservationKind, Span
from video_vlm.settings import FrameSettings, IndexSettings, LevelSettings, ShotSettings

T = TypeVar("T")


class Counting(PyAVReader):
    """A decoder that counts the pictures it gives out: those gone over, and those looked at again."""

    scanned = 0
    shown_again = 0

    def scan(self, start_seconds: float | None = None) -> Iterator[PyAVFrame]:
        for frame in super().scan(start_seconds):
            Counting.scanned += 1
            yield frame

    def scan_with(self, work: FrameWork[T], start_seconds: float | None = None) -> Generator[T, None, None]:
        for seen in super().scan_with(work, start_seconds):
            Counting.scanned += 1
            yield seen

    def frames_at(self, times: Any, *, max_side: int | None = None) -> Iterator[Frame]:
        for frame in super().frames_at(times, max_side=max_side):
            Counting.shown_again += 1
            yield frame


class Captions(BaseObserver):
    """Says how bright each representative picture is, in the words of a prompt."""

    prompt = "brightness"

    def __init__(self, settings: IndexSettings) -> None:
        super().__init__("captions", self.prompt, needs=[Need.FRAMES])

    def inspect(self, frame: Frame, span: Span) -> Iterator[Observation]:
        text = f"{self.prompt} {frame.image.mean():.1f} at {frame.pts_seconds:.2f}"
        yield Observation(span, ObservationKind.CAPTION, text, self.name, 0.9)


@pytest.fixture(autouse=True)
def counting(monkeypatch: pytest.MonkeyPatch) -> None:
    """A decoder and an observer of another package, as entry points would bring them."""
    decoders: dict[str, Any] = {"counting": lambda path, *, threads=None: Counting(path, threads=threads)}
    observers: dict[str, Any] = {"captions": Captions}
    for registry, brought in ((DECODERS, decoders), (OBSERVERS, observers)):
        monkeypatch.setattr(registry, "_built_in", {**registry._built_in, **brought})
    monkeypatch.setattr(Captions, "prompt", "brightness")
    count_anew()


def count_anew() -> None:
    Counting.scanned = Counting.shown_again = 0


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with open_library(tmp_path / "library") as opened:
        yield opened


@pytest.fixture
def counted(settings: IndexSettings) -> IndexSettings:
    return replace(settings, decoder="counting", observers=("chapters", "subtitles", "look", "captions"))


@pytest.fixture
def copied(film: Path, tmp_path: Path) -> Path:
    """The film with its subtitles, in a folder where they may be changed."""
    shutil.copy(film.with_suffix(".srt"), tmp_path)
    return Path(shutil.copy(film, tmp_path))


def from_the_beginning(path: Path, settings: IndexSettings, folder: Path) -> dict[str, Any]:
    with open_library(folder) as fresh:
        return fresh.dump(index_video(path, fresh, settings=settings).video.content_id)


def kept(plan: IndexPlan) -> set[str]:
    return {one.stage for one in plan.stages if one.is_kept}


def because(plan: IndexPlan, stage: str) -> str:
    [reason] = [one.because for one in plan.stages if one.stage == stage]
    return reason


ALL = {
    "shots",
    "frames",
    "observer chapters",
    "observer subtitles",
    "observer look",
    "observer captions",
    "levels",
}


def test_nothing_is_made_again_where_nothing_changed(
    library: Library, copied: Path, counted: IndexSettings
) -> None:
    assert plan_index(copied, library, settings=counted).decodes == "everything"
    index_video(copied, library, settings=counted)
    plan = plan_index(copied, library, settings=counted)
    assert (kept(plan), plan.decodes, plan.is_done) == (ALL, "nothing", True)


def test_upper_levels_are_made_again_without_decoding(
    library: Library, copied: Path, counted: IndexSettings, tmp_path: Path
) -> None:
    index_video(copied, library, settings=counted)
    changed = replace(counted, levels=LevelSettings(max_scene_seconds=3.0, scene_sentences=1))
    plan = plan_index(copied, library, settings=changed)
    assert (kept(plan), plan.decodes) == (ALL - {"levels"}, "nothing")
    assert "index.levels.max_scene_seconds was 300.0, is 3.0" in because(plan, "levels")
    count_anew()
    report = index_video(copied, library, settings=changed)
    assert (Counting.scanned, Counting.shown_again) == (0, 0)
    assert report.kept == changed.observers
    assert library.verify() == ()
    assert library.dump(report.video.content_id) == from_the_beginning(copied, changed, tmp_path / "fresh")
    assert plan_index(copied, library, settings=changed).is_done


def test_a_new_prompt_makes_captions_again_and_what_is_above_them(
    library: Library, copied: Path, counted: IndexSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index_video(copied, library, settings=counted)
    monkeypatch.setattr(Captions, "prompt", "how light")
    plan = plan_index(copied, library, settings=counted)
    assert (kept(plan), plan.decodes) == (ALL - {"observer captions", "levels"}, "representative frames")
    assert because(plan, "levels") == "observer captions changed"
    count_anew()
    report = index_video(copied, library, settings=counted)
    num_frames = len(library.memory(report.video.content_id).frames())
    assert Counting.scanned == 0
    assert 0 < Counting.shown_again <= num_frames
    assert library.dump(report.video.content_id) == from_the_beginning(copied, counted, tmp_path / "fresh")
    assert library.verify() == ()


def test_corrected_subtitles_are_read_without_decoding(
    library: Library, copied: Path, counted: IndexSettings, tmp_path: Path
) -> None:
    index_video(copied, library, settings=counted)
    beside = copied.with_suffix(".srt")
    beside.write_text(
        beside.read_text(encoding="utf-8").replace("rolls to the right", "rolls away"), encoding="utf-8"
    )
    plan = plan_index(copied, library, settings=counted)
    assert (kept(plan), plan.decodes) == (ALL - {"observer subtitles", "levels"}, "nothing")
    assert because(plan, "observer subtitles") == "a subtitle file beside the video was added or changed"
    count_anew()
    report = index_video(copied, library, settings=counted)
    assert (Counting.scanned, Counting.shown_again) == (0, 0)
    assert library.search("rolls away")[0].text == "A ball rolls away."
    assert library.dump(report.video.content_id) == from_the_beginning(copied, counted, tmp_path / "fresh")


@pytest.mark.parametrize(
    ("change", "stage", "why"),
    [
        (
            {"shots": ShotSettings(min_shot_seconds=2.0)},
            "shots",
            "index.shots.min_shot_seconds was 0.5, is 2.0",
        ),
        (
            {"frames": FrameSettings(segment_seconds=4.0)},
            "frames",
            "index.frames.segment_seconds was 2.0, is 4.0",
        ),
    ],
)
def test_what_pictures_are_gone_over_for_makes_all_above_again(
    library: Library, copied: Path, counted: IndexSettings, change: dict[str, Any], stage: str, why: str
) -> None:
    index_video(copied, library, settings=counted)
    changed = replace(counted, **change)
    plan = plan_index(copied, library, settings=changed)
    assert (because(plan, stage), plan.decodes) == (why, "everything")
    assert kept(plan) == set()
    count_anew()
    assert index_video(copied, library, settings=changed).kept is None
    assert Counting.scanned >= 254


def test_an_observer_that_needs_every_picture_has_them_gone_over(
    library: Library, copied: Path, counted: IndexSettings
) -> None:
    index_video(copied, library, settings=counted)
    changed = replace(counted, observers=(*counted.observers, "motion"))
    plan = plan_index(copied, library, settings=changed)
    assert because(plan, "observer motion") == "it was not made yet"
    assert because(plan, "shots") == "observer motion needs every picture again"
    assert plan.decodes == "everything"


def test_an_observer_that_is_no_longer_asked_for_is_dropped(
    library: Library, copied: Path, counted: IndexSettings, tmp_path: Path
) -> None:
    index_video(copied, library, settings=counted)
    changed = replace(counted, observers=("chapters", "subtitles", "look"))
    plan = plan_index(copied, library, settings=changed)
    assert because(plan, "observer captions") == "no longer asked for"
    assert plan.decodes == "nothing"
    count_anew()
    report = index_video(copied, library, settings=changed)
    assert Counting.scanned == 0
    assert library.dump(report.video.content_id) == from_the_beginning(copied, changed, tmp_path / "fresh")


def test_a_part_that_was_interrupted_is_begun_again(
    library: Library, copied: Path, counted: IndexSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = library.dump(index_video(copied, library, settings=counted).video.content_id)
    monkeypatch.setattr(Captions, "prompt", "how light")

    def stop(_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        index_video(copied, library, settings=counted, progress=stop)
    assert library.verify() == ()
    report = plan_index(copied, library, settings=counted)
    assert library.dump(report.content_id) == before, "the complete memory is still the one that is read"
    index_video(copied, library, settings=counted)
    assert library.dump(report.content_id) == from_the_beginning(copied, counted, tmp_path / "fresh")


def test_text_vectors_of_what_is_kept_are_not_made_again(
    copied: Path, counted: IndexSettings, tmp_path: Path
) -> None:
    from tests.memory.conftest import CharacterGrams

    class Encoder(CharacterGrams):
        num_texts = 0

        def encode(self, texts: Any) -> Any:
            self.num_texts += len(texts)
            return super().encode(texts)

    encoder = Encoder(dimension=32)
    with open_library(tmp_path / "meaningful", encoder=encoder) as library:
        index_video(copied, library, settings=counted)
        first, encoder.num_texts = encoder.num_texts, 0
        report = index_video(
            copied, library, settings=replace(counted, levels=LevelSettings(scene_sentences=1))
        )
        scenes = library.memory(report.video.content_id).nodes(Level.SCENE)
        assert 0 < encoder.num_texts <= len(scenes) < first
