"""``videoqa library export`` and ``import``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Videoqa


def test_a_memory_goes_elsewhere_as_one_file(videoqa: Videoqa, own_shelf: Path, tmp_path: Path) -> None:
    videoqa("library", "forget-looks", "--all")
    written = videoqa("library", "export", "film.mp4")
    assert written.code == 0
    assert written.out.startswith("film.videoqa: the memory of film.mp4, ")
    taken = videoqa("--library", tmp_path / "new", "library", "import", "film.videoqa")
    assert (taken.code, taken.err) == (0, "")
    assert taken.out == "film.videoqa: added film.mp4: the video was not known\n"
    again = videoqa("--library", tmp_path / "new", "library", "import", "film.videoqa")
    assert again.out == "film.videoqa: kept film.mp4: the same is there already\n"
    here = videoqa("show", "film.mp4", "--depth", "frame", "--json").out
    there = videoqa("--library", tmp_path / "new", "show", "film.mp4", "--depth", "frame", "--json").out
    assert json.loads(here) == json.loads(there)


def test_a_memory_taken_in_spares_reading_the_video(
    videoqa: Videoqa, shelf: Path, sample_film: Path, tmp_path: Path
) -> None:
    videoqa("--library", shelf, "library", "export", "film.mp4", "-o", tmp_path / "f.videoqa")
    videoqa("--library", tmp_path / "new", "library", "import", tmp_path / "f.videoqa")
    run = videoqa("--library", tmp_path / "new", "index", sample_film)
    assert "already known" in run.out


def test_damaged_files_are_named_and_the_others_taken_in(
    videoqa: Videoqa, shelf: Path, tmp_path: Path
) -> None:
    videoqa("--library", shelf, "library", "export", "film.mp4", "-o", tmp_path / "good.videoqa")
    whole = (tmp_path / "good.videoqa").read_bytes()
    (tmp_path / "bad.videoqa").write_bytes(whole[: len(whole) // 2])
    bad, good = tmp_path / "bad.videoqa", tmp_path / "good.videoqa"
    run = videoqa("--library", tmp_path / "new", "library", "import", bad, good, "--json")
    assert run.code == 3
    assert [one["outcome"] for one in json.loads(run.out)] == ["failed", "added"]
    assert run.err.count("\n") == 1
    assert str(bad) in run.err
    assert "export it again" in run.err
    assert videoqa("--library", tmp_path / "new", "library", "import", bad).code == 1


def test_a_video_is_never_overwritten_by_its_memory(
    videoqa: Videoqa, own_shelf: Path, sample_film: Path, tmp_path: Path
) -> None:
    film = tmp_path / "copy.mp4"
    film.write_bytes(sample_film.read_bytes())
    run = videoqa("library", "export", film, "-o", film)
    assert run.code == 2
    assert "is the video itself" in run.err
    assert film.read_bytes() == sample_film.read_bytes()


@pytest.mark.parametrize("name", ["nothing.mp4", "abcdef"])
def test_what_is_not_in_the_library_is_not_exported(videoqa: Videoqa, own_shelf: Path, name: str) -> None:
    run = videoqa("library", "export", name)
    assert run.code == 1
    assert "no such video" in run.err
