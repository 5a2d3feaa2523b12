import re

import pytest

from video_vlm.language.clock_times import parse_clock
from video_vlm.language.operator_parser import parse
from video_vlm.language.time_operators import Away, OperatorKind, TimeOperator, Window
from video_vlm.records import Span


@pytest.mark.parametrize(
    ("question", "target", "kind", "anchors"),
    [
        (
            "What happens after the lamp goes out?",
            "What happens?",
            OperatorKind.AFTER,
            ("the lamp goes out",),
        ),
        ("After the lamp goes out, who comes?", "who comes?", OperatorKind.AFTER, ("the lamp goes out",)),
        (
            "What colour was it before the repair?",
            "What colour was it?",
            OperatorKind.BEFORE,
            ("the repair",),
        ),
        (
            "What is said between the song and the storm?",
            "What is said?",
            OperatorKind.BETWEEN,
            ("the song", "the storm"),
        ),
        ("What is shown while the bell rings?", "What is shown?", OperatorKind.DURING, ("the bell rings",)),
        ("When the door opens, what is said?", "what is said?", OperatorKind.DURING, ("the door opens",)),
        ("What happens next?", "What happens?", OperatorKind.NEXT, ()),
        (
            'Which words come after "before the dawn"?',
            "Which words come?",
            OperatorKind.AFTER,
            ('"before the dawn"',),
        ),
    ],
)
def test_the_anchor_is_taken_out_of_the_question(
    question: str, target: str, kind: OperatorKind, anchors: tuple[str, ...]
) -> None:
    parsed = parse(question)
    assert (parsed.target, parsed.operator.kind, parsed.operator.anchors) == (target, kind, anchors)


@pytest.mark.parametrize(
    "question",
    [
        "Who looks after the sheep?",
        "Who is the boat named after?",
        "They follow one after another, in which order?",
    ],
)
def test_after_in_an_idiom_is_no_operator(question: str) -> None:
    assert parse(question).operator == TimeOperator(OperatorKind.NONE)


@pytest.mark.parametrize(
    ("question", "span"),
    [
        ("What happens at 1:30?", Span(90, 91)),
        ("What is said between 1:00 and 2:30?", Span(60, 150)),
        ("What happens in the last two minutes of the film?", Span(480, 600)),
        ("What is shown in the first 30 seconds?", Span(0, 30)),
        ("What happens after 5:00?", Span(300, 600)),
        ("What is said at the end?", Span(540, 600)),
        ("What is said just before the end of the film?", Span(540, 600)),
        ("What happens before the lecture ends?", Span(540, 600)),
        ("What is shown right after the beginning?", Span(0, 60)),
        ("What is said after the film starts?", Span(0, 60)),
        ("How often does he laugh until the end?", Span(0, 600)),
        ("How often does he laugh before the end?", Span(0, 600)),
        ("What is shown in the middle of the film?", Span(270, 330)),
        ("What is said halfway through?", Span(270, 330)),
        ("What happens in the second half of the video?", Span(300, 600)),
        ("How often is it said in the last quarter?", Span(450, 600)),
    ],
)
def test_a_stretch_given_outright_becomes_seconds(question: str, span: Span) -> None:
    window = parse(question).operator.window
    assert window is not None
    assert window.resolve(Span(0, 600)) == span


@pytest.mark.parametrize(
    ("question", "away"),
    [
        ("What is said ten seconds after the bell?", Away(10)),
        ("What does he do a minute before the crash?", Away(60)),
        ("In the minute after the bell, what is said?", Away(60, throughout=True)),
        ("What is said within 5 s before the crash?", Away(5, throughout=True)),
        ("What is said right after the bell?", None),
        ("What is said a few seconds after the bell?", None),
        ("How many seconds after the bell is the crash?", None),
    ],
)
def test_how_far_from_an_anchor_is_no_part_of_what_is_asked(question: str, away: Away | None) -> None:
    parsed = parse(question)
    assert parsed.operator.away == away
    assert parsed.operator.anchors[0].startswith(("the bell", "the crash"))
    assert "after" not in parsed.target
    assert away is None or not re.search("second|minute", parsed.target)


def test_other_ends_are_anchors() -> None:
    for anchor in ("the end of the song", "the war ends", "the end credits", "the opening of the shop"):
        assert parse(f"What is said before {anchor}?").operator.anchors == (anchor,)


def test_a_window_is_cut_to_the_video() -> None:
    assert Window(-300.0, 0.0).resolve(Span(10.0, 40.0)) == Span(10.0, 40.0)


@pytest.mark.parametrize(
    ("question", "when"), [("When is the deer visible?", True), ("What time is shown on it?", False)]
)
def test_only_a_question_for_the_moment_asks_when(question: str, when: bool) -> None:
    assert parse(question).asks_when is when


def test_counting_and_lasting_are_told_apart() -> None:
    assert parse("How many times does she laugh?").asks_count
    assert parse("How long does the card stay?").asks_duration


@pytest.mark.parametrize(
    ("text", "seconds"), [("12:30", 750), ("1:02:03", 3723), ("90", 90), ("minute 5", 300), ("45 s", 45)]
)
def test_clocks_are_read_as_people_write_them(text: str, seconds: float) -> None:
    assert parse_clock(text) == seconds


def test_what_is_no_time_is_an_error_that_shows_how() -> None:
    with pytest.raises(ValueError, match="12:30"):
        parse_clock("noon")
