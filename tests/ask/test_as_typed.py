"""Questions as people type them: forms of words, each asked of a film drawn for it."""

from __future__ import annotations

import random

import pytest

from tests.ask.spoken_film import SpokenFilm, said
from video_vlm.models.builtin import BuiltinAnswerer
from video_vlm.models.builtin.two_questions import split_question
from video_vlm.records import Answer, Status

THINGS = ("the lantern", "the orchard", "the printing press", "the lighthouse", "the tannery", "the viaduct")
SAYS = "{} was finished in {}, and that is why {} came to see it."
VISITORS = ("the bishop", "a painter", "the minister", "two pilots", "a tailor", "the orchestra")


def drawn(seed: int) -> tuple[SpokenFilm, list[str]]:
    """A film of two minutes: six things are told of, ten seconds each, in an order of their own."""
    chance = random.Random(seed)
    things = chance.sample(THINGS, len(THINGS))
    lines = [
        SAYS.format(thing.capitalize(), chance.randrange(1801, 1950), chance.choice(VISITORS))
        for thing in things
    ]
    cues = [said(20.0 * place + 2, 20.0 * place + 12, line) for place, line in enumerate(lines)]
    return SpokenFilm(*cues, seconds=125.0), things


def ask(film: SpokenFilm, question: str) -> Answer:
    return BuiltinAnswerer().answer(question, film)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(
    "form",
    [
        "What is said {} seconds in?",
        "what do they say at the {} second mark",
        "what is said around the {}-second mark?",
        "What is said {} seconds into the film?",
        "What is being said at {} seconds?",
    ],
)
def test_seconds_are_told_in_many_ways(seed: int, form: str) -> None:
    film, things = drawn(seed)
    place = random.Random(seed + 50).randrange(len(things))
    answer = ask(film, form.format(20 * place + 6))
    assert answer.status is Status.ANSWERED
    assert things[place].removeprefix("the ") in answer.text
    assert [cite.span.start for cite in answer.citations] == [20.0 * place + 2]


@pytest.mark.parametrize("minutes", [3, 12, 90])
def test_a_time_after_the_end_is_told(minutes: int) -> None:
    answer = ask(drawn(0)[0], f"What is said at {minutes}:00?")
    assert answer.status is Status.NOT_SHOWN
    assert "after the end of the video, which lasts 2:05" in answer.text


@pytest.mark.parametrize(
    "form",
    [
        "transcript",
        "Show me the full transcript please",
        "List everything that is said",
        "everything they say",
    ],
)
def test_all_that_is_said(form: str) -> None:
    film, things = drawn(1)
    answer = ask(film, form)
    assert [
        thing.removeprefix("the ") in claim.text for thing, claim in zip(things, answer.claims, strict=True)
    ] == [True] * len(things)


def test_a_transcript_is_whole() -> None:
    cues = (said(3.0 * place, 3.0 * place + 2, f"Line {place} of it.") for place in range(200))
    assert len(ask(SpokenFilm(*cues, seconds=600.0), "transcript").claims) == 200


@pytest.mark.parametrize("form", ["how many subtitles are there", "What is the number of captions?"])
def test_subtitles_are_counted(form: str) -> None:
    assert "6 subtitles in film.srt" in ask(drawn(2)[0], form).text


def test_the_language_of_subtitles() -> None:
    assert ask(drawn(2)[0], "which language are the subtitles in?").text.startswith("English")
    spoken = ask(drawn(2)[0], "What language is spoken in the film?")
    assert spoken.text.startswith("English")
    learned = ask(drawn(2)[0], "Which language is the bishop learning in the film?")
    assert learned.status is not Status.ANSWERED
    german = SpokenFilm(said(1, 5, "Der Turm wurde im Winter gebaut."), said(6, 9, "Niemand weiß, von wem."))
    assert ask(german, "what language is spoken").text.startswith("Not English")


@pytest.mark.parametrize("seed", range(6))
def test_how_long_something_is_talked_of(seed: int) -> None:
    film, things = drawn(seed)
    place = random.Random(seed + 9).randrange(len(things))
    answer = ask(film, f"how long is the part about {things[place]}")
    assert answer.status is Status.ANSWERED
    assert "10 seconds" in answer.text
    assert [cite.span.start for cite in answer.citations] == [20.0 * place + 2]


@pytest.mark.parametrize("seed", range(6))
def test_two_questions_in_one_have_two_answers(seed: int) -> None:
    film, things = drawn(seed)
    first, second = random.Random(seed + 3).sample(range(len(things)), 2)
    answer = ask(film, f"when does she mention {things[first]} and when does she mention {things[second]}?")
    assert {cite.span.start for cite in answer.citations} == {20.0 * first + 2, 20.0 * second + 2}


@pytest.mark.parametrize(
    ("question", "parts"),
    [
        ("Who built the mill and when was it sold?", None),
        ("What happened to the roof and why?", None),
        ("What is said between the storm and when the boat sinks?", None),
        ("Who says “where and when did this happen”?", None),
        ("Where is the key? And who has the map?", ("Where is the key?", "who has the map?")),
        ("how much is the boat, and who sells the sails", ("how much is the boat?", "who sells the sails?")),
    ],
)
def test_what_hangs_together_is_not_split(question: str, parts: tuple[str, str] | None) -> None:
    assert split_question(question) == parts


@pytest.mark.parametrize(
    ("question", "is_english"),
    [
        ("Wer hat den Leuchtturm damals gestrichen?", False),
        ("¿Quién construyó la torre vieja?", False),
        ("Pourquoi les pêcheurs sont-ils partis hier soir ?", False),
        ("Who repainted the clocktower in Vysoká nad Labem?", True),
        ("why was the ferry delayed yesterday", True),
    ],
)
def test_a_question_in_another_language_is_told_so(question: str, is_english: bool) -> None:
    answer = ask(drawn(4)[0], question)
    assert answer.status is not Status.ANSWERED
    assert (answer.advice is None) == is_english
