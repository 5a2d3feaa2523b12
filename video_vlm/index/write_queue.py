"""Segments that wait for the vectors of their frames; they are written in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from video_vlm.index.frame_embeddings import SegmentEmbeddings
from video_vlm.index.observer_set import Observations
from video_vlm.memory import MemoryCheckpoint, MemoryWriter, StoredFrame
from video_vlm.records import Node

__all__ = ["PendingSegment", "WriteQueue"]


@dataclass(frozen=True, slots=True)
class PendingSegment:
    """One segment with everything that belongs to it, and the checkpoint after it; ``sight`` is None without
    a tower."""

    segment: Node
    pictures: Sequence[StoredFrame]
    observations: Observations
    checkpoint: MemoryCheckpoint
    sight: SegmentEmbeddings | None = None

    @property
    def is_ready(self) -> bool:
        return self.sight is None or self.sight.is_ready


class WriteQueue:
    """Writes segments in order, each once its vectors are ready."""

    def __init__(self, build: MemoryWriter) -> None:
        self._build = build
        self._waiting: deque[PendingSegment] = deque()

    def add(self, one: PendingSegment) -> None:
        """Writes a segment, and those before it, if they are ready; else keeps them for later."""
        self._waiting.append(one)
        while self._waiting and self._waiting[0].is_ready:
            self._write(self._waiting.popleft())

    def empty(self) -> None:
        """Waits for all segments and writes them."""
        while self._waiting:
            self._write(self._waiting.popleft())

    def _write(self, one: PendingSegment) -> None:
        sights = one.sight.sights() if one.sight else None
        self._build.put_segment(one.segment, one.pictures, one.observations, one.checkpoint, sights=sights)
