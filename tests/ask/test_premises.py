"""A question takes something for granted: what no line tells of is not answered with the time of something
else."""

from __future__ import annotations

import pytest

from tests.ask.spoken_film import SpokenFilm, chapter, row, said
from tests.ask.told_films import draw_film, is_right
from video_vlm.language.passages import read_passages
from video_vlm.language.spelling import spelled
from video_vlm.language.verbs import deeds
from video_vlm.models.builtin import BuiltinAnswerer
from video_vlm.records import Answer, Status


def answer(question: str, *lines: str) -> Answer:
    film = SpokenFilm(*(said(8 * place, 8 * place + 6, line) for place, line in enumerate(lines)))
    return BuiltinAnswerer().answer(question, film)


@pytest.mark.parametrize("seed", range(24))
def test_a_drawn_film_answers_what_it_tells_and_nothing_else(seed: int) -> None:
    told = draw_film(seed)
    reader, film = BuiltinAnswerer(), told.film()
    answers = [(asked, reader.answer(asked.text, film)) for asked in told.questions]
    assert [(asked.text, found.text) for asked, found in answers if not is_right(asked, found)] == []


@pytest.mark.parametrize(
    ("text", "verbs"),
    [
        ("When was the raft burnt?", ("burnt",)),
        ("When does the guard of the tower milk the cows?", ("milk",)),
        ("When does the night watchman ring the bell?", ("ring",)),
        ("Who stole the old painted door?", ("stole",)),
        ("How many cows were never milked by the farmer?", ("milked",)),
        ("when did they decide to leave", ("decide",)),
        ("the bell rings", ("rings",)),
        ("When is the raft mentioned?", ()),
        ("When does she talk about the raft?", ()),
        ("When does the meeting take place?", ()),
        ("When does the chapter Tea on land start?", ("start",)),
        ("When is the building shown?", ()),
        ("the trick with the hats", ()),
    ],
)
def test_the_verbs_of_a_question_are_its_deeds(text: str, verbs: tuple[str, ...]) -> None:
    assert deeds(text) == verbs


@pytest.mark.parametrize(
    ("question", "line"),
    [
        ("When was the mill opened?", "The opening of the mill was in May."),
        ("When did the king abolish the tax?", "The abolition of the tax came as the king was old."),
        ("When did the boiler explode?", "An explosion tore the boiler."),
        ("When was the mill constructed?", "They built the mill on a Sunday."),
        ("When does he weave the rug?", "He wove the rug at night."),
        ("When did the duke marry?", "The wedding of the duke was loud."),
        ("When were three rafts burnt?", "They burned 3 rafts in the dark."),
    ],
)
def test_a_deed_is_told_in_any_form_of_its_word(question: str, line: str) -> None:
    found = answer(question, "It is a fine day.", line)
    assert found.status is Status.ANSWERED
    assert line in found.text


@pytest.mark.parametrize(
    ("question", "lines"),
    [
        ("When was the tower painted?", ["The painter lived in the tower."]),
        ("When was the tower painted?", ["The tower is tall.", "They say the barn was painted in May."]),
        ("When did he sell the raft?", ["The raft is old.", "He sold the farm in May."]),
        ("When was the raft painted blue?", ["The raft was painted red in May."]),
        ("Who burnt the raft?", ["The farmer built the raft."]),
        ("How many cows were sold?", ["The farmer kept six cows."]),
        ("Why was the raft burnt?", ["The raft was small, because wood was dear."]),
        ("Where was the raft burnt?", ["The raft lay in Tirna for years."]),
        ("In which year was the raft burnt?", ["The raft was built in 1911."]),
        ("When was the raft painted?", ["The raft is old. The barn was painted in May."]),
        ("show me where the farmer sells the cows", ["The farmer kept six cows."]),
    ],
)
def test_another_deed_of_the_same_thing_is_no_answer(question: str, lines: list[str]) -> None:
    found = answer(question, *lines)
    assert (found.status is Status.ANSWERED, found.claims) == (False, ())
    assert found.nearest


def test_a_pronoun_stands_for_what_was_said_before_it() -> None:
    lines = ("The raft lay by the shore.", "In May it was finally burnt.")
    assert lines[1] in answer("When was the raft burnt?", *lines).text


def test_a_pronoun_stands_for_what_the_sentence_before_it_names() -> None:
    line = "The barn is old. The raft lay by the shore. In May it was burnt."
    assert line in answer("When was the raft burnt?", line).text
    assert answer("When was the barn burnt?", line, "The end.").status is Status.NOT_SHOWN


def test_what_is_declined_is_named() -> None:
    found = answer("When was the raft burnt?", "The raft was built in 1911.")
    assert found.status is Status.NOT_SHOWN
    assert "says “burnt”" in found.text
    assert [cite.quote for cite in found.nearest] == ["The raft was built in 1911."]


def test_an_anchor_whose_deed_is_told_nowhere_is_no_anchor() -> None:
    lines = ("The raft is old.", "It rains.", "The raft was burnt.", "Then came the summer.")
    assert lines[3] in answer("What is said after the raft was burnt?", *lines).text
    assert answer("What is said after the raft was sold?", *lines).status is not Status.ANSWERED


def test_the_edges_of_a_chapter_need_not_be_told() -> None:
    film = SpokenFilm(chapter(0, 30, "Bread"), chapter(30, 60, "Tea on land"))
    assert "0:30" in BuiltinAnswerer().answer("When does the tea begin?", film).text
    assert "0:30" in BuiltinAnswerer().answer("When does the chapter Tea on land start?", film).text


def test_a_dated_row_without_a_verb_tells_when() -> None:
    film = SpokenFilm(row(0, 9, "1874 | First raft"), row(10, 19, "The raft"))
    assert BuiltinAnswerer().answer("When was the first raft built?", film).text.startswith("1874. At")


@pytest.mark.parametrize("question", ["By when must the form be sent?", "Until when is the mill open?"])
def test_by_when_is_a_question_and_no_anchor(question: str) -> None:
    found = answer(question, "The form must be sent by the tenth of May.", "The mill is open until October.")
    assert found.status is Status.ANSWERED
    assert ("tenth" in found.text) is ("form" in question)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("when was the kitchin opend", "when was the kitchen opened"),
        ("who hoped over the fence", "who hoped over the fence"),
        ("when was Kelvra built", "when was Kelvara built"),
        ("where is the xylofon", "where is the xylofon"),
    ],
)
def test_slips_of_the_keyboard_are_mended_by_the_words_of_the_film(typed: str, meant: str) -> None:
    film = SpokenFilm(said(0, 5, "The kitchen of Kelvara opened."), said(6, 9, "A hare hopped over."))
    assert spelled(typed, read_passages(film)) == meant


def test_tens_are_numbers() -> None:
    assert answer("How many cows did the farmer keep?", "The farmer kept thirty cows.").text.startswith(
        "Thirty. At"
    )


@pytest.mark.parametrize("told", ["green", "grey", "white"])
@pytest.mark.parametrize(
    "question", ["When was the gate painted {}?", "Who painted the gate {}?", "Why was the gate painted {}?"]
)
def test_another_colour_is_not_the_one_that_is_asked_about(question: str, told: str) -> None:
    film = SpokenFilm(
        said(2, 6, f"In 1950 the gate was painted {told} by Anna Brook, because the rust was showing."),
        said(8, 12, "The garden is open from nine to five."),
    )
    answerer = BuiltinAnswerer()
    assert answerer.answer(question.format("red"), film).status is not Status.ANSWERED
    assert answerer.answer(question.format(told), film).status is Status.ANSWERED
