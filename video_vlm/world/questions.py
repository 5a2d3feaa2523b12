"""Questions about a script with the answers of its own events, and the script in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from video_vlm.world.script import COLOURS, Event, EventKind, Script, Way

__all__ = ["ANSWERS", "Question", "QuestionKind", "ask_all", "tell"]

MOST_COUNTED = 3

ANSWERS = (*COLOURS, *Way, *map(str, range(MOST_COUNTED + 1)))
"""Every answer there is, in a fixed order: a classifier's classes."""


class QuestionKind(StrEnum):
    """The kinds of questions."""

    AFTER = "after"
    BEFORE = "before"
    FIRST = "first"
    LAST = "last"
    WHICH_WAY = "which way"
    HOW_MANY = "how many"

    @property
    def is_about_order(self) -> bool:
        """Whether it asks for the order of events."""
        return self not in (QuestionKind.WHICH_WAY, QuestionKind.HOW_MANY)


@dataclass(frozen=True, slots=True)
class Question:
    """A question of one script.

    ``about`` is the colour asked about, where there is one. ``choices`` are what is left, each as often as it
    is likely, for somebody who saw all frames in no order: who moved how often and along which line, but not
    when or which way.
    """

    kind: QuestionKind
    text: str
    answer: str
    choices: tuple[str, ...]
    about: str | None = None

    @property
    def chance(self) -> float:
        """The share in [0, 1] of times that the best guess among the choices is right."""
        return max(Counter(self.choices).values()) / len(self.choices)


def ask_all(script: Script) -> tuple[Question, ...]:
    """All questions whose answer follows from the script's events."""
    return (*_ends(script), *_neighbours(script), *_ways(script), *_counts(script))


def _names(script: Script) -> list[str]:
    return [actor.colour for actor in script.actors]


def _movers(script: Script) -> list[str]:
    """Who moved, once for each move, in no order of time."""
    return sorted(script.actors[event.actor].colour for event in script.motions)


def _ends(script: Script) -> Iterator[Question]:
    names, movers = _names(script), tuple(_movers(script))
    first, last = script.motions[0], script.motions[-1]
    yield Question(QuestionKind.FIRST, "what moved first?", names[first.actor], movers)
    yield Question(QuestionKind.LAST, "what moved last?", names[last.actor], movers)


def _neighbours(script: Script) -> Iterator[Question]:
    """Who moves right after, and right before, those who move once."""
    names, movers, moves = _names(script), _movers(script), script.motions
    times = Counter(event.actor for event in moves)
    for earlier, later in pairwise(moves):
        for anchor, answer, kind in (
            (earlier, later, QuestionKind.AFTER),
            (later, earlier, QuestionKind.BEFORE),
        ):
            if times[anchor.actor] == 1:
                about = names[anchor.actor]
                choices = tuple(name for name in movers if name != about)
                yield Question(
                    kind, f"what moves right {kind} the {about} one?", names[answer.actor], choices, about
                )


def _ways(script: Script) -> Iterator[Question]:
    names, times = _names(script), Counter(event.actor for event in script.motions)
    for event in script.motions:
        if times[event.actor] == 1 and event.way is not None:
            about, choices = names[event.actor], (str(event.way), str(event.way.back))
            yield Question(
                QuestionKind.WHICH_WAY, f"which way does the {about} one go?", str(event.way), choices, about
            )


def _counts(script: Script) -> Iterator[Question]:
    times = Counter(event.actor for event in script.motions)
    for place, about in enumerate(_names(script)):
        if times[place] <= MOST_COUNTED:
            text = f"how many times does the {about} one move?"
            yield Question(QuestionKind.HOW_MANY, text, str(times[place]), ("0", "1", "2"), about)


def tell(script: Script) -> str:
    """The events in one sentence: ``a red circle goes left, then a blue square goes up and bumps into
    ...``."""
    return ", then ".join(_clause(script, event) for event in script.events)


def _clause(script: Script, event: Event) -> str:
    who = f"the {script.actors[event.actor].name}"
    other = "" if event.other is None else f"the {script.actors[event.other].name}"
    match event.kind:
        case EventKind.BUMP:
            return f"{who} goes {event.way} and bumps into {other}"
        case EventKind.PART:
            return f"{who} goes {event.way}, away from {other}"
        case EventKind.MOVE:
            return f"{who} goes {event.way}"
        case _:
            return f"{who} {event.kind}s" if event.kind is EventKind.APPEAR else f"{who} vanishes"
