"""What a model is told, word for word where it decides what is understood."""

from __future__ import annotations

import pytest

from video_vlm.agent.caption_windows import caption_windows
from video_vlm.agent.escape import BEGIN, END
from video_vlm.agent.prompt import plain_opening
from video_vlm.agent.shown_evidence import ShownItem
from video_vlm.chat import Turn
from video_vlm.language.operator_parser import parse
from video_vlm.records import ObservationKind, Span

SAID = ("a bell rings", "a dog barks", "a cat sleeps", "a bell rings again")
CAPTIONS = [
    ShownItem(Span(10.0 * n, 10.0 * n + 10), text, ObservationKind.CAPTION) for n, text in enumerate(SAID)
]


def told(question: str) -> str:
    noted = [ShownItem(Span(3.0, 5.0), "mostly red", ObservationKind.LOOK)]
    turns: tuple[Turn, ...] = plain_opening(question, noted, (), caption_windows(parse(question), CAPTIONS))
    return "\n".join(str(part) for part in turns[-1].parts)


def test_captions_stand_in_the_order_in_which_they_answer() -> None:
    assert told("What happens right before the cat sleeps?") == (
        f'From the video: {BEGIN}\n[3.0, 5.0] look: "mostly red"\n{END}\n'
        f'What the question hinges on: {BEGIN}\n[20.0, 30.0] caption: "a cat sleeps"\n{END}\n'
        f"What comes before that, the nearest first: {BEGIN}\n"
        f'[10.0, 20.0] caption: "a dog barks"\n[0.0, 10.0] caption: "a bell rings"\n{END}\n'
        "Question: What happens right before the cat sleeps?"
    )


def test_what_is_counted_has_numbers() -> None:
    assert (
        f'All that fit, counted: {BEGIN}\n1. [0.0, 10.0] caption: "a bell rings"\n2. [30.0, 40.0] caption: '
        f'"a bell rings again"\n{END}'
    ) in told("How often does a bell ring?")


@pytest.mark.parametrize("question", ["What colour is the bell?", "What happens after the whale jumps?"])
def test_where_nothing_is_reached_nothing_is_said_of_it(question: str) -> None:
    assert "hinges" not in told(question)
    assert "that fit" not in told(question)
