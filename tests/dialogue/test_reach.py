"""Where words of time lead among captions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import pytest

from video_vlm.dialogue.reach import reached
from video_vlm.operators import parse
from video_vlm.protocols import VideoMemory
from video_vlm.records import Observation, ObservationKind, Span

SAID = (
    "a man opens the gate",
    "a dog runs past",
    "a woman waters the roses",
    "a dog sleeps in the sun",
    "a boy rings the bell",
    "a man closes the gate",
    "a dog barks at the boy",
)


class Captions:
    """A memory that holds captions and nothing else."""

    def __init__(self, said: Sequence[str]) -> None:
        self._said = said

    def observations(self, *, kinds: Any = None, span: Any = None) -> Sequence[Observation]:
        return [
            Observation(Span(10.0 * place, 10.0 * place + 10), ObservationKind.CAPTION, text, "model")
            for place, text in enumerate(self._said)
        ]


def led(question: str, said: Sequence[str] = SAID) -> list[str]:
    return [one.text for one in reached(parse(question), cast(VideoMemory, Captions(said)))]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("What happens after the woman waters the roses?", SAID[2:7]),
        ("What happens before the boy rings the bell?", SAID[0:5]),
        ("What happens right before the boy rings the bell?", SAID[2:5]),
        ("What happens between the dog running past and the boy ringing the bell?", SAID[1:5]),
        ("What does the woman do while she waters the roses?", SAID[2:3]),
        ("What happens first?", SAID[:4]),
        ("What happens last?", SAID[-4:]),
        ("What does the dog do first?", (SAID[1], SAID[3], SAID[6])),
        ("How many times does the gate close?", (SAID[5],)),
        ("How often is the dog seen?", (SAID[1], SAID[3], SAID[6])),
    ],
)
def test_words_of_time_lead_beside_to_the_ends_and_to_all(question: str, expected: Sequence[str]) -> None:
    assert led(question) == list(expected)


def test_a_question_without_words_of_time_leads_nowhere() -> None:
    assert led("What colour is the gate?") == []


def test_what_a_question_hinges_on_is_not_taken_for_something_like_it() -> None:
    assert led("What happens after the whale jumps?") == []


def test_where_nothing_is_captioned_nothing_is_reached() -> None:
    assert led("What happens after the woman waters the roses?", ()) == []


def test_the_very_words_go_before_words_alike() -> None:
    said = ("the lamp goes out", "the red lamp goes out slowly", "a cat comes", "the lamp is red", "a bird sings")
    assert led("What happens right after the red lamp goes out?", said) == list(said[1:4])
