"""A library on a PostgreSQL server, from the command line."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from video_vlm.cli.settings_sources import configure

if TYPE_CHECKING:
    from tests.cli.conftest import Videoqa


def test_an_address_is_taken_from_everywhere_as_it_is(tmp_path: Path) -> None:
    address = "postgresql://me@host//films?schema=tapes"
    (tmp_path / "videoqa.toml").write_text(f'library = "{address}"')
    for given in (
        configure(command_line={"library": address}, environment={}),
        configure(command_line={}, environment={"VIDEOQA_LIBRARY": address}),
        configure(command_line={}, environment={}, user_file=tmp_path / "videoqa.toml"),
    ):
        assert given.library == address


def test_the_password_is_not_printed(videoqa: Videoqa) -> None:
    assert videoqa("library", "where", "--library", "postgres://me:secret@host/films").out == (
        "postgres://me:***@host/films\n"
    )
    assert "secret" not in videoqa("doctor", "--library", "postgres://me:secret@host/films").out


def test_a_server_that_is_not_there_is_one_line(videoqa: Videoqa) -> None:
    run = videoqa(
        "library", "list", "--library", "postgresql://me:secret@127.0.0.1:9/films?connect_timeout=2"
    )
    assert run.code == 1
    assert len(run.err.splitlines()) == 1
    assert "secret" not in run.err


def test_films_read_side_by_side_into_a_server_are_asked_from_another_folder(
    videoqa: Videoqa, postgres: str, sample_film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = f"{postgres}&schema=cli"
    copies = [tmp_path / name / "film.mp4" for name in ("one", "two")]
    for number, copy in enumerate(copies):
        copy.parent.mkdir()
        copy.write_bytes(sample_film.read_bytes() + bytes([number]))
        subtitles = sample_film.with_suffix(".srt")
        copy.with_suffix(".srt").write_bytes(subtitles.read_bytes())
    monkeypatch.setenv("VIDEOQA_LIBRARY", address)
    assert videoqa("index", "--jobs", "2", *copies).code == 0
    with_folder = tmp_path / "folder"
    assert videoqa("index", "--jobs", "1", copies[0], "--library", with_folder).code == 0

    question = "What happens after the keeper falls asleep?"
    answers = [
        json.loads(videoqa("ask", copies[0], question, "--json", *more).out)
        for more in ((), ("--library", with_folder))
    ]
    assert answers[0]["claims"] == answers[1]["claims"] != []

    assert videoqa("library", "verify").out == "the library is whole\n"
    listed = json.loads(videoqa("library", "list", "--json").out)
    assert [one["complete"] for one in listed] == [True, True]
    os.chdir(tmp_path)
    assert "lemon" in videoqa("search", "lemon").out
    assert videoqa("library", "export", listed[0]["content_id"], "-o", tmp_path / "film.videoqa").code == 0
    assert videoqa("library", "import", tmp_path / "film.videoqa", "--library", tmp_path / "third").code == 0
