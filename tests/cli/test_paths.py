"""Files, folders and patterns, as people type them."""

from __future__ import annotations

from pathlib import Path

import pytest

from video_vlm.cli.paths import NotFound, videos_in


@pytest.fixture
def tapes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in (
        "b.mp4",
        "a.MKV",
        "notes.txt",
        "deep/c.webm",
        ".hidden/d.mp4",
        "[1].mp4",
        "-x.mp4",
        "odd.data",
    ):
        path = tmp_path / "tapes" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    monkeypatch.chdir(tmp_path)
    return Path("tapes")


def names(*typed: str) -> list[str]:
    return [found.typed if isinstance(found, NotFound) else found.name for found in videos_in(typed)]


def test_a_folder_is_searched_to_the_bottom_in_order_without_what_is_hidden(tapes: Path) -> None:
    assert names(str(tapes)) == ["-x.mp4", "[1].mp4", "a.MKV", "b.mp4", "c.webm"]


def test_a_file_that_is_named_is_taken_whatever_it_ends_in(tapes: Path) -> None:
    assert names(str(tapes / "odd.data")) == ["odd.data"]


def test_a_pattern_is_expanded(tapes: Path) -> None:
    assert names(f"{tapes}/**/*.webm", f"{tapes}/?.mp4") == ["c.webm", "b.mp4"]


def test_a_file_that_looks_like_a_pattern_is_a_file(tapes: Path) -> None:
    assert names(str(tapes / "[1].mp4")) == ["[1].mp4"]


def test_a_file_is_taken_once_however_often_it_is_named(tapes: Path) -> None:
    assert names(str(tapes / "b.mp4"), str(tapes / "deep" / ".." / "b.mp4"), f"{tapes}/b.*") == ["b.mp4"]


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("gone.mp4", "no such file or folder"),
        ("tapes/*.avi", "matches no file"),
        ("tapes/.hidden/nothing", "no such file or folder"),
        ("empty", "no video files in this folder"),
    ],
)
def test_what_stands_for_no_file_is_said(tapes: Path, typed: str, reason: str) -> None:
    tapes.with_name("empty").mkdir()

    assert list(videos_in([typed])) == [NotFound(typed, reason)]
