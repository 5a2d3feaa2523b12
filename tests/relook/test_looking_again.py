"""Going back to the pixels: how much is decoded, what is told of it, and that it never makes an answer
worse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.ask.spoken_film import SpokenFilm, row
from video_vlm import AskSettings, IndexSettings, Settings, VideoQA
from video_vlm.media import open_video
from video_vlm.models.builtin import BuiltinAnswerer
from video_vlm.protocols import Look, VideoMemory
from video_vlm.records import (
    Answer,
    Citation,
    Claim,
    Level,
    Node,
    Observation,
    ObservationKind,
    Sample,
    Span,
    Status,
)
from video_vlm.relook.frame_fetcher import FrameFetcher
from video_vlm.relook.frame_observers import FrameObservers
from video_vlm.relook.look_plan import LookPlan, plan_look
from video_vlm.relook.overlay import Overlay
from video_vlm.relook.refinement import answer_by_looking, is_worth_a_look
from video_vlm.samplers.budgets import budget_for

NO_TEXT = IndexSettings(observers=("chapters", "subtitles", "look", "motion"))


def answered(confidence: float, *, start: float = 20.0) -> Answer:
    empty = BuiltinAnswerer().answer("What is the phone number of the mill?", SpokenFilm())
    claim = Claim("so it is", (Citation(Span(start, start + 5)),))
    return replace(empty, status=Status.ANSWERED, text="so it is", claims=(claim,), confidence=confidence)


class Scripted:
    """An answerer that gives prepared answers, one after the other, then the last again."""

    name = "scripted"

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.memories: list[VideoMemory] = []

    def answer(self, question: str, memory: VideoMemory, look: Look | None = None) -> Answer:
        self.memories.append(memory)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


FILM = SpokenFilm(seconds=90.0)


def coarse(frames: int) -> LookPlan:
    return plan_look("Who?", FILM, lambda seconds: budget_for(seconds, tokens_per_frame=1, frames=frames))


def look(film: Path, first: Answer, *later: Answer, budget: int = 12) -> tuple[Answer, FrameFetcher]:
    with open_video(film) as reader:
        looker = FrameFetcher(reader, FrameObservers(NO_TEXT), frame_budget=budget, step_seconds=1 / 30)
        model = Scripted(*later)
        return answer_by_looking("Who?", first, FILM, model, looker=looker, plan=coarse(4)), looker


def test_the_budget_is_kept_and_every_look_is_on_the_receipt(sample_film: Path) -> None:
    not_shown = BuiltinAnswerer().answer("What is the phone number of the mill?", FILM)
    answer, looker = look(sample_film, not_shown, not_shown)
    looks = [step for step in answer.receipt.steps if step.action == "look"]
    assert answer.receipt.frames_decoded == looker.num_frames == sum(step.num_frames for step in looks) <= 12
    assert looks[0].detail.startswith(
        "coarse look, dense, 4 frames:" if "dense" in looks[0].detail else "coarse look"
    )
    assert all("frames from" in step.detail for step in looks)


def test_a_close_look_is_at_two_to_four_pictures_a_second(sample_film: Path) -> None:
    answer, looker = look(sample_film, answered(0.55), answered(0.9))
    gaps = np.diff([span.start for span in looker.looked])
    assert (answer.confidence, looker.num_frames) == (0.9, 12)
    assert 0.25 - 1e-3 <= gaps.min() <= gaps.max() <= 0.5 + 1e-3
    assert looker.excluded == [Span(17, 21)]


def test_what_was_looked_at_is_not_looked_at_again(sample_film: Path) -> None:
    _, looker = look(sample_film, answered(0.55), answered(0.55, start=40.0), answered(0.55), budget=40)
    middles = [span.middle for span in looker.excluded]
    assert len(set(middles)) == len(middles)
    assert len(middles) <= 5


def test_a_less_sure_answer_is_not_taken(sample_film: Path) -> None:
    answer, _ = look(sample_film, answered(0.55, start=20), answered(0.5, start=70))
    assert (answer.confidence, answer.citations[0].span.start) == (0.55, 20)


@pytest.mark.parametrize(
    ("answer", "worth"),
    [
        (answered(0.9), False),
        (answered(0.55), True),
        (replace(answered(0.0), status=Status.NEEDS_EYES), False),
    ],
)
def test_only_what_pictures_may_help_is_worth_a_look(answer: Answer, worth: bool) -> None:
    assert is_worth_a_look(answer) is worth


def test_a_row_seen_earlier_in_a_look_begins_earlier() -> None:
    memory = SpokenFilm(row(12, 20, "Total | 412,000"))
    seen = Overlay(memory, [row(10, 10.5, "Total | 412,000")], [Span(10, 10.5)])
    [one] = seen.observations(kinds=[ObservationKind.SCREEN_TEXT])
    assert one.span == Span(10, 20)
    assert [node.span.start for node in seen.nodes(Level.FRAME) if node.provenance == "look"] == [10]
    assert memory.observations()[0].span == Span(12, 20)


def table(*, total_at: float) -> list[Observation]:
    rows = [("City | Rain | Sun", 0.1), ("Arn | 12 | 3", 0.2), ("Bel | 14 | 5", 0.3), ("Cos | 9 | 8", 0.4)]
    total = row(total_at, 30, "Total | 35", top=0.5)
    return [*(row(6, 30, text, top=top) for text, top in rows), total]


class ReadFilm(SpokenFilm):
    """A spoken film whose pictures were read every three seconds."""

    def nodes(self, level: Level, span: Span | None = None) -> Sequence[Node]:
        if level is not Level.FRAME:
            return super().nodes(level, span)
        return [Node(f"f{at}", "0" * 40, level, Span(at, at + 3.0), None) for at in range(0, 30, 3)]


def test_what_is_added_after_a_row_is_what_appears_beside_it() -> None:
    question = "Which line is added after the last row of the cities?"
    found = BuiltinAnswerer().answer(question, ReadFilm(*table(total_at=12), seconds=30))
    assert "Total | 35" in found.text
    assert is_worth_a_look(found)


def test_an_answer_that_was_looked_into_is_surer_and_earlier() -> None:
    memory = ReadFilm(*table(total_at=12), seconds=30)
    looked = [Span(at, at + 0.5) for at in np.arange(9.0, 12.0, 0.5).tolist()]
    seen = Overlay(memory, [row(10, 12, "Total | 35", top=0.5)], looked)
    found = BuiltinAnswerer().answer("What is added after the last row?", seen)
    assert found.citations[0].span.start == 10
    assert not is_worth_a_look(found)


def test_ask_looks_where_nothing_that_was_read_answers(sample_film: Path, tmp_path: Path) -> None:
    settings = Settings(index=NO_TEXT, ask=AskSettings(max_look_frames=6))
    with VideoQA(tmp_path, settings=settings) as videos:
        found = videos.ask(sample_film, "Which phone number is written on the door?")
    assert found.status is Status.NOT_SHOWN
    assert 1 <= found.receipt.frames_decoded <= 6


def test_ask_looks_at_nothing_where_it_may_not(sample_film: Path, tmp_path: Path) -> None:
    settings = Settings(index=NO_TEXT, ask=AskSettings(max_look_frames=0))
    with VideoQA(tmp_path, settings=settings) as videos:
        found = videos.ask(sample_film, "Which phone number is written on the door?")
    assert found.receipt.frames_decoded == 0


def test_a_video_that_is_gone_is_answered_from_memory(sample_film: Path, tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    film.write_bytes(sample_film.read_bytes())
    with VideoQA(tmp_path / "library", settings=Settings(index=NO_TEXT)) as videos:
        videos.index(film)
        film.unlink()
        found = videos.ask("film.mp4", "Which phone number is written on the door?")
    assert found.receipt.frames_decoded == 0
    assert "from memory alone" in found.receipt.steps[-1].detail


def test_a_look_uses_the_times_it_is_given(sample_film: Path) -> None:
    with open_video(sample_film) as reader:
        looker = FrameFetcher(reader, FrameObservers(NO_TEXT), frame_budget=2, step_seconds=1 / 30)
        looker.look_at([Sample(5.0), Sample(50.0), Sample(60.0)], reason="asked for")
        assert [round(span.start) for span in looker.looked] == [5, 50]
        assert looker(Span(0, 1), num_frames=3) == ()
