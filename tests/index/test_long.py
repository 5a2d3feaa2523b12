"""Long and strange files, from the file to its memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from tests.media.reels import Reel, steady
from tests.media.test_damage import blotted
from video_vlm.index import IndexReport, index_video
from video_vlm.memory import Library, open_library
from video_vlm.records import Level, ObservationKind
from video_vlm.settings import IndexSettings

MakeVideo = Callable[[Reel], Path]
Index = Callable[[Path], IndexReport]

SETTINGS = IndexSettings(observers=("chapters", "look", "motion"))


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with open_library(tmp_path / "library") as opened:
        yield opened


@pytest.fixture
def index(library: Library) -> Index:
    """Index a file; whatever it is, the memory is sound and every level tiles the video."""

    def run(path: Path) -> IndexReport:
        report = index_video(path, library, settings=SETTINGS)
        assert library.verify() == ()
        for level in Level:
            spans = [node.span for node in library.memory(report.video.content_id).nodes(level)]
            assert [span.start for span in spans] == [
                report.video.span.start,
                *(span.end for span in spans[:-1]),
            ]
            assert spans[-1].end == report.video.span.end
        return report

    return run


def chapters_of(library: Library, report: IndexReport) -> list[tuple[float, str | None]]:
    nodes = library.memory(report.video.content_id).nodes(Level.CHAPTER)
    return [(node.span.duration_seconds, node.title) for node in nodes]


def hours(count: float, *, chapters: int = 0) -> Reel:
    """A picture every ten seconds for so many hours; chapters of equal length."""
    milliseconds = round(count * 3_600_000)
    edges = [milliseconds * number // max(chapters, 1) for number in range(chapters + 1)]
    titles = tuple((a, b, f"Part {n}") for n, (a, b) in enumerate(pairwise(edges)))
    return Reel(size=(32, 24), times=tuple(range(0, milliseconds, 10_000)), suffix=".mkv", chapters=titles)


def test_two_hours_have_few_chapters(index: Index, library: Library, make_video: MakeVideo) -> None:
    report = index(make_video(hours(2)))
    assert report.video.span.end == pytest.approx(7200)
    assert 6 <= len(chapters_of(library, report)) <= 20


def test_the_chapters_of_the_container_are_used(
    index: Index, library: Library, make_video: MakeVideo
) -> None:
    chapters = chapters_of(library, index(make_video(hours(2, chapters=8))))
    assert [title for _, title in chapters] == [f"Part {number}" for number in range(8)]
    assert [seconds for seconds, _ in chapters] == pytest.approx(
        [900.0] * 8, abs=30
    )  # they begin where a segment does


@pytest.mark.parametrize("num_chapters", [1, 600])
def test_one_chapter_for_all_or_one_for_each_cue_is_a_mark_not_a_chapter(
    index: Index, library: Library, make_video: MakeVideo, num_chapters: int
) -> None:
    report = index(make_video(hours(2, chapters=num_chapters)))
    chapters = chapters_of(library, report)
    assert 6 <= len(chapters) <= 20
    assert {title for _, title in chapters} == {None}
    marks = library.memory(report.video.content_id).observations(kinds=[ObservationKind.CHAPTER])
    assert len(marks) == num_chapters


def test_a_stretch_of_noise_in_the_middle_is_named_and_what_follows_is_read(
    index: Index, library: Library, make_video: MakeVideo, tmp_path: Path
) -> None:
    path = make_video(Reel(times=steady(600), gop=20, options=(("movflags", "+faststart"),)))
    report = index(blotted(path, slice(200, 300), tmp_path / "noise.mp4"))
    assert report.video.span.end == pytest.approx(60.0)
    assert report.num_frames < 520
    [first, *_] = report.damage
    assert first.span.start == pytest.approx(20.0, abs=0.2)
    assert max(one.span.end for one in report.damage) == pytest.approx(30.0, abs=2.1)
    [video] = library.memory(report.video.content_id).nodes(Level.VIDEO)
    assert video.coverage == pytest.approx(1 - 10 / 60, abs=0.05)


def test_a_change_of_size_in_the_middle_is_read_over(
    index: Index, make_video: MakeVideo, tmp_path: Path
) -> None:
    parts = [Reel(suffix=".ts", times=steady(100)), Reel(suffix=".ts", size=(144, 96), times=steady(100))]
    path = tmp_path / "glued.ts"
    path.write_bytes(b"".join(make_video(part).read_bytes() for part in parts))
    report = index(path)
    assert report.num_frames == 200
    assert report.video.duration_seconds == pytest.approx(20.0, abs=0.11)


@pytest.mark.parametrize("suffix", [".avi", ".h264"])
def test_a_file_without_time_stamps_is_read_whole(index: Index, make_video: MakeVideo, suffix: str) -> None:
    report = index(make_video(Reel(suffix=suffix, times=steady(100))))
    assert report.num_frames == 100
    assert report.damage == ()
