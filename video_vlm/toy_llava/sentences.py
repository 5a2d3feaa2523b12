"""Sentences about a story, and questions with their answers.

An answer names what the question hinges on before what is asked for, each with its second: whoever writes it
word by word has found the place before it says what is there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from video_vlm.records import Span
from video_vlm.world.story import Happening

__all__ = ["NOTHING", "NOT_SHOWN", "AskedKind", "QuestionAnswer", "SeenEvent", "ask_all", "said"]

NOTHING = "nothing happens."
NOT_SHOWN = "not shown."
MOST_COUNTED = 5


class AskedKind(StrEnum):
    """The kinds of questions."""

    AFTER = "after"
    BEFORE = "before"
    FIRST = "first"
    LAST = "last"
    COUNT = "how many"
    BESIDE = "beside"


@dataclass(frozen=True, slots=True)
class SeenEvent:
    """Something that happens, and the second at which it is seen."""

    happening: Happening
    at: float

    @property
    def sentence(self) -> str:
        return f"{self.happening.what} at {self.at:.1f} seconds"


@dataclass(frozen=True, slots=True)
class QuestionAnswer:
    """A question, its answer and the core of the answer.

    ``core`` is what a right answer ends in, without its times. ``about`` and ``rests_on`` are places in the
    list of events: of the event the question is about, and of those the answer rests on.
    """

    kind: AskedKind
    question: str
    answer: str
    core: str
    about: int | None
    rests_on: tuple[int, ...]


def said(seen: SeenEvent | None) -> str:
    """The caption of a scene by what was seen in it, with its time in seconds."""
    return NOTHING if seen is None else f"{seen.sentence}."


def ask_all(story: Sequence[SeenEvent]) -> tuple[QuestionAnswer, ...]:
    """All questions that have exactly one answer, about events in this order."""
    return (*_neighbours(story), *_ends(story), *_counts(story), *_beside(story))


def _once(story: Sequence[SeenEvent]) -> Iterator[int]:
    """The places of what happens only once."""
    times = Counter(one.happening.what for one in story)
    return (place for place, one in enumerate(story) if times[one.happening.what] == 1)


def _neighbours(story: Sequence[SeenEvent]) -> Iterator[QuestionAnswer]:
    once = set(_once(story))
    for (early, earlier), (late, later) in pairwise(enumerate(story)):
        if early in once:
            question = f"What happens right after {earlier.happening.what}?"
            answer = f"after {earlier.sentence}, {later.sentence}."
            yield QuestionAnswer(AskedKind.AFTER, question, answer, later.happening.what, early, (late,))
        if late in once:
            question = f"What happens right before {later.happening.what}?"
            answer = f"before {later.sentence}, {earlier.sentence}."
            yield QuestionAnswer(AskedKind.BEFORE, question, answer, earlier.happening.what, late, (early,))


def _ends(story: Sequence[SeenEvent]) -> Iterator[QuestionAnswer]:
    by_name: dict[str, list[int]] = {}
    for place, one in enumerate(story):
        by_name.setdefault(one.happening.name, []).append(place)
    if story:
        yield _end(AskedKind.FIRST, "What happens first?", story, 0)
        yield _end(AskedKind.LAST, "What happens last?", story, len(story) - 1)
    for name, places in by_name.items():
        if len(places) > 1:
            yield _end(AskedKind.FIRST, f"What does the {name} do first?", story, places[0])
            yield _end(AskedKind.LAST, f"What does the {name} do last?", story, places[-1])


def _end(kind: AskedKind, question: str, story: Sequence[SeenEvent], place: int) -> QuestionAnswer:
    one = story[place]
    return QuestionAnswer(kind, question, f"{kind}, {one.sentence}.", one.happening.what, None, (place,))


def _counts(story: Sequence[SeenEvent]) -> Iterator[QuestionAnswer]:
    by_name: dict[str, list[int]] = {}
    for place, one in enumerate(story):
        if one.happening.does.startswith("moves"):
            by_name.setdefault(one.happening.name, []).append(place)
    for name, places in by_name.items():
        if len(places) <= MOST_COUNTED:
            when = ", ".join(f"at {story[place].at:.1f} seconds" for place in places)
            times = f"{len(places)} time{'s' if len(places) > 1 else ''}"
            question = f"How many times does the {name} move?"
            yield QuestionAnswer(
                AskedKind.COUNT, question, f"the {name} moves {when}, {times}.", times, None, tuple(places)
            )


def _beside(story: Sequence[SeenEvent]) -> Iterator[QuestionAnswer]:
    for place in _once(story):
        one = story[place]
        others = " and ".join(f"the {name}" for name in one.happening.beside)
        question = f"What stands still while {one.happening.what}?"
        yield QuestionAnswer(
            AskedKind.BESIDE, question, f"while {one.sentence}, {others}.", others, place, (place,)
        )


def overlaps(span: Span, others: Sequence[Span]) -> bool:
    """Whether any of them shares time with ``span``."""
    return any(span.overlaps(other) for other in others)
