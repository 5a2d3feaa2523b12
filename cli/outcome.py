"""The outcome of one file of a batch, as it is printed."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Outcome"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The content id and lines about indexing, captions and summaries; or the ``error``."""

    path: str
    content_id: str | None = None
    summary: str | None = None
    captions: str | None = None
    summaries: str | None = None
    error: str | None = None
