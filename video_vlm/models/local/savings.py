"""Settings of what a local model may leave out and what it keeps."""

from __future__ import annotations

from dataclasses import dataclass

from video_vlm.memory import DiskCache

__all__ = ["Savings"]


@dataclass(frozen=True, slots=True)
class Savings:
    """What is merged and kept.

    Args:
        merge: So many times fewer visual tokens; 1 for all of them.
        kept_prefixes: Of how many prompts the beginning is kept as it was read; 0 for none.
        feature_bytes: How much is kept in memory of pictures that were looked at; 0 for nothing.
        shelf: Where it is kept for later processes too; None for nowhere.
        merger: Who merges: a name in ``MERGERS``, or ``auto``.
    """

    merge: int = 1
    kept_prefixes: int = 1
    feature_bytes: int = 256_000_000
    shelf: DiskCache | None = None
    merger: str = "auto"

    @property
    def are_none(self) -> bool:
        return self.merge == 1 and not self.kept_prefixes and not self.feature_bytes and self.shelf is None
