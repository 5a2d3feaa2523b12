"""Names, and when they are mentioned."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from video_vlm.memory import Library
from video_vlm.memory.entities import find_entity, list_entities
from video_vlm.records import Observation, ObservationKind, Span

if TYPE_CHECKING:
    from tests.memory.conftest import Film


def said(start: float, text: str, kind: ObservationKind = ObservationKind.SUBTITLE) -> Observation:
    return Observation(Span(start, start + 2), kind, text, "film.srt")


SEEN = [
    said(0, "Then Olive sang, and nobody listened."),
    said(5, "OLIVE OYL", ObservationKind.SCREEN_TEXT),
    said(40, "Olive's hat was drawn by Odile Ferrant in Greenbelt."),
    said(60, "Nobody knew. Suddenly the olives fell."),
    said(80, "mostly Olive", ObservationKind.LOOK),
]


def test_a_name_is_found_however_it_is_written_and_only_as_whole_words() -> None:
    olive = find_entity("olive", SEEN)

    assert [one.span.start for one in olive.mentions] == [0, 5, 40]
    assert olive.timeline == (Span(0, 7), Span(40, 42))
    assert [one.span.start for one in find_entity("odile  FERRANT", SEEN).mentions] == [40]


def test_names_are_listed_and_words_that_begin_a_sentence_are_not() -> None:
    assert [(one.name, len(one.mentions)) for one in list_entities(SEEN)] == [
        ("Olive", 2),
        ("Greenbelt", 1),
        ("Odile Ferrant", 1),
    ]


def test_what_nothing_names_has_no_timeline() -> None:
    assert find_entity("Brutus", SEEN).timeline == ()


@pytest.mark.parametrize("name", ["", "  ", "?!", "(.*)"])
def test_a_name_without_a_word_is_an_error(name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        find_entity(name, SEEN)


def test_a_name_is_no_pattern() -> None:
    assert find_entity("O.ive", SEEN).mentions == ()


def test_the_view_of_a_memory_gives_them(library: Library, film: Film) -> None:
    lines = ("The guard calls Olive Oyl.", "Nobody comes.", "Then Olive Oyl opens the door.")
    replace(film, lines=lines).write(library)
    memory = library.memory("film")

    assert [one.name for one in memory.entities()] == ["Olive Oyl"]
    assert [span.start for span in memory.entity("Olive").timeline] == [2.0, 22.0]
