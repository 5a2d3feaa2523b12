"""Evidence for a question: time is walked, words are looked for, and what stands beside a find follows it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pytest

from tests.ask.spoken_film import SpokenFilm, chapter, row, said
from video_vlm.language.word_forms import stems
from video_vlm.records import Evidence, Observation, ObservationKind, Span
from video_vlm.retrieval import find_evidence


class Searched(SpokenFilm):
    """A film whose search finds what shares most stems with the query, the earliest first among equals."""

    def search(
        self,
        query: str,
        *,
        span: Span | None = None,
        kinds: Iterable[ObservationKind] | None = None,
        limit: int = 10,
    ) -> Sequence[Evidence]:
        wanted = stems(query)
        found = [(len(wanted & stems(one.text)), one) for one in self.observations(kinds=kinds, span=span)]
        ranked = sorted((pair for pair in found if pair[0]), key=lambda pair: (-pair[0], pair[1].span))
        return [
            Evidence(one.span, float(score), "words", one.text, one.kind) for score, one in ranked[:limit]
        ]


LINES: tuple[Observation, ...] = (
    said(5, 8, "The ferry leaves the harbour."),
    said(20, 23, "The lamp goes out."),
    said(26, 29, "A stranger opens the gate."),
    said(32, 35, "He carries a crate away."),
    row(60, 64, "Harbour Street"),
    said(80, 84, "The ferry comes back to the gate."),
    said(150, 154, "In the end a crate of oranges is found."),
)
FILM = Searched(*LINES, seconds=160)


def texts(question: str, **options: bool | int) -> list[str]:
    return [one.text for one in find_evidence(question, FILM, **options)]  # type: ignore[arg-type]


def test_what_comes_after_needs_no_word_of_the_question() -> None:
    assert texts("What happens right after the lamp goes out?")[:2] == [
        "A stranger opens the gate.",
        "He carries a crate away.",
    ]


def test_what_comes_before_is_told_from_the_anchor_backwards() -> None:
    assert texts("What happens directly before the lamp goes out?")[0] == "The ferry leaves the harbour."


def test_words_are_looked_for_where_the_operator_leads() -> None:
    after = texts("What is carried in the crate after the lamp goes out?")
    late = texts("What is said of the crate in the last 20 seconds?")

    assert after[0] == "He carries a crate away."
    assert late == ["In the end a crate of oranges is found."]


def test_without_time_the_question_is_nothing_but_words() -> None:
    assert (
        texts("What is said of the crate in the last 20 seconds?", in_time=False)[0]
        == "He carries a crate away."
    )


def test_what_stands_beside_a_find_follows_it() -> None:
    found = find_evidence("Who is a stranger?", FILM)

    assert found[0].text == "A stranger opens the gate."
    assert {one.text for one in found if one.why == "beside"} == {
        "The lamp goes out.",
        "He carries a crate away.",
    }
    assert texts("Who is a stranger?", expanded=False) == ["A stranger opens the gate."]


def test_an_anchor_that_is_nowhere_leaves_the_words() -> None:
    assert "The ferry leaves the harbour." in texts("Where is the ferry after the volcano erupts?")


def test_nothing_is_told_twice_and_no_more_than_asked_for() -> None:
    found = texts("What happens after the lamp goes out?")

    assert len(found) == len(set(found))
    assert len(texts("What happens after the lamp goes out?", limit=2)) == 2


def test_a_chapter_is_an_anchor() -> None:
    film = Searched(
        chapter(0, 30, "The trick with the cups"),
        row(31, 40, "Terminal"),
        chapter(30, 60, "A table"),
        seconds=60,
    )

    found = [one.text for one in find_evidence("What is shown directly after the trick with the cups?", film)]

    assert set(found[:2]) == {"Terminal", "A table"}


@pytest.mark.parametrize("question", ["", "   ", "?!", "after", "between and"])
def test_a_question_without_words_breaks_nothing(question: str) -> None:
    find_evidence(question, FILM)
