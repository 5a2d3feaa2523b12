"""What was seen and heard, when, by whom, and how sure."""

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
    "WRITTEN",
    "Detection",
    "KindTraits",
    "Medium",
    "Observation",
    "ObservationKind",
    "kinds_where",
]


BESIDE = " beside "
"""In the source of a line that only a second track of one language has: ``"film.en.sdh.srt beside
film.en.srt"``."""


class ObservationKind(StrEnum):
    """What sort of thing was observed."""

    SUBTITLE = "subtitle"
    """A line of a text track or subtitle file: what is said, or what a writer says is heard. It is one
    observation, however many cues, and tracks of its language, show it."""
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


class Medium(StrEnum):
    """How what was observed comes to people: said, written, seen, or only measured."""

    SPOKEN = "spoken"
    WRITTEN = "written"
    SEEN = "seen"
    MEASURED = "measured"


@dataclass(frozen=True, slots=True)
class KindTraits:
    """What is known of a kind of observation. Everything that treats kinds differently goes by this.

    Args:
        medium: How it comes to people.
        channel: Under which name it is searched when a look is planned.
        lead: How it is cited: ``At 0:09 the subtitles say: “...”``.
        tells: Whether it is language about the video: it can answer, name somebody, and stand beside what was
            found.
        worth: How much it says of what happens, in ``[0, 1]``; summaries are made of the worthiest that fit.
        quoted: How a summary shows its text. What strangers wrote or said is quoted, so that no reader takes
            it for our own words.
        is_of_the_file: Whether it is written in the file or beside it, at times that the video need not have.
    """

    medium: Medium
    channel: str
    lead: str = "it says"
    tells: bool = True
    worth: float = 0.5
    quoted: str = "{}"
    is_of_the_file: bool = False


KINDS: Final[Mapping[ObservationKind, KindTraits]] = {
    ObservationKind.SUBTITLE: KindTraits(
        Medium.SPOKEN, "speech", "the subtitles say", worth=0.7, quoted="“{}”", is_of_the_file=True
    ),
    ObservationKind.SPEECH: KindTraits(Medium.SPOKEN, "speech", "it is said", worth=0.7, quoted="“{}”"),
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
"""Every kind; a new one is one entry here (and the test of this table says what is missing)."""


def kinds_where(is_wanted: Callable[[KindTraits], bool]) -> frozenset[ObservationKind]:
    """The kinds of which something holds: ``kinds_where(lambda kind: kind.tells)``."""
    return frozenset(kind for kind, traits in KINDS.items() if is_wanted(traits))


TELLING: Final = kinds_where(lambda kind: kind.tells)
"""Kinds that are language about the video."""
SPOKEN: Final = kinds_where(lambda kind: kind.medium is Medium.SPOKEN)
WRITTEN: Final = kinds_where(lambda kind: kind.medium is Medium.WRITTEN)
SEEN: Final = kinds_where(lambda kind: kind.medium is Medium.SEEN)
NOT_MEASURED: Final = kinds_where(lambda kind: kind.medium is not Medium.MEASURED)


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
        """The track it is told with: ``source``, but for a line that only a second track of the same language
        has, whose source is ``"film.en.sdh.srt beside film.en.srt"``, the one beside it."""
        return self.source.rpartition(BESIDE)[2]


@dataclass(frozen=True, slots=True)
class Detection:
    """Where in a picture something was found, and how surely, in ``[0, 1]``."""

    box: Box
    confidence: float
