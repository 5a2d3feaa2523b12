"""Search: words and meaning, filters first, and no question that breaks it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from video_vlm.memory import Library
from video_vlm.memory.fts_query import match_query, searchable
from video_vlm.memory.fusion import RRF_K, fuse
from video_vlm.records import Evidence, Level, Observation, ObservationKind, Span

if TYPE_CHECKING:
    from tests.memory.conftest import Film

times = st.floats(0, 60).map(lambda seconds: round(seconds * 2) / 2)
spans = st.tuples(times, times).map(lambda pair: Span(*sorted(pair)))


def texts(hits: Iterable[Evidence]) -> list[str]:
    return [hit.text for hit in hits]


def test_words_are_found_by_their_stem_at_their_time(library: Library, film: Film) -> None:
    film.write(library)
    (hit, *_) = library.memory("film").search("Who was carrying an ORANGE?")
    assert (hit.text, hit.span, hit.kind, hit.content_id) == (
        film.lines[3],
        Span(32, 35),
        ObservationKind.SUBTITLE,
        "film",
    )
    assert hit.why == "words #1"


def test_scene_summaries_are_found_too(library: Library, film: Film) -> None:
    film.write(library)
    hit = library.search("scene until 1:00")[0]
    assert (hit.kind, hit.node) == (None, film.upper()[-1].id)


@pytest.mark.parametrize(
    "query",
    [
        'door" OR (',
        "NEAR(door, 3)",
        "words:door",
        "door*",
        "-door",
        "^door",
        "door AND",
        "'; DROP TABLE nodes; --door",
        "{door}",
        "door\x00",
    ],
)
def test_nothing_in_a_question_is_an_operator(library: Library, film: Film, query: str) -> None:
    film.write(library)
    assert film.lines[2] in texts(library.search(query))


@pytest.mark.parametrize("query", ["", "   ", "?!", '"', "\x00", "🙂"])
def test_a_question_without_words_finds_nothing(library: Library, film: Film, query: str) -> None:
    film.write(library)
    assert library.search(query) == ()


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=st.text(max_size=40))
def test_no_question_breaks_the_search(library: Library, film: Film, query: str) -> None:
    film.write(library)
    library.search(query)


def test_an_essay_as_a_question_is_searched_all_the_same(library: Library, film: Film) -> None:
    film.write(library)
    essay = " ".join(["oranges", *(f"word{number}" for number in range(5000))])
    assert texts(library.search(essay)) == [film.lines[3]]


def test_filters_come_before_the_ranking(library: Library, film: Film) -> None:
    crowd = tuple(f"The guard talks about number {number}." for number in range(200))
    film = replace(
        film, lines=(*crowd, "The guard whistles once at long last and in a rather roundabout way.")
    )
    film.write(library)
    late = library.search("guard", span=Span(2000, 2010), limit=3, kinds=[ObservationKind.SUBTITLE])
    assert texts(late) == [film.lines[-1]]
    assert texts(library.search("green guard", kinds=[ObservationKind.LOOK], limit=1)) == ["mostly green"]
    assert library.search("guard", content_ids=[]) == ()
    assert len(library.search("guard", limit=5)) == 5


def test_a_limit_below_one_is_an_error(library: Library) -> None:
    with pytest.raises(ValueError, match="limit"):
        library.search("guard", limit=0)


def test_unspaced_scripts_are_found_by_part_of_a_sentence(library: Library, film: Film) -> None:
    film = replace(film, lines=("保安在桌子旁睡着了", "两个陌生人打开门", "ยามหลับอยู่ที่โต๊ะ"))
    film.write(library)
    assert texts(library.search("陌生人"))[0] == film.lines[1]
    assert texts(library.search("睡着"))[0] == film.lines[0]
    assert texts(library.search("หลับ"))[0] == film.lines[2]
    assert library.verify() == ()


def test_accents_and_apostrophes_do_not_matter(library: Library, film: Film) -> None:
    film = replace(film, lines=("Le café n’est pas ouvert.", "Nothing else."))
    film.write(library)
    assert texts(library.search("cafe"))[0] == film.lines[0]
    assert texts(library.search("n'est"))[0] == film.lines[0]


def test_half_a_surrogate_pair_does_not_stop_a_video(library: Library, film: Film) -> None:
    replace(film, lines=("broken \ud83d text", "fine")).write(library)
    assert library.search("broken")[0].text == "broken ? text"


def test_function_words_count_only_where_there_is_nothing_else() -> None:
    assert match_query("What is the door?") == '"door"'
    assert match_query("who is it") == '"who" OR "is" OR "it"'
    assert match_query("猫が来") == '"猫 が" OR "が 来"'
    assert match_query("?") is None
    assert searchable("保安 guard") == "保 安  guard"
    assert searchable("guard") is None


def test_fusion_adds_reciprocal_ranks() -> None:
    fused = fuse({"words": ["a", "b", "c"], "meaning": ["c", "d"]})
    assert [(one.item, one.ranks) for one in fused] == [
        ("c", {"words": 3, "meaning": 1}),
        ("a", {"words": 1}),
        ("b", {"words": 2}),
        ("d", {"meaning": 2}),
    ]
    assert fused[0].score == pytest.approx(1 / (RRF_K + 3) + 1 / (RRF_K + 1))


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(window=spans)
def test_a_time_filter_finds_exactly_what_overlaps(library: Library, film: Film, window: Span) -> None:
    film.write(library)
    memory = library.memory("film")
    assert memory.observations(span=window) == tuple(
        one for one in memory.observations() if one.span.overlaps(window)
    )
    for level in Level:
        assert memory.nodes(level, window) == tuple(
            node for node in memory.nodes(level) if node.span.overlaps(window)
        )


def test_an_instant_is_found_where_it_lies(library: Library, film: Film) -> None:
    build = film.write(library, until=6)
    flash = Observation(Span(30, 30), ObservationKind.TRANSITION, "a flash", "motion")
    build.finish(film.upper(), {"motion": [flash]}, video=film.video, damage=[])
    memory = library.memory("film")
    kinds = [ObservationKind.TRANSITION]
    assert memory.observations(kinds=kinds, span=Span(30, 31)) == (flash,)
    assert memory.observations(kinds=kinds, span=Span(29, 30)) == ()
    assert memory.observations(kinds=kinds, span=Span(30, 30)) == (flash,)
    assert memory.observations(kinds=[]) == ()
