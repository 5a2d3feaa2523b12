"""Answers, and the account of how they were found."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, TypeVar

from video_vlm.records.evidence import Citation, Claim
from video_vlm.records.observations import ObservationKind
from video_vlm.records.time import Span

__all__ = [
    "ANSWER_FORMAT_VERSION",
    "Answer",
    "Coverage",
    "Receipt",
    "Status",
    "Step",
    "in_short",
    "read_citation",
    "read_receipt",
    "read_versioned",
]

ANSWER_FORMAT_VERSION = 1


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much was looked at before answering: counts of scenes, seconds, and the names of the observers."""

    scenes_seen: int
    scenes_total: int
    channels: tuple[str, ...]
    seconds_seen: float
    seconds_total: float
    missing: tuple[str, ...] = ()
    """What was not looked at and why, e.g. ``"no model that sees objects"``."""

    def __str__(self) -> str:
        channels = ", ".join(self.channels) or "nothing"
        missing = "".join(f"; {in_short(one)}" for one in self.missing)
        return f"looked at {self.scenes_seen} of {self.scenes_total} scenes: {channels}{missing}"


def in_short(missing: str) -> str:
    """The short form of a line about something that was not looked at: ``without screen-text``, without the
    reason and the advice."""
    name, _, why = missing.partition(": ")
    return f"without {name}" if why and name not in ("fast", "words") else missing


@dataclass(frozen=True, slots=True)
class Step:
    """One step of answering: the action, details, how many frames it decoded, and the span it is about."""

    action: str
    detail: str
    num_frames: int = 0
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """The costs of an answer.

    ``frames_decoded`` counts frames decoded for the answer, not for indexing; ``tokens_read`` the tokens that
    a language model was given over all turns, visual tokens after merging; ``seconds`` is the time it took.
    """

    model: str
    steps: tuple[Step, ...] = ()
    frames_decoded: int = 0
    tokens_read: int = 0
    seconds: float = 0.0


class Status(StrEnum):
    """The outcome of a question."""

    ANSWERED = "answered"
    NOT_SHOWN = "not_shown"
    """The parts that were looked at do not show it."""
    NEEDS_EYES = "needs_eyes"
    """The answer needs a model that sees, and this one does not."""
    NEEDS_EARS = "needs_ears"
    """What was read does not show it, and nobody has listened to what is said."""
    UNSURE = "unsure"
    """Something near the question is there; whether it answers is not sure enough. ``nearest`` has it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that can be checked.

    ``claims`` has every statement with its citations; ``nearest`` the nearest moments when there is no
    answer; ``confidence`` is in ``[0, 1]``. :meth:`to_json` writes a format with a version.

    Raises:
        ValueError: an answer without claims, or a confidence out of range.
    """

    question: str
    text: str
    status: Status
    confidence: float
    claims: tuple[Claim, ...]
    coverage: Coverage
    receipt: Receipt
    nearest: tuple[Citation, ...] = ()
    content_id: str = ""
    path: str = ""
    advice: str | None = None
    """What to type where a part is missing."""

    def __post_init__(self) -> None:
        if self.status is Status.ANSWERED and not self.claims:
            raise ValueError("an answer needs at least one claim with its citations")
        if not 0.0 <= self.confidence <= 1.0:
            raise ValueError(f"confidence must be in [0, 1], got {self.confidence}")

    @property
    def citations(self) -> tuple[Citation, ...]:
        return tuple(citation for claim in self.claims for citation in claim.citations)

    def to_json(self, *, indent: int | None = None) -> str:
        """The answer as JSON text; spans are ``{"start": s, "end": s}`` in seconds."""
        data = {"version": ANSWER_FORMAT_VERSION, **asdict(self)}
        return json.dumps(data, ensure_ascii=False, indent=indent)

    @classmethod
    def from_json(cls, text: str) -> Answer:
        """The answer that :meth:`to_json` wrote.

        Raises:
            ValueError: not such JSON, or of a later version.
        """
        return read_versioned(text, _answer, version=ANSWER_FORMAT_VERSION, what="an answer")


T = TypeVar("T")


def read_versioned(text: str, read: Callable[[dict[str, Any]], T], *, version: int, what: str) -> T:
    """The result of ``read`` for a JSON object whose ``"version"`` is ``version``.

    Raises:
        ValueError: not such JSON, of another version, or with missing values.
    """
    data = json.loads(text)
    found = data.pop("version", None) if isinstance(data, dict) else None
    if found != version:
        raise ValueError(f"not {what} of version {version}: version {found!r}")
    try:
        return read(data)
    except (KeyError, TypeError) as error:
        raise ValueError(f"not a whole answer: {error!r}") from error


def read_receipt(data: Mapping[str, Any]) -> Receipt:
    """A receipt from its JSON values."""
    steps = ({**step, "span": Span(**step["span"]) if step["span"] else None} for step in data["steps"])
    return Receipt(**{**data, "steps": tuple(Step(**step) for step in steps)})


def read_citation(data: Mapping[str, Any]) -> Citation:
    """A citation from its JSON values."""
    return Citation(
        Span(**data["span"]),
        data["quote"],
        ObservationKind(data["kind"]) if data["kind"] else None,
        tuple(data["box"]) if data.get("box") else None,
    )


def _answer(data: Mapping[str, Any]) -> Answer:
    coverage = data["coverage"]
    return Answer(
        **{
            **data,
            "status": Status(data["status"]),
            "claims": tuple(Claim(claim["text"], _citations(claim["citations"])) for claim in data["claims"]),
            "nearest": _citations(data["nearest"]),
            "coverage": Coverage(
                **{**coverage, "channels": tuple(coverage["channels"]), "missing": tuple(coverage["missing"])}
            ),
            "receipt": read_receipt(data["receipt"]),
        }
    )


def _citations(data: Iterable[Mapping[str, Any]]) -> tuple[Citation, ...]:
    return tuple(map(read_citation, data))
