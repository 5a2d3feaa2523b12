"""``videoqa entities``."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Videoqa


def test_the_names_of_a_film_are_listed(videoqa: Videoqa, sample_film: Path, own_shelf: Path) -> None:
    run = videoqa("entities", sample_film)

    assert (run.code, run.err) == (0, "")
    assert any(line.startswith("Mira ") for line in run.out.splitlines())


def test_every_mention_of_a_name_is_told_with_its_time(
    videoqa: Videoqa, sample_film: Path, own_shelf: Path
) -> None:
    (mira,) = json.loads(videoqa("entities", sample_film, "mira", "--json").out)

    assert {"start": 28.5, "end": 32.0} in [one["span"] for one in mira["mentions"]]
    assert mira["timeline"]
    assert "In the village Mira buys a lemon" in videoqa("entities", sample_film, "Mira").out


def test_a_name_that_nothing_says_is_no_failure(videoqa: Videoqa, sample_film: Path, own_shelf: Path) -> None:
    run = videoqa("entities", sample_film, "Brutus")

    assert (run.code, run.out) == (0, "nothing names Brutus\n")


def test_a_name_needs_a_word(videoqa: Videoqa, sample_film: Path, own_shelf: Path) -> None:
    assert videoqa("entities", sample_film, "?!").code == 2
