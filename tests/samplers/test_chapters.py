"""Chapters as a function over scenes: few, none too long, none too short, and the same for any number of
scenes."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from video_vlm.records import Span
from video_vlm.samplers.chapter_grouping import chapters, shortest_chapter_seconds
from video_vlm.samplers.scene_grouping import GroupedSpan

HOUR = 3600.0


def parts(*lengths: float, places: Sequence[int] | None = None) -> list[GroupedSpan]:
    edges = np.concatenate([[0.0], np.cumsum(lengths)]).tolist()
    looks = np.eye(100, dtype=np.float32)[
        list(places) if places is not None else np.arange(len(lengths)) % 100
    ]
    return [
        GroupedSpan(Span(start, end), look) for (start, end), look in zip(pairwise(edges), looks, strict=True)
    ]


def film(seconds: float, *, mean_scene_seconds: float, seed: int = 0) -> list[GroupedSpan]:
    """Scenes of random length in random places."""
    chance = np.random.default_rng(seed)
    lengths = np.clip(
        chance.exponential(mean_scene_seconds, round(2 * seconds / mean_scene_seconds)), 1.0, 300.0
    )
    lengths = lengths[: int(np.searchsorted(np.cumsum(lengths), seconds))]
    return parts(*lengths.tolist(), places=chance.integers(0, 20, len(lengths)).tolist())


def test_a_short_video_is_one_chapter() -> None:
    assert chapters(parts(100, 200, 290)) == (Span(0, 590),)


def test_nothing_has_no_chapters() -> None:
    assert chapters([]) == ()


def test_chapters_join_what_looks_alike() -> None:
    found = chapters(parts(*[100.0] * 12, places=[1] * 5 + [2] * 7))
    assert found[0] == Span(0, 500)


def test_a_short_chapter_between_two_full_ones_is_evened_out() -> None:
    found = chapters(parts(*[100.0] * 18, places=[1] * 9 + [2] + [3] * 8))
    assert min(span.duration_seconds for span in found) >= 300


@pytest.mark.parametrize("mean_scene_seconds", [2.0, 20.0, 150.0, 1000.0])
@pytest.mark.parametrize("seed", range(3))
def test_two_hours_have_six_to_twenty_chapters_whatever_the_number_of_scenes(
    mean_scene_seconds: float, seed: int
) -> None:
    assert 6 <= len(chapters(film(2 * HOUR, mean_scene_seconds=mean_scene_seconds, seed=seed))) <= 20


def test_two_hours_of_equal_scenes_that_look_alike_have_no_more() -> None:
    assert 6 <= len(chapters(parts(*[300.0] * 24))) <= 20


def test_ten_hours_have_chapters_by_the_dozen_not_by_the_hundred() -> None:
    assert 40 <= len(chapters(film(10 * HOUR, mean_scene_seconds=20.0))) <= 81


@given(st.lists(st.tuples(st.floats(1, 290), st.integers(0, 3)), min_size=1, max_size=60))
def test_chapters_tile_the_video_and_none_is_too_long(scenes: list[tuple[float, int]]) -> None:
    made = parts(*(length for length, _ in scenes), places=[look for _, look in scenes])
    found = chapters(made)
    assert [span.start for span in found] == [made[0].span.start, *(span.end for span in found[:-1])]
    assert found[-1].end == made[-1].span.end
    assert {span.start for span in found} <= {part.span.start for part in made}
    assert max(span.duration_seconds for span in found) <= 900 + 1e-6


@given(st.lists(st.tuples(st.floats(1, 120), st.integers(0, 3)), min_size=20, max_size=90))
def test_no_chapter_of_short_scenes_is_too_short(scenes: list[tuple[float, int]]) -> None:
    made = parts(*(length for length, _ in scenes), places=[look for _, look in scenes])
    seconds = [span.duration_seconds for span in chapters(made)]
    assert len(seconds) == 1 or min(seconds) >= 300


def test_the_shortest_chapter_grows_with_the_video_up_to_a_limit() -> None:
    assert [shortest_chapter_seconds(hours * HOUR) for hours in (0.5, 2, 10)] == [300, 400, 450]
