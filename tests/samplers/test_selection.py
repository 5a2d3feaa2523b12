"""Spending a budget: the widest gaps first, no picture twice."""

from __future__ import annotations

import numpy as np
import pytest

from video_vlm.records import Span
from video_vlm.samplers.frame_selection import FrameSelection
from video_vlm.samplers.frame_times import FrameTimes


def times(selection: FrameSelection) -> list[float]:
    return [one.pts_seconds for one in selection.plan()]


def minute(frame_budget: int) -> FrameSelection:
    return FrameSelection(FrameTimes(Span(0.0, 100.0), times=np.arange(100.0)), frame_budget)


def test_gaps_are_covered_so_that_the_widest_is_as_small_as_can_be() -> None:
    selection = minute(4)
    selection.take(50.0, reason="asked for")
    assert times(selection) == [17, 33, 50, 75]


def test_a_picture_is_taken_once() -> None:
    selection = minute(10)
    assert selection.take(7.2, reason="one")
    assert not selection.take(6.9, reason="the same picture")
    assert selection.num_left == 9


def test_covering_a_stretch_stays_inside_it() -> None:
    selection = minute(3)
    assert selection.cover(3, reason="there", within=Span(40.0, 50.0)) == 3
    assert all(40 <= one < 50 for one in times(selection))


def test_a_stretch_gives_no_more_pictures_than_it_has() -> None:
    selection = minute(30)
    assert selection.cover(30, reason="there", within=Span(40.0, 45.0)) == 5


def test_a_preferred_time_is_taken_where_it_is_near() -> None:
    selection = minute(1)
    selection.cover(1, reason="near the best", prefer=lambda seconds, reach: seconds + reach)
    assert times(selection) == [62]


def test_steady_pictures_are_asked_for_in_the_middle_of_their_turn() -> None:
    frames = FrameTimes(Span(0.0, 1.0), step_seconds=0.25)
    assert [frames.seconds(index) for index in range(len(frames))] == [0.125, 0.375, 0.625, 0.875]
    assert frames.nearest(0.3) == 1
    assert frames.inside(Span(0.2, 0.7)) == (1, 3)


@pytest.mark.parametrize("times_given", [[], [2.0, 1.0], [0.0, 11.0]])
def test_impossible_times_of_pictures_are_refused(times_given: list[float]) -> None:
    with pytest.raises(ValueError, match="times of pictures"):
        FrameTimes(Span(0.0, 10.0), times=np.array(times_given))
