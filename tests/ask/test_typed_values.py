"""Values of a type are cut out whole, and only where they are."""

import pytest

from video_vlm.language.expected_value import expected_value
from video_vlm.language.query import read_query
from video_vlm.language.typed_values import ValueType, find_values, unit_type

T = ValueType


@pytest.mark.parametrize(
    ("kind", "text", "values"),
    [
        (T.NUMBER, "That's sixty-four sheep.", ["sixty-four"]),
        (T.NUMBER, "We had three hundred and twelve a week.", ["three hundred and twelve"]),
        (T.NUMBER, "The middle one was best, and one more thing.", []),
        (T.WEIGHT, "It weighs four hundred and ninety kilos.", ["four hundred and ninety kilos"]),
        (T.WEIGHT, "The shelf is 4.5 kg, the door 12kg.", ["4.5 kg", "12kg"]),
        (T.DURATION, "Wait for three quarters of an hour.", ["three quarters of an hour"]),
        (T.DURATION, "It takes a minute and a half, or 90 seconds.", ["a minute and a half", "90 seconds"]),
        (T.MONEY, "A ticket is nine euros; the book was $3.50.", ["nine euros", "$3.50"]),
        (T.TEMPERATURE, "Bake it at two hundred degrees.", ["two hundred degrees"]),
        (T.AGE, "She turned eighty-one this spring.", ["eighty-one"]),
        (T.AGE, "A boy, twelve years old, came in.", ["twelve years old"]),
        (T.AGE, "It is seven kilometres away.", []),
        (T.FREQUENCY, "Oil it every four weeks, never twice a day.", ["every four weeks", "twice a day"]),
        (T.DATE, "Hand it in by the nineteenth.", ["the nineteenth"]),
        (T.DATE, "We open on Tuesday mornings.", ["Tuesday mornings"]),
        (T.DATE, "It was signed on 3 March 1911.", ["3 March 1911"]),
        (T.YEAR, "It burnt down in nineteen oh seven.", ["nineteen oh seven"]),
        (T.YEAR, "It is fourteen hundred metres deep.", []),
        (T.NAME, "Thank you, Olga. I'm Ruben Haas.", ["Olga", "Ruben Haas"]),
        (T.NAME, "On Friday the door stays shut.", []),
        (T.COLOUR, "The door is dark green.", ["dark green"]),
        (T.ADDRESS, "Write to www.kiln.example or kiln dot org.", ["www.kiln.example", "kiln dot org"]),
    ],
)
def test_a_value_is_cut_out_whole(kind: ValueType, text: str, values: list[str]) -> None:
    assert [value.text for value in find_values(kind, text)] == values


def test_a_value_stands_where_it_says() -> None:
    text = "It took five men and eleven horses."
    assert [text[value.start : value.end] for value in find_values(T.NUMBER, text)] == ["five", "eleven"]
    assert [value.noun for value in find_values(T.NUMBER, text)] == ["men", "horses"]


def test_a_unit_knows_what_it_measures() -> None:
    assert unit_type("minutes") is T.DURATION
    assert unit_type("litres") is T.VOLUME
    assert unit_type("sheep") is None


@pytest.mark.parametrize(
    ("question", "types"),
    [
        ("How long does the paint dry?", (T.DURATION,)),
        ("How many minutes does it boil?", (T.DURATION,)),
        ("How many sheep are there?", (T.NUMBER,)),
        ("By when must the form be handed in?", (T.DATE,)),
        ("How often is it oiled?", (T.FREQUENCY,)),
        ("How old is the ferryman?", (T.AGE,)),
        ("What is the ferry called?", (T.NAME,)),
        ("What does the guide charge?", (T.MONEY, T.NUMBER)),
        ("What is she holding?", ()),
    ],
)
def test_a_question_says_which_type_it_asks_for(question: str, types: tuple[ValueType, ...]) -> None:
    assert expected_value(read_query(question)).types == types
