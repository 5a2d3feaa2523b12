"""Uniform sampling, and the registry of samplers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import video_vlm.samplers
from video_vlm.errors import UnknownName
from video_vlm.records import Span
from video_vlm.samplers import SAMPLERS, uniform


def test_times_are_the_centres_of_equal_stretches() -> None:
    assert [sample.pts_seconds for sample in uniform(Span(0.0, 10.0), num_frames=4)] == [1.25, 3.75, 6.25, 8.75]


@given(st.floats(-1e4, 1e4), st.floats(1e-2, 1e5), st.integers(1, 300))
def test_there_are_exactly_as_many_distinct_times_as_asked_for(start: float, length: float, num_frames: int) -> None:
    span = Span(start, start + length)
    times = [sample.pts_seconds for sample in uniform(span, num_frames=num_frames)]
    assert len(set(times)) == num_frames
    assert times == sorted(times)
    assert all(span.contains(time) for time in times)


def test_an_instant_has_one_time() -> None:
    assert [sample.pts_seconds for sample in uniform(Span(3.0, 3.0), num_frames=8)] == [3.0]


def test_no_frames_is_not_a_budget() -> None:
    with pytest.raises(ValueError, match="got 0"):
        uniform(Span(0.0, 1.0), num_frames=0)


def test_every_sample_says_why_it_was_taken() -> None:
    assert all(sample.reason for sample in uniform(Span(0.0, 1.0), num_frames=3))


def test_samplers_are_found_by_name() -> None:
    assert SAMPLERS["uniform"] is uniform
    with pytest.raises(UnknownName, match="Did you mean 'uniform'"):
        SAMPLERS["unifrom"]


def test_the_public_names_are_these() -> None:
    assert video_vlm.samplers.__all__ == ["SAMPLERS", "uniform"]
