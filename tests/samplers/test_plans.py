"""What each sampler is for."""

from __future__ import annotations

import numpy as np
import pytest

import video_vlm.samplers
from video_vlm.errors import SamplerError, UnknownName
from video_vlm.records import Sample, Shot, Span
from video_vlm.samplers import SAMPLERS, FrameTimes, SamplerInput, TimeAim, TimeMove, plan
from video_vlm.samplers.anchors import find_anchors
from video_vlm.samplers.frame_times import Seconds
from video_vlm.samplers.sampler_input import Scores

HOUR = FrameTimes(Span(0.0, 3600.0))
SECONDS: Seconds = np.arange(3600.0)


def fits(*spans: tuple[int, int], by: float = 1.0) -> Scores:
    scores = np.zeros(3600)
    for start, stop in spans:
        scores[start:stop] = by
    return scores


def planned(name: str, subject: SamplerInput, frame_budget: int) -> list[float]:
    return [one.pts_seconds for one in plan(name, subject, frame_budget=frame_budget)]


def test_an_anchor_is_found_beside_what_stands_out_against_it() -> None:
    channels = {"words": np.array([0.0, 0, 0, 0, 1, 0])}
    [anchor] = find_anchors(channels, np.arange(6.0), end=6.0)
    assert anchor.span.duration_seconds > 0


def num_within(times: list[float], start: float, end: float) -> int:
    return sum(start <= seconds < end for seconds in times)


def test_uniform_takes_the_centres_of_equal_stretches() -> None:
    subject = SamplerInput(FrameTimes(Span(0.0, 10.0), times=np.arange(0, 10, 0.25)))
    assert planned("uniform", subject, 4) == [1.25, 3.75, 6.25, 8.75]


def test_dense_keeps_a_beat_from_the_first_picture_on() -> None:
    subject = SamplerInput(FrameTimes(Span(0.0, 10.0), times=np.arange(0, 10, 0.25)))
    assert planned("dense", subject, 20) == [place / 2 for place in range(20)]
    assert planned("dense", subject, 5) == [0, 2, 4, 6, 8]


def test_codec_keyframes_are_taken_where_there_are_some() -> None:
    subject = SamplerInput(HOUR, keyframes=np.array([100.0, 1000.0, 1010.0, 3000.0]))
    samples = plan("codec-keyframes", subject, frame_budget=4)
    assert [one.reason for one in samples].count("keyframe") == 3
    assert any("no keyframe" in one.reason for one in samples)


def test_a_long_shot_gets_more_than_a_short_one() -> None:
    shots = (Shot(Span(0, 3000), 0.0), Shot(Span(3000, 3600), 0.0))
    times = planned("scene", SamplerInput(HOUR, shots=shots), 6)
    assert num_within(times, 0, 3000) == 5


def test_a_single_picture_of_a_shot_is_its_middle() -> None:
    shots = tuple(Shot(Span(start, start + 1200), 0.0) for start in (0, 1200, 2400))
    assert planned("scene", SamplerInput(HOUR, shots=shots), 3) == pytest.approx([600, 1800, 3000], abs=0.05)


def test_motion_draws_pictures_but_leaves_some_everywhere() -> None:
    motion = np.random.default_rng(0).normal(0, 0.1, 3600)
    motion[1000:1600] += 5
    times = planned("motion", SamplerInput(HOUR, candidates=SECONDS, motion=motion), 60)
    assert num_within(times, 1000, 1600) >= 20
    assert max(np.diff([0, *times, 3600])) < 150


def test_novelty_passes_over_what_stands_still() -> None:
    looks = np.repeat(np.eye(4, dtype=np.float32), 900, axis=0)
    times = planned("novelty", SamplerInput(HOUR, candidates=SECONDS, looks=looks), 4)
    assert times == pytest.approx([0, 900, 1800, 2700], abs=0.05)


def test_slow_change_adds_up_to_something_new() -> None:
    turn = np.linspace(0, np.pi / 2, 3600)
    looks = np.stack([np.cos(turn), np.sin(turn)], axis=1).astype(np.float32)
    samples = plan("novelty", SamplerInput(HOUR, candidates=SECONDS, looks=looks), frame_budget=6)
    assert sum(one.reason.startswith("new") for one in samples) >= 4


