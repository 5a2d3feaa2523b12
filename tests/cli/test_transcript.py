"""``videoqa transcript``: what is said, printed or written."""

from __future__ import annotations

import json
from pathlib import Path

import pysubs2

from tests.cli.conftest import Videoqa

READ = ("--set", "index.observers=subtitles,look")


def test_what_is_said_is_printed_with_times(videoqa: Videoqa, sample_film: Path) -> None:
    run = videoqa("transcript", sample_film, "--library", "new", *READ)
    assert run.code == 0
    assert run.out.startswith("[0:")


def test_json_and_subtitles_hold_the_same_lines(videoqa: Videoqa, sample_film: Path, tmp_path: Path) -> None:
    lines = json.loads(videoqa("transcript", sample_film, "--library", "new", *READ, "--format", "json").out)
    out = tmp_path / "said.srt"
    assert videoqa("transcript", sample_film, "--library", "new", *READ, "-o", out).code == 0
    read = pysubs2.load(str(out))
    assert len(read) == len(lines["lines"]) > 0


def test_nothing_of_others_is_written_over(videoqa: Videoqa, sample_film: Path, tmp_path: Path) -> None:
    out = tmp_path / "mine.txt"
    out.write_text("mine", encoding="utf-8")
    assert videoqa("transcript", sample_film, "--library", "new", *READ, "-o", out).code == 2
    assert out.read_text(encoding="utf-8") == "mine"


def test_speech_models_are_listed(videoqa: Videoqa) -> None:
    assert "large-v3-turbo" in videoqa("models", "list").out
