"""A library that is damaged, or that can only be read, from the command line: one line says what, and what to
do."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Videoqa
from tests.mounts import run_mounted

FAST = ("--set", "index.observers=chapters,subtitles,look")
QUESTION = "What happens after the keeper falls asleep?"


def spoil(folder: Path, word: bytes = b"lamp goes out", other: bytes = b"lamb goes out") -> None:
    path = folder / "library.sqlite3"
    whole = path.read_bytes()
    assert word in whole
    path.write_bytes(whole.replace(word, other))


def test_damage_is_verified_repaired_and_named(videoqa: Videoqa, own_shelf: Path, sample_film: Path) -> None:
    videoqa("library", "forget-looks", "--all")
    assert videoqa("library", "repair").out == "the library is whole\n"
    spoil(own_shelf)
    verified = videoqa("library", "verify")
    assert verified.code == 1
    assert "videoqa library repair" in verified.out

    run = videoqa("library", "repair")

    assert run.code == 1, "its only video was lost"
    (damaged,) = own_shelf.glob("library.sqlite3.damaged-*")
    assert run.out.splitlines() == [f"the damaged file is kept as {damaged}", "kept: 0 videos, 0 looks"]
    (line,) = run.err.splitlines()
    assert line.startswith(f"videoqa: {sample_film} (")
    assert line.endswith("): lost; index it again")
    assert videoqa("library", "verify").out == "the library is whole\n"
    assert videoqa("ask", sample_film, QUESTION, "--frames", "0", *FAST).out.startswith(
        "At 0:23 the subtitles say"
    )


def test_what_was_kept_and_lost_is_told_programs_too(
    videoqa: Videoqa, own_shelf: Path, sample_film: Path
) -> None:
    videoqa("library", "forget-looks", "--all")
    other = own_shelf.parent / "other.mp4"
    other.write_bytes(sample_film.read_bytes() + b"\0\0\0\x08free")
    assert videoqa("index", other, "--set", "index.observers=look").code == 0
    spoil(own_shelf)
    run = videoqa("library", "repair", "--json")
    told = json.loads(run.out)
    assert run.code == 3
    assert [Path(one["path"]).name for one in told["kept"]] == ["other.mp4"]
    assert [Path(one["path"]) for one in told["lost"]] == [sample_film]
    assert told["damaged"] is not None
    assert told["looks"] == {"kept": 0, "lost": 0}


@pytest.mark.parametrize("content", [b"", b"not a database at all" * 300], ids=["empty", "text"])
def test_a_file_that_is_no_library_is_one_line(videoqa: Videoqa, tmp_path: Path, content: bytes) -> None:
    folder = tmp_path / "other"
    folder.mkdir()
    (folder / "library.sqlite3").write_bytes(content)
    run = videoqa("library", "repair", "--library", folder)
    assert (run.code, run.err.count("\n")) in ((0, 0), (1, 1))
    if content:
        verified = videoqa("library", "verify", "--library", folder)
        assert (verified.code, verified.out.count("videoqa library repair")) == (1, 1)


def test_a_library_on_a_read_only_disk_answers(own_shelf: Path, sample_film: Path, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    film = Path(shutil.copy(sample_film, tmp_path / "film.mp4"))
    command = [sys.executable, "-m", "video_vlm.cli", "--library", str(disk / "library")]
    before = f'cp -r "{own_shelf}" "{disk}/library" && mount -o remount,ro "{disk}"'

    def run(*arguments: str) -> tuple[int, str, str]:
        done = run_mounted([*command, *arguments], disk, "size=64m", before=before)
        return done.returncode, done.stdout, done.stderr

    code, out, err = run("ask", str(sample_film), QUESTION)
    assert code == 0, err
    assert out.startswith("At 0:23 the subtitles say")
    (line,) = err.splitlines()
    assert "can only be read" in line
    code, out, err = run("library", "verify")
    assert (code, out) == (0, "the library is whole\n"), err
    new = tmp_path / "new.mp4"
    new.write_bytes(film.read_bytes() + b"\0\0\0\x08free")
    code, out, err = run("index", str(new))
    assert code == 1
    assert [line.startswith(("warning: ", "videoqa: ")) for line in err.splitlines()] == [True, True], err
    assert "nothing can be written" in err
    code, out, err = run("library", "repair")
    assert code == 1
    assert err.count("\n") == 1, err
