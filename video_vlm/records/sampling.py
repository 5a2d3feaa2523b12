"""Cuts and shots of a video, and samples of frames to look at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from video_vlm.records.time import Span

__all__ = ["Cut", "Sample", "Shot"]


@dataclass(frozen=True, slots=True)
class Cut:
    """A boundary between two shots.

    ``span`` has no length for a hard cut, and is the transition for a gradual one, in seconds; the new shot
    begins ``at`` the time of a frame inside it. ``score`` is the strength of the change, in ``[0, 1]``.

    Raises:
        ValueError: ``at`` is outside of ``span``.
    """

    span: Span
    kind: Literal["hard", "fade", "dissolve"]
    score: float
    at: float

    def __post_init__(self) -> None:
        if not self.span.start <= self.at <= self.span.end:
            where = f"[{self.span.start}, {self.span.end}]"
            raise ValueError(f"a shot begins inside its cut, got {self.at} and {where}")


@dataclass(frozen=True, slots=True)
class Shot:
    """The frames between two cuts. Shots tile a video: each ends where the next begins. ``opened_by`` is the
    kind of the cut before it (``start`` for the first), ``score`` the score of that cut."""

    span: Span
    score: float
    opened_by: Literal["start", "hard", "fade", "dissolve"] = "start"


@dataclass(frozen=True, slots=True, order=True)
class Sample:
    """The time of a frame that a sampler plans to look at, in seconds, with its score and the reason."""

    pts_seconds: float
    score: float = 0.0
    reason: str = ""
