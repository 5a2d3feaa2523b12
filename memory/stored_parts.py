"""What a memory is written in: frames with their pictures, and the checkpoint behind a segment."""

from __future__ import annotations

from dataclasses import dataclass

from video_vlm.records import Node

__all__ = ["MemoryCheckpoint", "StoredFrame"]


@dataclass(frozen=True, slots=True)
class MemoryCheckpoint:
    """How far a build has come: everything before ``until_seconds`` is written. ``state`` is the indexer's
    own note (small JSON) from which it goes on."""

    until_seconds: float
    state: str = ""


@dataclass(frozen=True, slots=True)
class StoredFrame:
    """A frame with its thumbnail as JPEG bytes, and the time of the decoded frame in seconds, if known."""

    node: Node
    jpeg: bytes
    pts_seconds: float | None = None
