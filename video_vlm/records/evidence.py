"""Evidence for an answer, and claims with their citations."""

from __future__ import annotations

from dataclasses import dataclass

from video_vlm.records.media import Box
from video_vlm.records.observations import ObservationKind
from video_vlm.records.time import Span

__all__ = ["Citation", "Claim", "Evidence"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """A result of a search in the memory: its span, its score, and why it was found.

    Scores compare within one search only. ``found_by`` names the searches that found it: ``words``,
    ``meaning``, ``sight`` (a text compared with frames), ``like`` (an image with frames). A frame found by
    sight alone has no text.
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
    """A span of one video that supports a claim, and a quote of the video's text there.

    ``box`` is the place in the frame, for an object that a detector found.
    """

    span: Span
    quote: str = ""
    kind: ObservationKind | None = None
    box: Box | None = None

    def __str__(self) -> str:
        return f"[{self.span}]"


@dataclass(frozen=True, slots=True)
class Claim:
    """One statement and the spans that support it.

    Raises:
        ValueError: there are no citations.
    """

    text: str
    citations: tuple[Citation, ...]

    def __post_init__(self) -> None:
        if not self.citations:
            raise ValueError(f"a claim must cite evidence: {self.text!r}")
