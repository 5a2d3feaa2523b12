"""Where words of time lead among captions."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from video_vlm.agent.caption_windows import CaptionWindows, caption_windows
from video_vlm.agent.shown_evidence import ShownItem
from video_vlm.language.operator_parser import parse
from video_vlm.records import ObservationKind, Span

SAID = (
    "a man opens the gate",
    "a dog runs past",
    "a woman waters the roses",
    "a dog sleeps in the sun",
    "a boy rings the bell",
    "a man closes the gate",
    "a dog barks at the boy",
)


HINGE = "What the question hinges on"


def groups(question: str, said: Sequence[str] = SAID) -> tuple[CaptionWindows, ...]:
    captions = [
        ShownItem(Span(10.0 * place, 10.0 * place + 10), text, ObservationKind.CAPTION)
        for place, text in enumerate(said)
    ]
    return caption_windows(parse(question), captions)


def led(question: str, said: Sequence[str] = SAID) -> list[str]:
    return [one.text for group in groups(question, said) for one in group.captions]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("What happens after the woman waters the roses?", SAID[2:7]),
        ("What happens before the boy rings the bell?", SAID[4::-1]),
        ("What happens right before the boy rings the bell?", SAID[4:1:-1]),
        ("What happens between the dog running past and the boy ringing the bell?", SAID[1:5]),
        ("What does the woman do while she waters the roses?", SAID[2:3]),
        ("What happens first?", SAID[:4]),
        ("What happens last?", SAID[:2:-1]),
        ("What does the dog do first?", (SAID[1], SAID[3], SAID[6])),
        ("What does the dog do last?", (SAID[6], SAID[3], SAID[1])),
        ("How many times does the gate close?", (SAID[5],)),
        ("How often is the dog seen?", (SAID[1], SAID[3], SAID[6])),
    ],
)
def test_words_of_time_lead_to_captions_in_the_order_in_which_they_answer(
    question: str, expected: Sequence[str]
) -> None:
    assert led(question) == list(expected)


def test_what_a_question_hinges_on_is_told_from_what_comes_beside_it() -> None:
    hinge, after = groups("What happens right after the woman waters the roses?")
    assert (hinge.what, [one.text for one in hinge.captions]) == (HINGE, [SAID[2]])
    assert (after.what, [one.text for one in after.captions]) == (
        "What comes after that, the nearest first",
        [SAID[3], SAID[4]],
    )


def test_where_it_happens_twice_each_time_is_followed_by_what_comes_then() -> None:
    said = ("a bell rings", "a dog barks", "a cat sleeps", "a bell rings", "a bird sings", "a man waves")
    found = groups("What happens right after a bell rings?", said)
    assert [one.what for one in found if one.what == HINGE] == [HINGE, HINGE]
    assert [[one.text for one in group.captions] for group in found] == [
        [said[0]],
        list(said[1:3]),
        [said[3]],
        list(said[4:6]),
    ]


def test_nothing_comes_after_the_last() -> None:
    (hinge,) = groups("What happens after the dog barks at the boy?")
    assert hinge.what == HINGE


def test_only_what_is_counted_is_counted() -> None:
    (counted,) = groups("How often is the dog seen?")
    assert counted.counted
    assert not any(one.counted for one in groups("What does the dog do first?"))


def test_a_question_without_words_of_time_leads_nowhere() -> None:
    assert led("What colour is the gate?") == []


def test_what_a_question_hinges_on_is_not_taken_for_something_like_it() -> None:
    assert led("What happens after the whale jumps?") == []


def test_where_nothing_is_captioned_nothing_is_reached() -> None:
    assert led("What happens after the woman waters the roses?", ()) == []


def test_the_very_words_go_before_words_alike() -> None:
    said = (
        "the lamp goes out",
        "the red lamp goes out slowly",
        "a cat comes",
        "the lamp is red",
        "a bird sings",
    )
    assert led("What happens right after the red lamp goes out?", said) == list(said[1:4])
