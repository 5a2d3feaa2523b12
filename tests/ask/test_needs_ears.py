"""A question of words, in a film that nobody listened to."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.index.test_listening import spoken
from tests.perception.heard import ears
from video_vlm import VideoQA
from video_vlm.perception import OBSERVERS
from video_vlm.records import Answer, Status
from video_vlm.settings import IndexSettings, MeaningSettings, Settings

__all__ = ["spoken"]

QUESTION = "how much did the toll cost?"


@pytest.fixture(autouse=True)
def _ears_without_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    def speech(settings: IndexSettings) -> object:
        return ears(settings, settings.speech)

    monkeypatch.setattr(OBSERVERS, "_built_in", {**OBSERVERS._built_in, "speech": speech})


def asked(film: Path, folder: Path, *, speech: str, question: str = QUESTION) -> Answer:
    index = IndexSettings(observers=("subtitles", "speech", "look"), speech=speech)
    with VideoQA(folder, settings=Settings(index=index, meaning=MeaningSettings("none"))) as videos:
        return videos.ask(film, question)


def test_without_ears_the_one_command_that_adds_them_is_named(spoken: Path, tmp_path: Path) -> None:
    answer = asked(spoken, tmp_path, speech="off")
    assert answer.status is Status.NEEDS_EARS
    assert answer.advice == f"videoqa ask {spoken} ... --set index.speech=auto"


def test_with_ears_it_is_not_shown(spoken: Path, tmp_path: Path) -> None:
    assert asked(spoken, tmp_path, speech="one").status is Status.NOT_SHOWN


def test_where_subtitles_say_what_is_said_no_ears_are_needed(spoken: Path, tmp_path: Path) -> None:
    film = tmp_path / "film.mkv"
    film.write_bytes(spoken.read_bytes())
    lines = "1\n00:00:01,000 --> 00:00:04,000\nThe bridge is old.\n"
    film.with_suffix(".srt").write_text(lines, encoding="utf-8")
    assert asked(film, tmp_path / "library", speech="off").status is Status.NOT_SHOWN


def test_what_is_said_is_found(spoken: Path, tmp_path: Path) -> None:
    index = IndexSettings(observers=("speech",), speech="one")
    with VideoQA(tmp_path, settings=Settings(index=index, meaning=MeaningSettings("none"))) as videos:
        videos.index(spoken)
        hits = videos.search("word20")
    assert hits
    assert abs(hits[0].span.start - 1.0) < 0.5


def test_ears_do_not_help_behind_the_end(spoken: Path, tmp_path: Path) -> None:
    answer = asked(spoken, tmp_path, speech="off", question="What is said at 50:00?")
    assert answer.status is Status.NOT_SHOWN
    assert "after the end of the video" in answer.text
    assert (answer.advice or "").startswith("ask of a time before")
