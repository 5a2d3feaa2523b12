"""A question for a name is answered by the line that gives it to the very thing that is asked for."""

from __future__ import annotations

import pytest

from tests.ask.spoken_film import SpokenFilm, row, said
from video_vlm.models.builtin import BuiltinAnswerer
from video_vlm.records import Answer, Status

NOISE = ("The farmer kept six mules.", "Our raft is called the Swallow.", "Every mule eats hay in Tirna.")


def answer(question: str, *lines: str) -> Answer:
    film = SpokenFilm(*(said(8 * place, 8 * place + 6, line) for place, line in enumerate((*NOISE, *lines))))
    return BuiltinAnswerer().answer(question, film)


@pytest.mark.parametrize(
    "line",
    [
        "One mule was named Clover.",
        "A mule called Clover pulled the cart.",
        "They named the mule Clover.",
        "We call our mule Clover.",
        "The mule's name is Clover.",
        "The name of the mule was Clover.",
        "The mule we always called Clover is old.",
        "The old mule, Clover, is tired.",
        "Clover the mule is tired.",
        "Clover, our first mule, is tired.",
        "Clover was the mule of the mill.",
        "The mule goes by the name of Clover.",
    ],
)
@pytest.mark.parametrize(
    "question",
    [
        "What is the mule called?",
        "What's the mule's name?",
        "whats the mules name",
        "What is the name of the mule?",
        "What do they call the mule?",
        "By what name is the mule known?",
        "Tell me the mule's name.",
        "Which name does the mule have?",
    ],
)
def test_a_name_is_told_in_many_ways(question: str, line: str) -> None:
    found = answer(question, line)
    assert found.text.startswith("Clover. At 0:24")
    assert found.citations[0].quote == line


@pytest.mark.parametrize(
    "question",
    [
        "What is the farmer called?",
        "What is the name of the hay?",
        "What is the cart's name?",
        "Who is the farmer?",
    ],
)
def test_the_name_of_something_else_is_no_answer(question: str) -> None:
    assert answer(question, "A mule called Clover pulled the cart.").status is not Status.ANSWERED


@pytest.mark.parametrize(
    "line",
    [
        "Nora Lind was the potter.",
        "The potter is Nora Lind.",
        "Nora Lind, the potter, came.",
        "The potter, Nora Lind, came.",
    ],
)
def test_who_somebody_is_is_told_by_name(line: str) -> None:
    found = answer("Who is the potter?", "The potter likes tea.", line)
    assert found.text.startswith("Nora Lind. At")


def test_a_pronoun_is_named_for_what_was_said_before() -> None:
    assert answer("What is the dog called?", "Here comes the dog.", "His name is Rolf.").text.startswith(
        "Rolf. At"
    )


def test_a_pronoun_is_named_in_the_next_sentence() -> None:
    assert answer("What is the dog called?", "Here comes the dog. They call him Rolf.").text.startswith(
        "Rolf. At"
    )


def test_captions_without_capitals_name_too() -> None:
    film = SpokenFilm(
        said(0, 4, "the farmer kept six mules"), said(8, 12, "one mule was called clover and it was old")
    )
    assert BuiltinAnswerer().answer("What is the mule called?", film).text.startswith("Clover. At 0:08")


def test_a_label_names() -> None:
    film = SpokenFilm(said(0, 4, "The potter likes tea."), row(5, 9, "Potter: Nora Lind"))
    assert BuiltinAnswerer().answer("whats the potters name", film).text.startswith("Nora Lind. At")


def test_whose_mule_it_is_matters() -> None:
    found = answer("What is the baker's mule called?", "A mule called Clover pulled the cart.")
    assert found.status is not Status.ANSWERED


def test_several_are_named_where_several_are_asked_for() -> None:
    found = answer(
        "What are the mules called?", "One mule was named Clover.", "They named another mule Turnip."
    )
    assert [claim.text.split(".")[0] for claim in found.claims] == ["Clover", "Turnip"]


@pytest.mark.parametrize("question", ["Who owns the mill?", "Who bought the mill?"])
def test_a_title_card_of_the_thing_asked_about_names_nobody(question: str) -> None:
    film = SpokenFilm(row(0, 8, "The Silver Mill"), said(10, 14, "It stands by the river."))
    assert BuiltinAnswerer().answer(question, film).claims == ()


def test_a_row_with_a_role_and_a_name_names() -> None:
    film = SpokenFilm(row(0, 8, "Captain Nora Lind"), said(10, 14, "It stands by the river."))
    assert "Nora Lind" in BuiltinAnswerer().answer("Who is the captain?", film).text
