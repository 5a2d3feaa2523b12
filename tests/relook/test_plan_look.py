"""From a question and a memory to a plan, without decoding anything."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
import pytest

from tests.ask.spoken_film import SpokenFilm, row, said
from video_vlm.errors import UnknownName
from video_vlm.language.operator_parser import parse
from video_vlm.records import Evidence, Observation, ObservationKind, Span
from video_vlm.relook import LookPlan, plan_look
from video_vlm.relook.score_channels import channels_for
from video_vlm.relook.time_aim import aim_of, move_of
from video_vlm.samplers import SAMPLERS, TimeMove
from video_vlm.samplers.budgets import budget_for
from video_vlm.samplers.frame_times import Seconds
from video_vlm.samplers.sampler_input import Scores


class SearchableFilm(SpokenFilm):
    """A spoken film that finds every observation of the kinds asked for, as a search by words with no words
    would."""

    def search(
        self,
        query: str,
        *,
        span: Span | None = None,
        kinds: Iterable[ObservationKind] | None = None,
        limit: int = 10,
    ) -> Sequence[Evidence]:
        found = self.observations(kinds=kinds, span=span)
        return [Evidence(one.span, 1.0, "there", one.text, one.kind) for one in found][:limit]


FILM = SearchableFilm(
    said(100, 104, "The guard falls asleep."),
    said(110, 113, "A lamp goes out on the stairs."),
    row(300, 310, "EMERGENCY EXIT"),
    said(500, 503, "Nobody saw the guard again."),
    Observation(Span(0, 100), ObservationKind.MOTION, "still picture", "motion"),
    Observation(Span(100, 600), ObservationKind.MOTION, "busy motion", "motion"),
    Observation(Span(60, 60), ObservationKind.TRANSITION, "cut", "shots"),
    seconds=600,
)
TIMES: Seconds = np.arange(600.0)


def planned(question: str, frames: int = 20, sampler: str = "auto") -> LookPlan:
    return plan_look(
        question,
        FILM,
        lambda seconds: budget_for(seconds, tokens_per_frame=100, frames=frames),
        sampler=sampler,
    )


@pytest.mark.parametrize(
    ("question", "move"),
    [
        ("What happens after the bell rings?", TimeMove.AFTER),
        ("What was there before the storm?", TimeMove.BEFORE),
        ("What is said between the song and the storm?", TimeMove.BETWEEN),
        ("What is shown while the bell rings?", TimeMove.DURING),
        ("What happens at 12:30?", TimeMove.WITHIN),
        ("Which car comes first?", TimeMove.FIRST),
        ("When is the last time she waves?", TimeMove.LAST),
        ("How often does he laugh?", TimeMove.EVERYWHERE),
        ("Does the door never open?", TimeMove.EVERYWHERE),
        ("How many cups are there?", TimeMove.EVERYWHERE),
        ("Who opens the door?", TimeMove.ANYWHERE),
    ],
)
def test_the_words_of_time_say_where_to_look(question: str, move: TimeMove) -> None:
    assert move_of(parse(question)) is move


def test_right_after_reaches_less_far_and_a_short_film_too() -> None:
    def reach(question: str, seconds: float) -> float:
        return aim_of(parse(question), whole=Span(0, seconds), anchors=()).reach_seconds

    assert reach("What comes after the bell?", 7200) == 75
    assert reach("What comes right after the bell?", 7200) == 30
    assert reach("What comes after the bell?", 100) == 25


def test_a_phrase_is_scored_where_its_words_are() -> None:
    channels = channels_for("the guard falls asleep", FILM, TIMES, question="What happens after it?")
    assert set(channels) == {"speech"}
    assert np.flatnonzero(channels["speech"]).tolist() == [100, 101, 102, 103]


@pytest.mark.parametrize(
    ("question", "channels"),
    [
        ("What does she say about the exit?", set()),
        ("What is written at the exit?", {"screen text"}),
        ("Where is the exit?", {"screen text"}),
    ],
)
def test_a_question_that_means_one_channel_is_not_scored_by_another(
    question: str, channels: set[str]
) -> None:
    assert set(channels_for("the exit", FILM, TIMES, question=question)) == channels


def test_similarity_of_pictures_is_one_more_channel() -> None:
    def tower(text: str, seconds: Seconds) -> Scores:
        return np.where(seconds == 42.0, 1.0, 0.0)

    channels = channels_for("a red kite", FILM, TIMES, question="Where is it?", sight=tower)
    assert channels["sight"].argmax() == 42


def test_what_happens_after_x_is_looked_for_behind_x() -> None:
    plan = planned("What happens after the guard falls asleep?")
    behind = [one for one in plan.samples if 104 <= one.pts_seconds <= 180]
    assert (plan.sampler, plan.move) == ("tiered", TimeMove.AFTER)
    assert len(behind) >= 10
    assert "after the anchor at 1:40" in plan.summary
    assert plan.places[0].start == pytest.approx(104, abs=1.01)


def test_counting_looks_everywhere() -> None:
    plan = planned("How often is the guard mentioned?", frames=6)
    assert plan.sampler == "scan"
    assert [int(one.pts_seconds // 100) for one in plan.samples] == list(range(6))


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_any_sampler_can_be_named(sampler: str) -> None:
    plan = planned("Who is it?", sampler=sampler)
    times = [one.pts_seconds for one in plan.samples]
    assert (plan.sampler, len(times)) == (sampler, 20)
    assert all(later > earlier for earlier, later in pairwise(times))


def test_an_unknown_sampler_is_an_error() -> None:
    with pytest.raises(UnknownName, match="uniform"):
        planned("Who is it?", sampler="unifrom")


def test_cuts_that_are_remembered_are_shots_again() -> None:
    assert [shot.span for shot in planned("Who?").shots] == [Span(0, 60), Span(60, 600)]


def test_motion_that_is_remembered_draws_pictures() -> None:
    still = [one for one in planned("", sampler="motion", frames=60).samples if one.pts_seconds < 100]
    assert len(still) <= 60 * 100 / 600
