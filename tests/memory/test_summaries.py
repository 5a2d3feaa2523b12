"""Extractive summaries: words of the video, each resting on a child."""

from __future__ import annotations

import pytest

from video_vlm.memory.summaries import summarize, without_furniture
from video_vlm.records import Level, Node, Observation, ObservationKind, Sentence, Span


def child(start: float, end: float, *said: str) -> Node:
    name = f"s{start:.0f}"
    return Node(
        name, "film", Level.SEGMENT, Span(start, end), None, tuple(Sentence(one, ("f",)) for one in said)
    )


def seen(kind: ObservationKind, text: str, start: float, end: float) -> Observation:
    return Observation(Span(start, end), kind, text, "test")


CHILDREN = (child(0, 10), child(10, 20), child(20, 30))


def test_every_sentence_cites_the_child_that_holds_it() -> None:
    said = [
        seen(ObservationKind.SUBTITLE, f"The {what} stands in the long hall.", start, start + 2)
        for what, start in (("guard", 1), ("thief", 12), ("dog", 25))
    ]
    assert summarize(CHILDREN, said) == (
        Sentence("“The guard stands in the long hall.”", ("s0",)),
        Sentence("“The thief stands in the long hall.”", ("s10",)),
        Sentence("“The dog stands in the long hall.”", ("s20",)),
    )


def test_words_seen_again_are_one_sentence_with_all_its_places() -> None:
    titles = [
        seen(ObservationKind.SCREEN_TEXT, text, start, start + 1)
        for text, start in (("EXIT", 1), ("Exit", 22))
    ]
    assert summarize(CHILDREN, titles) == (Sentence("“EXIT” on screen", ("s0", "s20")),)


def test_titles_come_before_small_talk() -> None:
    observations = [
        seen(ObservationKind.SUBTITLE, "Yes.", 1, 2),
        seen(ObservationKind.CHAPTER, "How to sharpen a kitchen knife", 0, 30),
        seen(ObservationKind.SUBTITLE, "No.", 3, 4),
    ]
    assert [one.text for one in summarize(CHILDREN, observations, max_sentences=1)] == [
        "How to sharpen a kitchen knife"
    ]


def test_the_central_sentence_wins_and_repetition_loses() -> None:
    texts = [
        "Sharpen the knife on a wet stone.",
        "The knife is pulled over the wet stone again.",
        "A wet stone makes a sharp knife.",
        "My aunt lives in Lisbon.",
    ]
    said = [
        seen(ObservationKind.SUBTITLE, text, 7 * number, 7 * number + 1) for number, text in enumerate(texts)
    ]
    (only,) = summarize(CHILDREN, said, max_sentences=1)
    assert "stone" in only.text
    twice = [*said, seen(ObservationKind.SPEECH, texts[0], 0, 1)]
    assert sum(texts[0] in one.text for one in summarize(CHILDREN, twice)) <= 1


def test_colours_speak_only_where_nothing_else_does() -> None:
    look = seen(ObservationKind.LOOK, "mostly dark blue", 0, 10)
    said = seen(ObservationKind.SUBTITLE, "It is a cold night.", 1, 3)
    assert summarize(CHILDREN, [look]) == (Sentence("mostly dark blue", ("s0",)),)
    assert summarize(CHILDREN, [look, said]) == (Sentence("“It is a cold night.”", ("s0",)),)


def test_the_childrens_own_words_are_used_where_there_are_no_observations() -> None:
    assert summarize([child(0, 10, "A red car arrives.")], []) == (Sentence("A red car arrives.", ("s0",)),)


@pytest.mark.parametrize(
    "observations",
    [
        (),
        [seen(ObservationKind.SUBTITLE, " \n", 1, 2)],
        [seen(ObservationKind.SUBTITLE, "After the end.", 40, 41)],
    ],
)
def test_what_cannot_be_cited_is_not_said(observations: list[Observation]) -> None:
    assert summarize(CHILDREN, observations) == ()


def test_nothing_is_said_of_no_children() -> None:
    assert summarize((), [seen(ObservationKind.SUBTITLE, "Hello there.", 1, 2)]) == ()


def rows(text: str, *starts: float, seconds: float = 15.0) -> list[Observation]:
    return [
        seen(ObservationKind.SCREEN_TEXT, text.format(number), start, start + seconds)
        for number, start in enumerate(starts, 1)
    ]


def test_what_stands_on_most_pictures_is_no_summary() -> None:
    footer = rows("Harbour authority, page {}/6", 0, 15, 30, 45, 60, 75)
    name = rows("CHANNEL 9", 0, seconds=88)
    titles = rows("How the harbour was built", 0) + rows("The flood of the spring", 45)
    said = [seen(ObservationKind.SUBTITLE, "Nobody expected the flood.", 50, 54)]
    assert without_furniture([*footer, *name, *titles, *said], Span(0, 90)) == [*titles, *said]


def test_writing_that_is_all_there_is_is_kept() -> None:
    alone = rows("Closed on Mondays", 0, seconds=90)
    assert without_furniture(alone, Span(0, 90)) == alone


def test_a_summary_goes_over_the_whole_length() -> None:
    children = tuple(child(start, start + 10) for start in range(0, 90, 10))
    said = [
        seen(
            ObservationKind.SUBTITLE,
            f"The keeper of the lamp tells of the lamp and of {thing}.",
            start,
            start + 2,
        )
        for thing, start in (("oil", 1), ("wicks", 3), ("glass", 5), ("ships", 41), ("the end", 81))
    ]
    starts = [int(one.cites[0][1:]) for one in summarize(children, said, max_sentences=3)]
    assert starts == [0, 40, 80]
