"""``videoqa library looks`` and ``forget-looks``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Videoqa

QUESTION = "Which phone number is written on the door?"


def test_looks_are_listed_and_forgotten(videoqa: Videoqa, own_shelf: Path, sample_film: Path) -> None:
    observers = "index.observers=subtitles,look"
    videoqa("library", "forget-looks", "--all")
    assert videoqa("library", "looks").out == "nothing was looked at for a question yet\n"
    asked = json.loads(
        videoqa("ask", sample_film, QUESTION, "--set", observers, "--frames", "5", "--json").out
    )
    listed = videoqa("library", "looks", "film.mp4").out.splitlines()
    looks = json.loads(videoqa("library", "looks", "--json").out)
    assert listed[0].split() == ["id", "time", "pictures", "observer", "new", "question"]
    assert len(listed) == 1 + len(looks)
    assert all(QUESTION in line for line in listed[1:])
    assert sum(len(look["pictures"]) for look in looks) == asked["receipt"]["frames_decoded"] > 0
    assert {look["observer"] for look in looks} == {"look"}
    assert videoqa("library", "forget-looks", "film.mp4").out == f"film.mp4: {len(looks)} looks forgotten\n"
    assert json.loads(videoqa("library", "looks", "--json").out) == []


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ((), 2, "name the videos, or all of them with --all"),
        (("film.mp4", "--all"), 2, "name the videos, or all of them with --all"),
        (("nothing.mp4",), 1, "nothing.mp4: not in the library"),
        (("film.mp4", "nothing.mp4"), 3, "nothing.mp4: not in the library"),
        (("--all",), 0, ""),
    ],
)
def test_what_is_forgotten_is_named(
    videoqa: Videoqa, own_shelf: Path, arguments: tuple[str, ...], code: int, said: str
) -> None:
    run = videoqa("library", "forget-looks", *arguments)
    assert (run.code, said in run.err) == (code, True)
    assert run.err.count("\n") <= 1
