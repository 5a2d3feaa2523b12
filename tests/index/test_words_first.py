"""Words do not wait for pictures: a film that is not read yet is asked by what its file says in words, and what is
read later is what would have been read at once."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.index.test_resume import Interrupter
from video_vlm import VideoQA
from video_vlm.index import index_video
from video_vlm.index.run import index_words
from video_vlm.memory import Library, open_library
from video_vlm.models.builtin import BuiltinAnswerer
from video_vlm.records import Level, Status
from video_vlm.settings import AskSettings, IndexSettings, Settings

CUES = (
    (0.5, "The ferry leaves the island at noon."),
    (6.0, "Marta paints the boathouse green."),
    (12.0, "A storm tears the sail of the ferry."),
)
SAID, UNSAID = "What does Marta paint?", "What is the name of the captain's dog?"


@pytest.fixture
def told(film: Path, tmp_path: Path) -> Path:
    """The film, with subtitles beside it."""
    path = tmp_path / "told.mp4"
    shutil.copy(film, path)
    blocks = (
        f"{number}\n00:00:{at:06.3f} --> 00:00:{at + 4:06.3f}\n{text}\n"
        for number, (at, text) in enumerate(CUES, 1)
    )
    path.with_suffix(".srt").write_text("\n".join(blocks), encoding="utf-8")
    return path


@pytest.fixture
def every(settings: IndexSettings) -> Settings:
    """Films of any length are asked by their words first, and nothing is looked at again."""
    index = IndexSettings(
        observers=("chapters", "subtitles", "speech", "look"), shots=settings.shots, frames=settings.frames
    )
    return Settings(index=index, ask=AskSettings(words_first_seconds=0.0, max_look_frames=0))


@pytest.fixture
def videos(every: Settings, tmp_path: Path) -> Iterator[VideoQA]:
    with VideoQA(tmp_path / "library", settings=every) as opened:
        yield opened


def words_of(path: Path, library: Library, settings: Settings) -> str | None:
    return index_words(path, library, settings=settings.index, least_seconds=0.0)


def test_what_the_words_answer_takes_no_picture(told: Path, videos: VideoQA) -> None:
    answer = videos.ask(told, SAID)
    assert answer.status is Status.ANSWERED
    assert "green" in answer.text
    assert answer.coverage.scenes_seen == 0 < answer.coverage.scenes_total
    assert "no picture was looked at" in str(answer.coverage)
    assert answer.receipt.steps[-1].action == "words"
    assert answer.advice is not None
    assert f"videoqa index {told}" in answer.advice
    assert videos.memory(told).nodes(Level.FRAME) == ()
    assert videos.memory(told).channels == ("chapters", "subtitles")


def test_the_same_question_is_answered_from_what_was_kept(told: Path, videos: VideoQA) -> None:
    first = videos.ask(told, SAID)
    told.with_suffix(".srt").touch()  # its words are the same
    again = videos.ask(told, SAID)
    assert (again.text, again.citations) == (first.text, first.citations)
    assert len(videos.library.videos()) == 1


@pytest.mark.parametrize(
    "question",
    [
        UNSAID,
        "How often is the ferry mentioned?",
        "What is said first?",
        "How many shots are there?",
        "What is this film about?",
        "tldr",
    ],
)
def test_what_words_alone_cannot_answer_for_the_whole_is_asked_of_the_pictures(
    told: Path, videos: VideoQA, question: str
) -> None:
    answer = videos.ask(told, question)
    assert answer.coverage.scenes_seen == answer.coverage.scenes_total
    assert "no picture" not in str(answer.coverage)
    assert videos.memory(told).nodes(Level.FRAME)


def test_read_in_full_after_its_words_a_film_has_the_memory_of_one_read_at_once(
    told: Path, every: Settings, tmp_path: Path
) -> None:
    with open_library(tmp_path / "at_once") as library:
        at_once = library.dump(index_video(told, library, settings=every.index).video.content_id)
    with VideoQA(tmp_path / "later", settings=every) as videos:
        videos.ask(told, SAID)
        report = videos.index(told)
        assert not report.reused
        assert videos.library.dump(report.video.content_id) == at_once
        assert "no picture" not in str(videos.ask(told, SAID).coverage)
        assert videos.library.verify() == ()


def test_a_reading_that_was_interrupted_is_gone_on_with(told: Path, every: Settings, tmp_path: Path) -> None:
    with open_library(tmp_path / "library") as library:
        with pytest.raises(KeyboardInterrupt):
            index_video(told, library, settings=every.index, progress=Interrupter(10.0))
        assert words_of(told, library, every) is None
        assert index_video(told, library, settings=every.index).resumed_from is not None


@pytest.mark.parametrize("after_seconds", [0.0, 5.0, 15.0])
def test_the_words_of_an_interrupted_run_are_those_of_a_whole_one(
    told: Path, every: Settings, tmp_path: Path, after_seconds: float
) -> None:
    with open_library(tmp_path / "straight") as library:
        straight = library.dump(words_of(told, library, every) or "")
    with open_library(tmp_path / "interrupted") as library:
        with pytest.raises(KeyboardInterrupt):
            index_words(
                told,
                library,
                settings=every.index,
                least_seconds=0.0,
                progress=Interrupter(after_seconds),
            )
        index_video(told, library, settings=replace(every.index, speed="words"))
        assert library.dump(library.videos()[0].video.content_id) == straight
        assert library.verify() == ()


def test_corrected_subtitles_are_read_again(told: Path, videos: VideoQA) -> None:
    assert "green" in videos.ask(told, SAID).text
    file = told.with_suffix(".srt")
    file.write_text(file.read_text(encoding="utf-8").replace("green", "crimson"), encoding="utf-8")
    answer = videos.ask(told, SAID)
    assert "crimson" in answer.text
    assert "no picture was looked at" in str(answer.coverage)


def test_a_film_that_was_moved_is_known_by_its_words(told: Path, every: Settings, tmp_path: Path) -> None:
    with open_library(tmp_path / "library") as library:
        known = words_of(told, library, every)
        other = tmp_path / "elsewhere.mp4"
        shutil.move(told, other)
        shutil.move(told.with_suffix(".srt"), other.with_suffix(".srt"))
        assert words_of(other, library, every) == known
        assert len(library.videos()) == 1


def test_a_short_film_and_one_that_was_read_are_left_alone(
    told: Path, every: Settings, tmp_path: Path
) -> None:
    with open_library(tmp_path / "library") as library:
        assert index_words(told, library, settings=every.index, least_seconds=60.0) is None
        assert library.videos() == ()
        index_video(told, library, settings=every.index)
        assert words_of(told, library, every) is None


def test_words_are_a_speed_to_read_a_library_at(told: Path, every: Settings, tmp_path: Path) -> None:
    with VideoQA(tmp_path / "library", settings=every, speed="words") as videos:
        assert videos.index(told).num_observations == len(CUES)
        assert not videos.index(told).num_sights
        assert videos.search("boathouse")
        assert videos.ask(told, UNSAID).coverage.scenes_seen == 0


def test_who_answers_by_name_is_not_opened_before_the_video_is_read(
    told: Path, every: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []

    def opened(*_: object) -> BuiltinAnswerer:
        order.append("model")
        return BuiltinAnswerer()

    monkeypatch.setattr("video_vlm.library.opened_models.open_model", opened)
    named = replace(every, ask=replace(every.ask, model="hf:someone"))
    with VideoQA(
        tmp_path / "library", settings=named, progress=lambda event: order.append(event.stage)
    ) as videos:
        videos.ask(told, SAID)
        assert videos.memory(told).nodes(Level.FRAME)
    assert order.index("model") > order.index("index")


def test_a_library_made_anew_at_the_same_place_is_cut_anew(
    told: Path, every: Settings, tmp_path: Path
) -> None:
    answers = []
    for colour in ("green", "crimson"):
        file = told.with_suffix(".srt")
        file.write_text(file.read_text(encoding="utf-8").replace("green", colour), encoding="utf-8")
        with VideoQA(tmp_path / "library", settings=every) as videos:
            videos.index(told)
            answers.append(videos.ask(told, SAID).text)
        shutil.rmtree(tmp_path / "library")
    assert ["green" in answers[0], "crimson" in answers[1]] == [True, True]
