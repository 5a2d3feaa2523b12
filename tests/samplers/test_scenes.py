"""Scenes as functions over shots and what they look like."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from video_vlm.records import Image, Shot, Span
from video_vlm.samplers.scene_grouping import (
    GroupedSpan,
    Signature,
    alike,
    divide,
    scenes,
    signature,
    split_at,
)

Blocks = Callable[[int], Image]


def place(number: int) -> Signature:
    """What one of a hundred wholly different places looks like."""
    return np.asarray(np.eye(100)[number], np.float32)


def shots(*lengths: float, opened_by: Literal["hard", "fade"] = "hard") -> list[Shot]:
    edges = np.concatenate([[0.0], np.cumsum(lengths)]).tolist()
    return [Shot(Span(start, end), 0.5, opened_by if start else "start") for start, end in pairwise(edges)]


def parts(*lengths: float, places: Sequence[int] | None = None) -> list[GroupedSpan]:
    looks = range(len(lengths)) if places is None else places
    return [GroupedSpan(shot.span, place(look)) for shot, look in zip(shots(*lengths), looks, strict=True)]


def spans(found: Sequence[GroupedSpan]) -> list[tuple[float, float]]:
    return [(part.span.start, part.span.end) for part in found]


def test_a_signature_knows_the_same_place_again(blocks: Blocks) -> None:
    here = signature(blocks(1))
    moved = signature(np.roll(blocks(1), 4, axis=1))
    assert here.sum() == pytest.approx(1.0)
    assert alike(here, here) == pytest.approx(1.0)
    assert alike(here, moved) > 0.8
    assert alike(here, signature(blocks(2))) < 0.5


@pytest.mark.parametrize("shape", [(1, 1, 3), (2, 900, 3), (64, 64, 3)])
def test_pictures_of_any_size_have_a_signature(shape: tuple[int, int, int]) -> None:
    assert signature(np.zeros(shape, np.uint8)).sum() == pytest.approx(1.0)


def test_a_conversation_filmed_from_two_sides_is_one_scene() -> None:
    talk = [[place(number % 2)] for number in range(6)]
    found = scenes(shots(3, 3, 3, 3, 3, 3, 5, 5), [*talk, [place(5)], [place(6)]])
    assert spans(found) == [(0, 18), (18, 23), (23, 28)]


def test_a_fade_separates_what_looks_the_same() -> None:
    found = scenes(shots(3, 3, opened_by="fade"), [[place(1)], [place(1)]])
    assert spans(found) == [(0, 3), (3, 6)]


def test_a_place_that_is_seen_again_much_later_is_another_scene() -> None:
    found = scenes(shots(3, 60, 3), [[place(1)], [place(2)], [place(1)]])
    assert spans(found) == [(0, 3), (3, 63), (63, 66)]


def test_a_place_that_is_cut_away_from_for_a_moment_is_one_scene() -> None:
    away = [[place(look)] for look in (1, 2, 3, 1, 4)]
    assert spans(scenes(shots(4, 2, 2, 4, 9), away)) == [(0, 12), (12, 21)]


def test_the_end_of_a_shot_is_compared_with_the_beginning_of_the_next() -> None:
    found = scenes(shots(5, 5), [[place(1), place(2), place(3)], [place(3), place(4), place(5)]])
    assert spans(found) == [(0, 10)]


@given(st.lists(st.tuples(st.floats(0.5, 100), st.integers(0, 4)), min_size=1, max_size=30))
def test_scenes_tile_what_the_shots_tile(film: list[tuple[float, int]]) -> None:
    made = shots(*(length for length, _ in film))
    found = scenes(made, [[place(look)] for _, look in film])
    assert [part.span.start for part in found] == [
        made[0].span.start,
        *(part.span.end for part in found[:-1]),
    ]
    assert found[-1].span.end == made[-1].span.end


def test_an_hour_without_cuts_is_divided_at_borders() -> None:
    found = divide(parts(3600.0), borders=np.arange(0, 3600, 30.0).tolist(), max_seconds=300)
    assert spans(found) == [(start, start + 300) for start in range(0, 3600, 300)]


def test_a_long_part_without_a_border_stays_whole() -> None:
    assert spans(divide(parts(3600.0), borders=[], max_seconds=300)) == [(0, 3600)]


def test_parts_are_cut_in_two_where_a_time_lies_inside() -> None:
    assert spans(split_at(parts(10, 10), [4.0, 10.0, 4.0, 25.0])) == [(0, 4), (4, 10), (10, 20)]
