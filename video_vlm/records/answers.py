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
    """What was looked at before answering, so that silence can be judged."""

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
    """``without screen-text``, of a line on what was not looked at that also says why and what to type."""
    name, _, why = missing.partition(": ")
    return f"without {name}" if why and name != "fast" else missing


@dataclass(frozen=True, slots=True)
class Step:
    """One thing done while answering, and what it cost."""

    action: str
    detail: str
    num_frames: int = 0
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was spent where. ``frames_decoded`` counts pictures decoded to answer, not to index;
    ``tokens_read`` what a language model was given over all turns, visual tokens as they are after
    merging."""

    model: str
    steps: tuple[Step, ...] = ()
    frames_decoded: int = 0
    tokens_read: int = 0
    seconds: float = 0.0


class Status(StrEnum):
    """How a question ended."""

    ANSWERED = "answered"
    NOT_SHOWN = "not_shown"
    """What was looked at does not show it."""
    NEEDS_EYES = "needs_eyes"
    """Answering would need seeing that this answerer has not got."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that can be checked.

    ``claims`` hold every statement with its citations; ``nearest`` the closest moments when
    there is no answer. Serialises with :meth:`to_json`; the format carries a version.
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
    """What to type to get further, where something is missing."""

    def __post_init__(self) -> None:
        if self.status is Status.ANSWERED and not self.claims:
            raise ValueError("an answer needs at least one claim with its citations")
        if not 0.0 <= self.confidence <= 1.0:
            raise ValueError(f"confidence must be in [0, 1], got {self.confidence}")

    @property
    def citations(self) -> tuple[Citation, ...]:
        return tuple(citation for claim in self.claims for citation in claim.citations)

    def to_json(self, *, indent: int | None = None) -> str:
        """As JSON text; spans are ``{"start": s, "end": s}`` in seconds."""
        return json.dumps(
            {"version": ANSWER_FORMAT_VERSION, **asdict(self)}, ensure_ascii=False, indent=indent
        )

    @classmethod
    def from_json(cls, text: str) -> Answer:
        """Read what :meth:`to_json` wrote.

        Raises:
            ValueError: not such JSON, or of a later version.
        """
        return read_versioned(text, _answer, version=ANSWER_FORMAT_VERSION, what="an answer")


T = TypeVar("T")


def read_versioned(text: str, read: Callable[[dict[str, Any]], T], *, version: int, what: str) -> T:
    """What ``read`` makes of a JSON object whose ``"version"`` is this one.

    Raises:
        ValueError: not such JSON, of another version, or not whole.
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
    return Receipt(**{**data, "steps": tuple(_step(step) for step in data["steps"])})


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


def _step(data: Mapping[str, Any]) -> Step:
    return Step(**{**data, "span": Span(**data["span"]) if data["span"] else None})
