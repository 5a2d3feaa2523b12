"""What flows between the rooms: frozen records, checked when made.
 Time is in the seconds a player shows, from 0 on (:mod:`video_vlm.media.clock` converts the container's), and
every :class:`Span` is half-open, ``[start, end)``. A recording of a broadcast that begins at 23 h begins at 0
here, in its subtitles and in every citation; one whose sound begins 5 s before its first frame has that frame
at 5 s.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal, TypeVar

import numpy as np
import numpy.typing as npt

__all__ = [
    "ANSWER_FORMAT_VERSION",
    "BESIDE",
    "Answer",
    "Box",
    "Chapter",
    "Citation",
    "Claim",
    "Coverage",
    "Cut",
    "Damage",
    "Detection",
    "Evidence",
    "Frame",
    "Image",
    "Level",
    "Node",
    "Observation",
    "ObservationKind",
    "Receipt",
    "Sample",
    "Sentence",
    "Shot",
    "Span",
    "Status",
    "Step",
    "Stream",
    "Video",
    "clock",
    "in_short",
    "read_citation",
    "read_receipt",
    "read_versioned",
    "whole_seconds",
]

Image = npt.NDArray[np.uint8]
"""A picture: RGB, ``(height, width, 3)``, uint8."""

Box = tuple[float, float, float, float]
"""``(left, top, right, bottom)`` as fractions of the picture."""

BESIDE = " beside "
"""In the source of a line that only a second track of one language has: ``"film.en.sdh.srt beside film.en.srt"``."""

ANSWER_FORMAT_VERSION = 1


def clock(seconds: float) -> str:
    """Seconds as people write them: ``0:08``, ``12:30``, ``1:02:03``, ``-0:01``; rounded down."""
    whole = whole_seconds(seconds)
    minutes, second = divmod(abs(whole), 60)
    hours, minute = divmod(minutes, 60)
    sign = "-" if whole < 0 else ""
    return f"{sign}{hours}:{minute:02}:{second:02}" if hours else f"{sign}{minute}:{second:02}"


def whole_seconds(seconds: float) -> int:
    """Whole seconds, rounded down as :func:`clock` does; half a thousandth short of the next second is the next."""
    return math.floor(round(seconds, 3))


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A stretch of time, ``[start, end)`` in seconds; ``start == end`` is an instant."""

    start: float
    end: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.start) and math.isfinite(self.end)) or self.end < self.start:
            raise ValueError(f"a span needs finite start <= end, got [{self.start}, {self.end})")

    @property
    def duration_seconds(self) -> float:
        return self.end - self.start

    @property
    def middle(self) -> float:
        return (self.start + self.end) / 2

    def contains(self, seconds: float) -> bool:
        return self.start <= seconds < self.end or seconds == self.start

    def overlaps(self, other: Span) -> bool:
        """Whether the two share time; an instant overlaps what contains it."""
        if self.start == self.end or other.start == other.end:
            return self.contains(other.start) or other.contains(self.start)
        return self.start < other.end and other.start < self.end

    def overlap(self, other: Span) -> Span | None:
        """The shared stretch, or None."""
        if not self.overlaps(other):
            return None
        return Span(max(self.start, other.start), min(self.end, other.end))

    def cover(self, other: Span) -> Span:
        """The smallest span that holds both."""
        return Span(min(self.start, other.start), max(self.end, other.end))

    def widen(self, seconds: float) -> Span:
        return Span(self.start - seconds, self.end + seconds)

    def __str__(self) -> str:
        return f"{clock(self.start)}–{clock(self.end)}"


StreamKind = Literal["video", "audio", "subtitle", "picture", "data"]


@dataclass(frozen=True, slots=True)
class Stream:
    """One stream of a container. ``picture`` is an attached picture (cover art), not video. ``end_seconds`` is when it
    ends, in player's seconds: of sound as its last packets say, else as the container does; None where it does not."""

    index: int
    kind: StreamKind
    codec: str
    time_base: Fraction | None = None
    language: str | None = None
    title: str | None = None
    default: bool = False
    end_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Chapter:
    """A chapter the container itself declares."""

    span: Span
    title: str


@dataclass(frozen=True, slots=True)
class Video:
    """What a container says of itself, read without decoding.

    ``start_seconds`` is when the first frame is shown: 0, but where sound comes first. ``duration_seconds`` is
    how long a player shows the file, from 0 to the end of its last frame, as the container declares it (None
    where it declares none or nonsense), ``num_frames`` the count it declares (None where unknown): both are
    claims, decoding finds the truth. ``size`` is ``(width, height)`` as displayed, after rotation and pixel
    aspect; ``rotation`` is the clockwise turn in degrees (0, 90, 180, 270) that was already applied to it.
    ``stream`` is the index of the video stream that is read.
    """

    path: Path
    content_id: str
    format: str
    start_seconds: float
    duration_seconds: float | None
    num_frames: int | None
    fps: float | None
    size: tuple[int, int]
    rotation: int
    stream: int
    streams: tuple[Stream, ...]
    chapters: tuple[Chapter, ...] = ()
    title: str | None = None

    @property
    def span(self) -> Span:
        """From 0 to the end that the container claims; an instant where it claims none."""
        return Span(0.0, self.duration_seconds or 0.0)

    @property
    def end_seconds(self) -> float:
        """When nothing is shown or heard any more: sound may outlast the frames."""
        heard = (one.end_seconds for one in self.streams if one.kind == "audio")
        return max([self.span.end, *(end for end in heard if end is not None)])


