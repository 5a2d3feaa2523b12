"""What became of one file of a batch, as it is printed."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Outcome"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """Its content id, what was found, captioned and summarised, or the reason why not."""

    path: str
    content_id: str | None = None
    summary: str | None = None
    captions: str | None = None
    summaries: str | None = None
    error: str | None = None