def test_scan_passes_over_no_stretch_and_takes_the_best_of_each() -> None:
    times = planned(
        "scan", SamplerInput(HOUR, candidates=SECONDS, scores={"words": fits((130, 133), (3400, 3403))}), 12
    )
    assert [int(seconds // 300) for seconds in times] == list(range(12))
    assert num_within(times, 130, 133) == num_within(times, 3400, 3403) == 1


def test_a_small_budget_visits_every_peak_before_it_bursts() -> None:
    scores = {"words": fits((500, 510), (1500, 1510), (2500, 2510))}
    times = planned("tiered", SamplerInput(HOUR, candidates=SECONDS, scores=scores), 5)
    assert [num_within(times, start - 1, start + 11) for start in (500, 1500, 2500)] == [1, 1, 1]


def test_where_nothing_stands_out_everything_is_covered() -> None:
    noise = np.random.default_rng(0).normal(size=3600)
    times = planned("tiered", SamplerInput(HOUR, candidates=SECONDS, scores={"visual": noise}), 30)
    assert max(np.diff([0, *times, 3600])) < 3600 / 15


@pytest.mark.parametrize("frame_budget", [1, 2, 8, 32, 100])
def test_what_happens_after_x_gets_at_least_half_of_the_budget_behind_x(frame_budget: int) -> None:
    anchor = {"words": fits((1000, 1020))}
    subject = SamplerInput(HOUR, candidates=SECONDS, scores=anchor, aim=TimeAim(TimeMove.AFTER, (anchor,)))
    assert num_within(planned("tiered", subject, frame_budget), 1020, 1095.01) >= frame_budget / 2


def test_three_places_are_held_possible_and_named() -> None:
    anchor = {"words": fits((500, 520), (1500, 1520), (2500, 2520))}
    subject = SamplerInput(HOUR, candidates=SECONDS, scores=anchor, aim=TimeAim(TimeMove.AFTER, (anchor,)))
    samples = plan("tiered", subject, frame_budget=30)
    led = [one for one in samples if one.reason.startswith("after the anchor")]
    assert len(led) == 18
    assert len({one.reason for one in led}) == 3


@pytest.mark.parametrize(
    ("aim", "start", "end"),
    [
        (TimeAim(TimeMove.BEFORE, ({"words": fits((1000, 1020))},)), 925, 1000),
        (TimeAim(TimeMove.DURING, ({"words": fits((1000, 1020))},)), 998, 1022),
        (
            TimeAim(TimeMove.BETWEEN, ({"words": fits((1000, 1020))}, {"words": fits((1300, 1320))})),
            1020,
            1300,
        ),
        (TimeAim(TimeMove.WITHIN, window=Span(60, 120)), 60, 120),
    ],
)
def test_every_move_leads_to_its_own_stretch(aim: TimeAim, start: float, end: float) -> None:
    times = planned("tiered", SamplerInput(HOUR, candidates=SECONDS, aim=aim), 20)
    assert num_within(times, start, end) >= 12


@pytest.mark.parametrize(("move", "start", "end"), [(TimeMove.FIRST, 0, 510), (TimeMove.LAST, 2500, 3600)])
def test_first_and_last_look_beyond_their_peak_too(move: TimeMove, start: float, end: float) -> None:
    scores = {"words": fits((500, 510), (1500, 1510), (2500, 2510))}
    times = planned("tiered", SamplerInput(HOUR, candidates=SECONDS, scores=scores, aim=TimeAim(move)), 20)
    assert num_within(times, start, end) >= 8


def test_an_anchor_at_the_very_end_leaves_nothing_behind_it_to_look_at() -> None:
    anchor = {"words": fits((3590, 3600))}
    subject = SamplerInput(HOUR, candidates=SECONDS, aim=TimeAim(TimeMove.AFTER, (anchor,)))
    assert len(planned("tiered", subject, 8)) == 8


def test_candidates_out_of_order_are_refused() -> None:
    with pytest.raises(ValueError, match="ascending"):
        SamplerInput(HOUR, candidates=np.array([2.0, 1.0]))
    with pytest.raises(ValueError, match="scores of words: 2 rows for 1 candidates"):
        SamplerInput(HOUR, candidates=np.array([2.0]), scores={"words": np.zeros(2)})


def test_samplers_are_found_by_name() -> None:
    with pytest.raises(UnknownName, match="Did you mean 'uniform'"):
        SAMPLERS["unifrom"]


@pytest.mark.parametrize("times", [[1.0], [1.0, 1.0], [1.0, 3600.0]])
def test_a_sampler_of_another_package_is_held_to_the_contract(
    times: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(SAMPLERS._built_in, "broken", lambda _, frame_budget: [Sample(one) for one in times])
    with pytest.raises(SamplerError, match="broke its contract"):
        plan("broken", SamplerInput(HOUR), frame_budget=2)


def test_the_public_names_are_these() -> None:
    assert video_vlm.samplers.__all__ == [
        "SAMPLERS",
        "FrameTimes",
        "SamplerInput",
        "TimeAim",
        "TimeMove",
        "plan",
    ]
