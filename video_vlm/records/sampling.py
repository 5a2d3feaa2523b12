"""Where a video cuts, and which moments of it are looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from video_vlm.records.time import Span

__all__ = ["Cut", "Sample", "Shot"]


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
            raise ValueError(
                f"a shot begins inside its cut, got {self.at} and [{self.span.start}, {self.span.end}]"
            )


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
