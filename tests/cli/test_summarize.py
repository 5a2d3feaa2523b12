"""``videoqa summarize``."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import Videoqa
from video_vlm.cli.batch_progress import BatchProgress
from video_vlm.cli.outcome import Outcome
from video_vlm.cli.summarize import CatalogueFormat
from video_vlm.export import CATALOGUES
from video_vlm.index import reading_jobs
from video_vlm.protocols import ProgressEvent
from video_vlm.settings import IndexSettings

FAST = ("--set", "index.observers=chapters,subtitles,look")


@pytest.fixture
def folder(sample_film: Path, tmp_path: Path) -> Path:
    """Two films and a file that is none."""
    folder = tmp_path / "tapes"
    folder.mkdir()
    shutil.copy(sample_film, folder / "film.mp4")
    shutil.copy(sample_film.with_suffix(".srt"), folder / "film.srt")
    # The same pictures and other bytes: another video.
    (folder / "other.mp4").write_bytes(sample_film.read_bytes() + b"\0\0\0\x08free")
    (folder / "bad.mp4").write_bytes(b"no video")
    return folder


def test_what_can_be_typed_is_what_there_is() -> None:
    assert sorted(CatalogueFormat) == sorted(CATALOGUES)


def test_a_folder_becomes_a_page_and_what_failed_is_named(
    videoqa: Videoqa, folder: Path, tmp_path: Path
) -> None:
    out, library = tmp_path / "all.html", tmp_path / "library"
    run = videoqa("--library", library, "summarize", folder, "-o", out, *FAST, "--jobs", "1")
    assert run.code == 3
    assert [line.rpartition("/")[2].partition(":")[0] for line in run.out.splitlines()] == [
        "film.mp4",
        "other.mp4",
        "all.html",
    ]
    assert "bad.mp4" in run.err
    assert "2 of 3 read, 1 failed" in run.err
    page = out.read_text("utf-8")
    assert page.count("<article>") == 2
    assert "bad.mp4" in page
    assert page.count("<script>") == 1
    assert "[hidden] { display: none !important }" in page, (
        "else the cards' own display wins over what a search hides"
    )
    assert "http" not in page.replace("http-equiv", "")
    assert page.count("data:image/jpeg;base64,") >= 4

    again = videoqa("--library", library, "summarize", folder, "-o", out, *FAST, "--format", "json", "--json")
    data = json.loads(out.read_text("utf-8"))
    assert again.code == 3
    assert [video["name"] for video in data["videos"]] == ["film.mp4", "other.mp4"]
    assert [Path(path).name for path in data["failures"]] == ["bad.mp4"]
    report = json.loads(again.out)
    assert [Path(one["path"]).name for one in report["files"]] == ["bad.mp4", "film.mp4", "other.mp4"]
    assert all("already known" in one["summary"] for one in report["files"][1:])


@pytest.mark.parametrize("form", ["md", "jsonl"])
def test_other_forms_hold_every_video(
    videoqa: Videoqa, shelf: Path, sample_film: Path, tmp_path: Path, form: str
) -> None:
    out = tmp_path / "out"
    run = videoqa("--library", shelf, "summarize", sample_film, "-o", out, "--format", form)
    assert run.code == 0
    text = out.read_text("utf-8")
    assert "film.mp4" in text
    assert "lemon" in text


def test_stopping_at_the_first_error_writes_nothing(videoqa: Videoqa, folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "all.html"
    run = videoqa(
        "--library",
        tmp_path / "l",
        "summarize",
        folder,
        "-o",
        out,
        *FAST,
        "--jobs",
        "1",
        "--on-error",
        "stop",
    )
    assert run.code == 1
    assert "is not written" in run.err
    assert not out.exists()


def test_a_dry_run_says_what_it_would_take_and_writes_nothing(
    videoqa: Videoqa, folder: Path, tmp_path: Path
) -> None:
    out, library = tmp_path / "all.html", tmp_path / "library"
    run = videoqa("--library", library, "summarize", folder, "-o", out, *FAST, "--dry-run", "--json")
    told = json.loads(run.out)
    assert run.code == 3
    assert not out.exists()
    assert json.loads(videoqa("--library", library, "library", "list", "--json").out) == []
    assert told["video_seconds"] == pytest.approx(180, abs=1)
    assert told["unread_seconds"] == told["video_seconds"]
    assert told["reading_seconds"] > 0
    assert told["disk_bytes"] > 0
    text = videoqa("--library", library, "summarize", folder, "-o", out, *FAST, "--dry-run").out
    assert text.startswith(
        "3 files, 0.05 hours of video; 0 are known already\nto read: 0.05 hours; time: about 0:"
    )


def test_memory_bounds_how_many_are_read_side_by_side() -> None:
    settings = IndexSettings()
    assert [reading_jobs(limit, 8, settings) for limit in (None, 0.1e9, 2.2e9, 100e9)] == [8, 1, 2, 8]
    silent = IndexSettings(observers=("look",))
    assert reading_jobs(1.5e9, 16, silent) > 8
    assert reading_jobs(4e9, 8, settings, sees=True) == 1


def test_all_files_together_have_a_pace_of_their_own() -> None:
    heard: list[ProgressEvent] = []

    class Ear:
        def __call__(self, event: ProgressEvent) -> None:
            heard.append(event)

        def ended(self, outcome: Outcome) -> None:
            pass

    one, two = Path("one.mp4"), Path("two.mp4")
    overall = BatchProgress(Ear(), {one: 100.0, two: 50.0})
    overall(ProgressEvent("index", 0.0, None, path=one))
    overall(ProgressEvent("index", 40.0, 100.0, path=one))
    overall(ProgressEvent("index", 10.0, 50.0, path=two))
    overall.ended(Outcome("two.mp4", error="torn"))
    together = [(event.done, event.total, event.what) for event in heard if event.stage == "all"]
    assert together == [(40, 150, "0 of 2 files"), (50, 150, "0 of 2 files"), (90, 150, "1 of 2 files")]