@dataclass(frozen=True, slots=True)
class Frame:
    """One decoded picture: RGB uint8 ``(height, width, 3)``, upright as displayed."""

    pts: int
    pts_seconds: float
    image: Image
    is_keyframe: bool = False


@dataclass(frozen=True, slots=True)
class Damage:
    """A stretch that could not be decoded, and why."""

    span: Span
    reason: str


@dataclass(frozen=True, slots=True)
class Cut:
    """Where one shot ends and the next begins. ``span`` is an instant for a hard cut, the length of
    the transition for a gradual one; the new shot begins ``at`` a picture inside it."""

    span: Span
    kind: Literal["hard", "fade", "dissolve"]
    score: float
    at: float

    def __post_init__(self) -> None:
        if not self.span.start <= self.at <= self.span.end:
            raise ValueError(f"a shot begins inside its cut, got {self.at} and [{self.span.start}, {self.span.end}]")


@dataclass(frozen=True, slots=True)
class Shot:
    """Pictures between two cuts. Shots tile a video: each ends where the next begins. ``opened_by``
    says which cut began it (``start`` for the first)."""

    span: Span
    score: float
    opened_by: Literal["start", "hard", "fade", "dissolve"] = "start"


@dataclass(frozen=True, slots=True, order=True)
class Sample:
    """A time a sampler plans to have looked at, how much it wants it, and why. Decoding is elsewhere."""

    pts_seconds: float
    score: float = 0.0
    reason: str = ""


class ObservationKind(StrEnum):
    """What sort of thing was observed."""

    SUBTITLE = "subtitle"
    """A line of a text track or subtitle file: what is said, or what a writer says is heard. It is one observation,
    however many cues, and tracks of its language, show it."""
    SCREEN_TEXT = "screen_text"
    """Text read from the picture."""
    SPEECH = "speech"
    """Speech recognised from the sound."""
    CHAPTER = "chapter"
    """A title the container gives to a stretch."""
    LOOK = "look"
    """Colours and brightness, in words."""
    MOTION = "motion"
    """How much moves, which way, and what the camera does, in words."""
    TRANSITION = "transition"
    """A fade, a dissolve, a stretch of black, a flash."""
    CAPTION = "caption"
    """What a model says it sees."""
    OBJECT = "object"
    """Something a detector found in a picture, and where."""


@dataclass(frozen=True, slots=True)
class Observation:
    """Something seen or heard, when, by whom, and how sure.

    ``box`` says where in the picture, where that means anything. ``confidence`` is in ``[0, 1]``.
    """

    span: Span
    kind: ObservationKind
    text: str
    source: str
    confidence: float = 1.0
    box: Box | None = None

    def __post_init__(self) -> None:
        if not 0.0 <= self.confidence <= 1.0:
            raise ValueError(f"confidence must be in [0, 1], got {self.confidence}")

    @property
    def track(self) -> str:
        """The track it is told with: ``source``, but for a line that only a second track of the same language has,
        whose source is ``"film.en.sdh.srt beside film.en.srt"``, the one beside it."""
        return self.source.rpartition(BESIDE)[2]


@dataclass(frozen=True, slots=True)
class Detection:
    """Where in a picture something was found, and how surely, in ``[0, 1]``."""

    box: Box
    confidence: float


class Level(StrEnum):
    """The levels of the memory, finest first."""

    FRAME = "frame"
    SEGMENT = "segment"
    SCENE = "scene"
    CHAPTER = "chapter"
    VIDEO = "video"


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of a summary and the ids of the children (or observations' nodes) it rests on."""

    text: str
    cites: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.cites:
            raise ValueError(f"a summary sentence must cite what it rests on: {self.text!r}")


@dataclass(frozen=True, slots=True)
class Node:
    """One node of the memory.

    ``id`` is ``hash(content id, level, span, recipe digest)``; ``coverage`` the share of ``span``
    that was really looked at, in ``[0, 1]``; ``provenance`` who made it (a recipe digest).
    """

    id: str
    content_id: str
    level: Level
    span: Span
    parent: str | None
    summary: tuple[Sentence, ...] = ()
    title: str | None = None
    coverage: float = 1.0
    provenance: str = ""

    @property
    def text(self) -> str:
        return " ".join(sentence.text for sentence in self.summary)


@dataclass(frozen=True, slots=True)
class Evidence:
    """Something in the memory that bears on a question: where, how strongly, and why it was found.

    ``found_by`` names the searches that found it: ``words``, ``meaning``, ``sight`` (words compared with
    pictures), ``like`` (a picture with pictures). What sight alone found has no text.
    """

    span: Span
    score: float
    why: str
    text: str = ""
    kind: ObservationKind | None = None
    node: str | None = None
    content_id: str = ""
    found_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Citation:
    """A stretch of one video that a claim rests on, and what is there in the video's own words.

    ``box`` is where in the picture, for what a detector found.
    """

    span: Span
    quote: str = ""
    kind: ObservationKind | None = None
    box: Box | None = None

    def __str__(self) -> str:
        return f"[{self.span}]"


@dataclass(frozen=True, slots=True)
class Claim:
    """One statement and the stretches it rests on."""

    text: str
    citations: tuple[Citation, ...]

    def __post_init__(self) -> None:
        if not self.citations:
            raise ValueError(f"a claim must cite evidence: {self.text!r}")


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
    """What was spent where. ``frames_decoded`` counts pictures decoded to answer, not to index; ``tokens_read``
    what a language model was given over all turns, visual tokens as they are after merging."""

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
        return json.dumps({"version": ANSWER_FORMAT_VERSION, **asdict(self)}, ensure_ascii=False, indent=indent)

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
