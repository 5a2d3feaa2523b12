"""What holds for every sampler, whatever it is given. Run your own through this file: add it to
``SAMPLERS``."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.samplers.subjects import SCORES, VIDEOS, fast_cut_opening, subject_of
from video_vlm.records import Sample, Shot, Span
from video_vlm.samplers import SAMPLERS, FrameTimes, SamplerInput, TimeMove

BUDGETS = (1, 2, 3, 7, 8, 32, 100, 499, 500)


def keeps_the_contract(samples: Sequence[Sample], subject: SamplerInput, frame_budget: int) -> None:
    times = [one.pts_seconds for one in samples]
    frames = [subject.pictures.nearest(time) for time in times]
    assert len(samples) == min(frame_budget, len(subject.pictures))
    assert all(later > earlier for earlier, later in pairwise(times))
    assert len(set(frames)) == len(frames)
    assert all(subject.span.contains(time) for time in times)
    assert all(np.isfinite(one.score) and one.reason for one in samples)


@pytest.mark.parametrize("scores", SCORES)
@pytest.mark.parametrize("video", VIDEOS)
@pytest.mark.parametrize("name", SAMPLERS)
def test_a_plan_is_exactly_what_the_budget_buys(name: str, video: str, scores: str) -> None:
    for move in (TimeMove.ANYWHERE, *TimeMove) if name == "tiered" else (TimeMove.ANYWHERE,):
        subject = subject_of(VIDEOS[video], SCORES[scores], move=move)
        for frame_budget in BUDGETS:
            keeps_the_contract(SAMPLERS[name](subject, frame_budget=frame_budget), subject, frame_budget)


@st.composite
def _subjects(draw: st.DrawFn) -> SamplerInput:
    start = draw(st.floats(-1e4, 1e5))
    length = draw(st.floats(0.0, 4e4))
    step = draw(st.sampled_from([0.01, 0.04, 1 / 29.97, 1.0, 700.0]))
    count = draw(st.integers(1, 40))
    row = np.array(draw(st.lists(st.floats(width=64), min_size=count, max_size=count)))
    frames = FrameTimes(Span(start, start + length), step_seconds=step)
    cut = Span(start, start + length).middle
    shots = (Shot(Span(start, cut), 0.2), Shot(Span(cut, start + length), draw(st.floats())))
    return (
        subject_of(
            frames, lambda _: row, move=draw(st.sampled_from(TimeMove)), shots=shots, num_candidates=count
        )
        if length > 1e-3
        else SamplerInput(frames)
    )


@settings(max_examples=60)
@given(_subjects(), st.integers(1, 500), st.sampled_from(sorted(SAMPLERS)))
def test_a_plan_is_exactly_what_the_budget_buys_for_anything_that_can_be_made_up(
    subject: SamplerInput, frame_budget: int, name: str
) -> None:
    keeps_the_contract(SAMPLERS[name](subject, frame_budget=frame_budget), subject, frame_budget)


@settings(max_examples=40)
@given(
    st.lists(st.floats(0, 1e4), min_size=1, max_size=80, unique=True).map(sorted),
    st.integers(1, 120),
    st.sampled_from(sorted(SAMPLERS)),
)
def test_known_picture_times_are_used_as_they_are(times: list[float], frame_budget: int, name: str) -> None:
    frames = FrameTimes(Span(times[0], times[-1] + 1.0), times=np.array(times))
    subject = SamplerInput(frames, candidates=np.array(times), scores={"words": np.array(times)})
    samples = SAMPLERS[name](subject, frame_budget=frame_budget)
    keeps_the_contract(samples, subject, frame_budget)
    assert {one.pts_seconds for one in samples} <= set(times)


@pytest.mark.parametrize("name", SAMPLERS)
def test_every_budget_up_to_500_is_kept(name: str) -> None:
    subject = subject_of(VIDEOS["one minute"], move=TimeMove.AFTER)
    for frame_budget in range(1, 501):
        keeps_the_contract(SAMPLERS[name](subject, frame_budget=frame_budget), subject, frame_budget)


@pytest.mark.parametrize("name", SAMPLERS)
def test_the_same_subject_gives_the_same_plan(name: str) -> None:
    plans = [
        SAMPLERS[name](subject_of(VIDEOS["one minute"], move=TimeMove.AFTER), frame_budget=17)
        for _ in range(2)
    ]
    assert plans[0] == plans[1]


@pytest.mark.parametrize("name", SAMPLERS)
def test_a_video_nothing_is_known_of_can_be_sampled(name: str) -> None:
    subject = SamplerInput(FrameTimes(Span(0.0, 100.0)))
    keeps_the_contract(SAMPLERS[name](subject, frame_budget=10), subject, 10)


@pytest.mark.parametrize("frame_budget", [8, 32, 100])
@pytest.mark.parametrize("name", SAMPLERS)
def test_a_fast_cut_opening_does_not_take_what_the_rest_is_owed(name: str, frame_budget: int) -> None:
    subject = fast_cut_opening()
    samples = SAMPLERS[name](subject, frame_budget=frame_budget)
    opening = sum(one.pts_seconds < 0.08 * subject.span.end for one in samples)
    assert opening <= 0.6 * frame_budget
    later = [one.pts_seconds for one in samples if one.pts_seconds >= 0.08 * subject.span.end]
    gaps = np.diff([0.08 * subject.span.end, *later, subject.span.end])
    assert gaps.max() <= 3600 / (0.3 * frame_budget)


@pytest.mark.parametrize("name", SAMPLERS)
def test_no_frames_is_not_a_budget(name: str) -> None:
    with pytest.raises(ValueError, match="got 0"):
        SAMPLERS[name](SamplerInput(FrameTimes(Span(0.0, 1.0))), frame_budget=0)
