"""Several rankings made one: who votes, and no moment over and over."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from video_vlm.memory import Library, Ranking, open_library
from video_vlm.memory.fusion import apart, fuse
from video_vlm.records import Span

if TYPE_CHECKING:
    from tests.memory.conftest import CharacterGrams, Film

RANKINGS = {"words": ["a", "b", "c", "d"], "meaning": ["e", "b", "f"]}


def test_the_weak_end_of_a_list_keeps_its_order_and_does_not_vote() -> None:
    votes = {"words": [1, 0, 0, 0]}
    assert fuse(RANKINGS)[0].item == "b"
    assert [one.item for one in fuse(RANKINGS, votes=votes)] == ["a", "e", "b", "f", "c", "d"]
    assert [one.item for one in fuse({"words": ["a", "b", "c"]}, votes=votes)] == ["a", "b", "c"]


def test_a_vote_counts_for_what_it_is_worth() -> None:
    rankings = {"words": ["a", "b"], "meaning": ["c", "b"]}
    assert fuse(rankings, votes={"words": [1, 0.5]})[0].item == "b"
    assert fuse(rankings, votes={"words": [1, 0.02]})[0].item == "a"


def test_a_moment_is_told_before_it_is_told_again() -> None:
    moments = {item: ("film", Span(0, 5)) for item in "abc"} | {
        "d": ("film", Span(9, 12)),
        "e": ("other", Span(0, 5)),
    }
    fused = fuse({"words": ["a", "b", "c", "d", "e"]})

    assert [one.item for one in apart(fused, moments, limit=5)] == ["a", "d", "e", "b", "c"]
    assert [one.item for one in apart(fused, moments, limit=2)] == ["a", "d"]


def test_a_passage_inside_a_longer_one_is_a_moment_of_its_own() -> None:
    moments = {"scene": ("film", Span(0, 30)), "line": ("film", Span(3, 6)), "later": ("film", Span(50, 52))}

    assert [one.item for one in apart(fuse({"words": list(moments)}), moments, limit=3)] == list(moments)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=12))
def test_apart_loses_nothing_and_adds_nothing(times: list[tuple[int, int]]) -> None:
    moments = {place: ("film", Span(min(pair), max(pair))) for place, pair in enumerate(times)}
    fused = fuse({"words": list(moments)})
    told = apart(fused, moments, limit=len(times) or 1)

    assert sorted(one.item for one in told) == sorted(moments)
    assert [one.score for one in told] == sorted((one.score for one in told), reverse=True)


def test_a_common_word_alone_does_not_outvote_meaning(
    tmp_path: Path, film: Film, encoder: CharacterGrams
) -> None:
    lines = (
        *(f"The guard walks past door {number}." for number in range(8)),
        "An architect draws the guard a plan.",
    )
    with open_library(tmp_path, encoder=encoder) as library:
        replace(film, lines=lines).write(library)
        best = library.search("Who is the architect of the guard?")[0]

    assert best.text == lines[-1]


def test_a_search_may_be_told_which_lists_count(tmp_path: Path, film: Film, encoder: CharacterGrams) -> None:
    with open_library(tmp_path, encoder=encoder) as library:
        film.write(library)
        by_words = library.search("alarm", ranking=Ranking(lists=frozenset({"words"})))
        by_meaning = library.search("alarm", ranking=Ranking(lists=frozenset({"meaning"})))

    assert {one.found_by for one in by_words} == {("words",)}
    assert {one.found_by for one in by_meaning} == {("meaning",)}


def test_the_rows_of_one_moment_come_behind_other_moments(library: Library, film: Film) -> None:
    film.write(library)
    mixed = [one.span for one in library.search("green red guard", limit=20)]
    plain = [one.span for one in library.search("green red guard", limit=20, ranking=Ranking(diverse=False))]

    assert sorted(mixed) == sorted(plain)
    firsts = mixed[: len(set(mixed))]
    assert len(set(firsts)) == len(firsts)
