"""``VideoQA``: what the command line does, in Python."""

from __future__ import annotations

import doctest
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import video_vlm.library
from video_vlm import IndexSettings, Level, Settings, Span, Status, VideoQA
from video_vlm.errors import LibraryError, NotIndexed, UnknownName, UnreadableVideo
from video_vlm.protocols import ProgressEvent

AFTER = "What happens after the keeper falls asleep?"

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def indexed(sample_film: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library that knows the sample film: to be read, not to be changed."""
    folder = tmp_path_factory.mktemp("indexed") / "library"
    with VideoQA(folder) as videos:
        videos.index(sample_film)
    return folder


@pytest.fixture
def videos(indexed: Path, tmp_path: Path) -> Iterator[VideoQA]:
    with VideoQA(shutil.copytree(indexed, tmp_path / "library")) as opened:
        yield opened


@pytest.fixture
def here(sample_film: Path, indexed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A current folder that looks as it does after ``make demo``."""
    shutil.copytree(sample_film.parent, tmp_path / "sample")
    shutil.copytree(indexed, tmp_path / "sample" / "library")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_example_in_the_docstring_is_true(here: Path) -> None:
    results = doctest.testmod(video_vlm.library)

    assert (results.attempted > 0, results.failed) == (True, 0)


def test_the_example_in_the_readme_runs(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    example = readme.partition("```python\n")[2].partition("```")[0]

    exec(compile(example, "README.md", "exec"), {})

    assert "The lamp goes out" in capsys.readouterr().out


def test_an_answer_cites_the_seconds_it_rests_on(videos: VideoQA, sample_film: Path) -> None:
    answer = videos.ask(sample_film, AFTER)

    assert answer.status is Status.ANSWERED
    assert answer.citations[0].span.overlaps(Span(23.0, 26.5))


def test_a_video_is_read_once(videos: VideoQA, sample_film: Path) -> None:
    assert videos.index(sample_film).reused


def test_a_file_that_was_moved_is_not_read_again(videos: VideoQA, sample_film: Path, tmp_path: Path) -> None:
    moved = shutil.copytree(sample_film.parent, tmp_path / "elsewhere") / "renamed.mp4"
    (moved.parent / "film.mp4").rename(moved)
    (moved.parent / "film.srt").rename(moved.with_suffix(".srt"))

    assert videos.index(moved).reused


def test_other_settings_read_it_again(indexed: Path, sample_film: Path, tmp_path: Path) -> None:
    settings = Settings(index=IndexSettings(observers=("subtitles",)))
    with VideoQA(shutil.copytree(indexed, tmp_path / "library"), settings=settings) as videos:
        assert not videos.index(sample_film).reused


@pytest.mark.parametrize("name", ["film.mp4", "path", "id", "beginning of the id"])
def test_a_video_goes_by_its_file_its_name_or_its_id(videos: VideoQA, sample_film: Path, name: str) -> None:
    (stored,) = videos.library.videos()
    content_id = stored.video.content_id
    names = {"path": str(sample_film), "id": content_id, "beginning of the id": content_id[:8]}

    assert videos.memory(names.get(name, name)).content_id == content_id


def test_a_name_that_fits_several_videos_is_refused(
    videos: VideoQA, sample_film: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other" / "film.mp4"
    other.parent.mkdir()
    other.write_bytes(sample_film.read_bytes() + b"\0" * 8)
    videos.index(other)

    with pytest.raises(LibraryError, match=r"film\.mp4 could be any of"):
        videos.memory("film.mp4")


@pytest.mark.parametrize("method", ["ask", "scenes", "memory"])
def test_what_is_neither_a_file_nor_known_is_not_indexed(videos: VideoQA, method: str) -> None:
    with pytest.raises(NotIndexed, match=r"gone\.mp4"):
        getattr(videos, method)("gone.mp4", *([AFTER] if method == "ask" else []))


def test_a_file_that_is_no_video_leaves_no_trace(videos: VideoQA, tmp_path: Path) -> None:
    (tmp_path / "bad.mp4").write_text("this is no video", encoding="utf-8")

    with pytest.raises(UnreadableVideo, match=r"bad\.mp4"):
        videos.ask(tmp_path / "bad.mp4", AFTER)

    assert len(videos.library.videos()) == 1


def test_a_model_nobody_knows_is_refused(indexed: Path, sample_film: Path, tmp_path: Path) -> None:
    library = shutil.copytree(indexed, tmp_path / "library")
    with VideoQA(library, model="oracle") as videos, pytest.raises(UnknownName, match="oracle"):
        videos.ask(sample_film, AFTER)


def test_search_keeps_to_the_video_and_the_stretch(videos: VideoQA, sample_film: Path) -> None:
    found = videos.search("keeper", path=sample_film, span=Span(50, 60), limit=3)

    assert found
    assert all(moment.span.overlaps(Span(50, 60)) for moment in found)


def test_scenes_tile_the_film(videos: VideoQA, sample_film: Path) -> None:
    scenes = videos.scenes(sample_film)

    assert [scene.span.end for scene in scenes[:-1]] == [scene.span.start for scene in scenes[1:]]


def test_every_scene_has_a_picture(videos: VideoQA, sample_film: Path) -> None:
    posters = [videos.memory(sample_film).thumbnail(scene) for scene in videos.scenes(sample_film)]

    assert all(jpeg is not None and jpeg.startswith(b"\xff\xd8") for jpeg in posters)


def test_a_forgotten_video_is_gone_and_its_file_is_not(videos: VideoQA, sample_film: Path) -> None:
    assert [videos.remove(sample_film), videos.remove(sample_film)] == [True, False]
    assert videos.library.videos() == ()
    assert sample_film.is_file()
    assert videos.library.verify() == ()


def test_progress_is_told(sample_film: Path, tmp_path: Path) -> None:
    events: list[ProgressEvent] = []
    settings = Settings(index=IndexSettings(observers=("subtitles",)))

    with VideoQA(tmp_path / "library", settings=settings, progress=events.append) as videos:
        videos.index(sample_film)

    assert len(events) > 10
    assert events[-1].done == pytest.approx(90, abs=1.5)


def test_memory_holds_what_was_read(videos: VideoQA, sample_film: Path) -> None:
    memory = videos.memory(sample_film)

    (whole,) = memory.nodes(Level.VIDEO)
    assert whole.span.end == pytest.approx(90, abs=0.1)
    assert any("Bram Oddy" in observation.text for observation in memory.observations())
