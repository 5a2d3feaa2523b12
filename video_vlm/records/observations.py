"""Observations: what an observer saw or heard, when, and with which confidence."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from video_vlm.records.media import Box
from video_vlm.records.time import Span

__all__ = [
    "KINDS",
    "NOT_MEASURED",
    "SEEN",
    "SPOKEN",
    "TELLING",
    "UNSURE",
    "WRITTEN",
    "Detection",
    "KindTraits",
    "Medium",
    "Observation",
    "ObservationKind",
    "RecognizedSpeech",
    "SpokenWord",
    "kinds_where",
]


BESIDE = " beside "
"""Part of the source of a line that only a second track of one language has: ``"film.en.sdh.srt beside
film.en.srt"``."""


class ObservationKind(StrEnum):
    """The kind of an observation."""

    SUBTITLE = "subtitle"
    """A line of a text track or subtitle file: speech, or a description of a sound. It is one observation,
    even if several cues, or several tracks of its language, have it."""
    SCREEN_TEXT = "screen_text"
    """Text read from the frame."""
    SPEECH = "speech"
    """Speech recognised from the sound."""
    SOUND = "sound"
    """The kind of sound: speech, sound without speech, silence; and the loudest moments."""
    CHAPTER = "chapter"
    """The title of a chapter in the container."""
    LOOK = "look"
    """Colours and brightness, in words."""
    MOTION = "motion"
    """The amount and the direction of motion, and camera moves, in words."""
    TRANSITION = "transition"
    """A fade, a dissolve, black frames, a flash."""
    CAPTION = "caption"
    """A model's description of frames."""
    OBJECT = "object"
    """An object that a detector found, and its place in the frame."""


class Medium(StrEnum):
    """How people perceive the observed content: spoken, written, seen, or only measured."""

    SPOKEN = "spoken"
    WRITTEN = "written"
    SEEN = "seen"
    MEASURED = "measured"


@dataclass(frozen=True, slots=True)
class KindTraits:
    """The properties of a kind of observation, for all code that treats kinds differently.

    Args:
        medium: How people perceive it.
        channel: The name of its scores when a look is planned.
        lead: How it is cited: ``At 0:09 the subtitles say: “...”``.
        lead_unsure: How it is cited where a word of it is less probable than :data:`UNSURE`.
        tells: Whether it is language about the video: it can answer a question and name somebody.
        worth: How much it says about the events, in ``[0, 1]``; summaries prefer higher values.
        quoted: How a summary shows its text. Text of strangers is in quotes.
        is_of_the_file: Whether its text is in the file or beside it; its times may lie outside the video.
    """

    medium: Medium
    channel: str
    lead: str = "it says"
    lead_unsure: str = ""
    tells: bool = True
    worth: float = 0.5
    quoted: str = "{}"
    is_of_the_file: bool = False


KINDS: Final[Mapping[ObservationKind, KindTraits]] = {
    ObservationKind.SUBTITLE: KindTraits(
        Medium.SPOKEN, "speech", "the subtitles say", worth=0.7, quoted="“{}”", is_of_the_file=True
    ),
    ObservationKind.SPEECH: KindTraits(
        Medium.SPOKEN,
        "speech",
        "it is said",
        lead_unsure="it is said, not clearly heard",
        worth=0.7,
        quoted="“{}”",
    ),
    ObservationKind.SOUND: KindTraits(Medium.MEASURED, "sound", "one hears", tells=False, worth=0.1),
    ObservationKind.SCREEN_TEXT: KindTraits(
        Medium.WRITTEN, "screen text", "the screen reads", worth=0.8, quoted="“{}” on screen"
    ),
    ObservationKind.CHAPTER: KindTraits(
        Medium.WRITTEN, "screen text", "the chapter is titled", worth=1.0, is_of_the_file=True
    ),
    ObservationKind.CAPTION: KindTraits(Medium.SEEN, "captions", "a model saw", worth=0.8),
    ObservationKind.OBJECT: KindTraits(Medium.SEEN, "captions", "a detector found", tells=False),
    ObservationKind.LOOK: KindTraits(Medium.MEASURED, "look", tells=False),
    ObservationKind.MOTION: KindTraits(Medium.MEASURED, "motion", tells=False),
    ObservationKind.TRANSITION: KindTraits(Medium.MEASURED, "motion", tells=False),
}
"""The properties of every kind; a new kind is one entry here (a test finds missing ones)."""


def kinds_where(is_wanted: Callable[[KindTraits], bool]) -> frozenset[ObservationKind]:
    """The kinds whose properties fulfil a condition: ``kinds_where(lambda kind: kind.tells)``."""
    return frozenset(kind for kind, traits in KINDS.items() if is_wanted(traits))


TELLING: Final = kinds_where(lambda kind: kind.tells)
"""Kinds that are language about the video."""
SPOKEN: Final = kinds_where(lambda kind: kind.medium is Medium.SPOKEN)
WRITTEN: Final = kinds_where(lambda kind: kind.medium is Medium.WRITTEN)
SEEN: Final = kinds_where(lambda kind: kind.medium is Medium.SEEN)
NOT_MEASURED: Final = kinds_where(lambda kind: kind.medium is not Medium.MEASURED)


@dataclass(frozen=True, slots=True)
class Observation:
    """Something seen or heard in a span, by the observer ``source``.

    ``confidence`` is in ``[0, 1]``; ``box`` is the place in the frame, where there is one.

    Raises:
        ValueError: a confidence out of range.
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
        """The track it belongs to: ``source``; for a line that only a second track of the same language has
        (``"film.en.sdh.srt beside film.en.srt"``) the first track."""
        return self.source.rpartition(BESIDE)[2]


UNSURE = 0.6
"""What was heard with a word less probable than this is told as unsure."""


@dataclass(frozen=True, slots=True)
class SpokenWord:
    """A word as a speech model heard it, with the space before it where there is one, and how probable it is,
    in ``[0, 1]``."""

    span: Span
    text: str
    probability: float


@dataclass(frozen=True, slots=True)
class RecognizedSpeech:
    """The words of a stretch of sound, with times in seconds from its start, and their language as a code of two
    letters; None where it is not sure of it."""

    words: tuple[SpokenWord, ...]
    language: str | None


@dataclass(frozen=True, slots=True)
class Detection:
    """The place of an object in a frame, and a confidence in ``[0, 1]``."""

    box: Box
    confidence: float
