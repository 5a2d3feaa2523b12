"""What supports an answer: evidence that was found, and claims with their citations."""

from __future__ import annotations

from dataclasses import dataclass

from video_vlm.records.media import Box
from video_vlm.records.observations import ObservationKind
from video_vlm.records.time import Span

__all__ = ["Citation", "Claim", "Evidence"]


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
