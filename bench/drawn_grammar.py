"""Read the scenarios of ``bench/drawn/*.txt``: what a kind of film can tell, and what can be asked of it.

A file is lines of ``key: value``. Alternatives of a telling stand between ``|``, fields of a question too::

    let boat = pick a canoe ~ canoe | a moped          a value for the whole film; after ~ its pattern
    open: close: chat:                                 sentences about nothing
    no: KIND | question                                a question that nothing answers
    fact:                                              then, indented: let, say, near (a distractor), q, no
      q: KIND | question | answer | pattern            the pattern, unless that of the answer's values is meant
    steps:                                             then, indented: first, last, order, and any number of:
      step: telling || a noun for it | other words for it | pattern

``let y = like x ...`` takes the option at the place of the one that x took. ``{boat}``, ``{guide.first}`` and
``{num 3 9}`` are values, ``<Well|So>`` is one of several words, and ``{chair}:``
before a sentence says who speaks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["Fact", "Question", "Register", "Step", "Steps", "registers"]

_FOLDER = Path(__file__).parent / "drawn"


@dataclass(frozen=True)
class Question:
    """A question as a template; ``answer`` and ``accept`` are empty where nothing answers it."""

    kind: str
    text: str
    answer: str = ""
    accept: str = ""


@dataclass
class Fact:
    """Values, tellings, distractors and questions that belong together."""

    lets: dict[str, str] = field(default_factory=dict)
    tellings: list[str] = field(default_factory=list)
    near: list[str] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    unanswerable: list[Question] = field(default_factory=list)


@dataclass(frozen=True)
class Step:
    """One step of a course of events; ``telling`` is a clause."""

    telling: str
    noun: str
    other: str
    accept: str


@dataclass
class Steps:
    """Steps that may come in any order, and the questions for the first, the last and the order."""

    asked: dict[str, list[str]] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)


@dataclass
class Register:
    """A kind of film."""

    name: str = ""
    tags: bool = False
    lets: dict[str, str] = field(default_factory=dict)
    opens: list[str] = field(default_factory=list)
    closes: list[str] = field(default_factory=list)
    chat: list[str] = field(default_factory=list)
    unanswerable: list[Question] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    steps: Steps | None = None


def registers() -> dict[str, Register]:
    """All scenarios by the name of their file."""
    return {path.stem: _register(path) for path in sorted(_FOLDER.glob("*.txt"))}


def _fields(value: str) -> list[str]:
    return [part.strip() for part in value.split(" | ")]


def _question(value: str) -> Question:
    return Question(*value.split(" | ", 3))


def _lines(path: Path) -> Iterator[tuple[bool, str, str]]:
    """(indented, key, value) of every line; the key of ``let NAME = VALUE`` is ``let``."""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.strip():
            text = line.strip()
            cut = " " if text.startswith("let ") else ":"
            key, _, value = text.partition(cut)
            yield line.startswith(" "), key, value.strip()


def _register(path: Path) -> Register:
    found = Register()
    part: Register | Fact | Steps = found
    for indented, key, value in _lines(path):
        if key == "fact":
            part = Fact()
            found.facts.append(part)
        elif key == "steps":
            part = found.steps = Steps()
        elif isinstance(part, Steps) and indented:
            _add_step(part, key, value)
        elif isinstance(part, Fact) and indented:
            _add_fact(part, key, value)
        else:
            _add_line(found, key, value)
    return found


def _add_step(steps: Steps, key: str, value: str) -> None:
    if key == "step":
        telling, _, rest = value.partition(" || ")
        steps.steps.append(Step(telling, *rest.split(" | ", 2)))
    else:
        steps.asked[key] = _fields(value)


def _add_fact(fact: Fact, key: str, value: str) -> None:
    if key == "let":
        name, _, kind = value.partition(" = ")
        fact.lets[name] = kind
    elif key == "say":
        fact.tellings += _fields(value)
    elif key == "near":
        fact.near.append(value)
    elif key == "q":
        fact.questions.append(_question(value))
    elif key == "no":
        fact.unanswerable.append(_question(value))
    else:
        raise ValueError(f"no such line in a fact: {key}: {value}")


def _add_line(register: Register, key: str, value: str) -> None:
    lists = {"open": register.opens, "close": register.closes, "chat": register.chat}
    if key in lists:
        lists[key] += _fields(value)
    elif key == "let":
        name, _, kind = value.partition(" = ")
        register.lets[name] = kind
    elif key == "no":
        register.unanswerable.append(_question(value))
    elif key == "register":
        register.name = value
    elif key == "tags":
        register.tags = value == "yes"
    else:
        raise ValueError(f"no such line: {key}: {value}")
