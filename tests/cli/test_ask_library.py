"""``videoqa ask`` of a folder and of the whole library."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Videoqa
from tests.media.reels import Reel, write_reel
from video_vlm.multi_video import LibraryAnswer
from video_vlm.records import Status

READ = ("--set", "index.observers=chapters,subtitles")
MILLER = "Who is the miller?"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "talks"
    folder.mkdir()
    write_reel(folder / "mill.mp4", Reel(cues=((200, 1200, "Petra Vance is the miller of Ostrava."),)))
    write_reel(folder / "lemon.mp4", Reel(cues=((200, 1200, "A lemon tree bears fruit all year."),)))
    return folder


def test_a_folder_is_read_and_asked(videoqa: Videoqa, folder: Path) -> None:
    run = videoqa("ask", folder, MILLER, *READ)

    assert (run.code, run.err) == (0, "")
    first, *_, last = run.out.splitlines()
    assert first.endswith("[mill.mp4 0:00–0:01]")
    assert "Petra Vance" in first
    assert last.startswith("confidence")
    assert "searched 2 videos" in last


def test_all_asks_what_was_read_before(videoqa: Videoqa, folder: Path) -> None:
    assert videoqa("index", folder, *READ).code == 0
    run = videoqa("ask", "--all", "Which film mentions a lemon?", *READ)

    assert (run.code, run.err) == (0, "")
    assert "[lemon.mp4 0:00–0:01]" in run.out
    assert "mill.mp4" not in run.out


def test_a_pattern_is_asked_too(videoqa: Videoqa, folder: Path) -> None:
    assert "searched 1 video," in videoqa("ask", folder / "m*.mp4", MILLER, *READ).out


def test_as_json_it_can_be_read_back(videoqa: Videoqa, folder: Path) -> None:
    answer = LibraryAnswer.from_json(videoqa("ask", folder, MILLER, *READ, "--json").out)

    assert answer.status is Status.ANSWERED
    assert [Path(one.path).name for one in answer.citations] == ["mill.mp4"]


def test_a_file_that_cannot_be_read_costs_only_itself(videoqa: Videoqa, folder: Path) -> None:
    (folder / "bad.mp4").write_bytes(b"no video")
    run = videoqa("ask", folder, MILLER, *READ)

    assert run.code == 3
    assert "Petra Vance" in run.out
    assert "bad.mp4" in run.err


def test_a_folder_in_which_nothing_can_be_read_fails(videoqa: Videoqa, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    run = videoqa("ask", tmp_path / "empty", MILLER)

    assert (run.code, run.out) == (1, "")
    assert "no video files" in run.err


def test_without_evidence_it_declines_and_is_no_failure(videoqa: Videoqa, folder: Path) -> None:
    run = videoqa("ask", folder, "What is the phone number of Petra Vance?", *READ)

    assert run.code == 0
    assert run.out.startswith("Not shown: nothing that was read of 2 videos")
    assert "  [mill.mp4 0:00–0:01] subtitle: “Petra Vance is the miller of Ostrava.”" in run.out.splitlines()


def test_what_is_cited_can_be_saved_a_folder_for_each_video(
    videoqa: Videoqa, folder: Path, tmp_path: Path
) -> None:
    run = videoqa(
        "ask",
        folder,
        MILLER,
        *READ,
        "--evidence",
        tmp_path / "proof",
        "--trace-file",
        tmp_path / "trace.json",
    )

    assert run.code == 0
    (of_mill,) = (tmp_path / "proof").iterdir()
    assert of_mill.name.startswith("mill-")
    assert (of_mill / "picture-1.jpg").is_file()
    assert [step["action"] for step in json.loads((tmp_path / "trace.json").read_text("utf-8"))["steps"]] == [
        "search",
        "ask",
    ]


def test_what_is_asked_of_what_must_be_clear(videoqa: Videoqa, folder: Path) -> None:
    both, neither = videoqa("ask", "--all", folder, MILLER), videoqa("ask", MILLER)

    assert (both.code, neither.code) == (2, 2)
    assert "--all" in both.err
    assert "--all" in neither.err
