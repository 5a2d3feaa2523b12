"""The levels of a memory and its nodes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from video_vlm.records.time import Span

__all__ = ["Level", "Node", "Sentence"]


class Level(StrEnum):
    """The levels of the memory, finest first."""

    FRAME = "frame"
    SEGMENT = "segment"
    SCENE = "scene"
    CHAPTER = "chapter"
    VIDEO = "video"


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of a summary and the ids of the children (or observations' nodes) it rests on."""

    text: str
    cites: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.cites:
            raise ValueError(f"a summary sentence must cite what it rests on: {self.text!r}")


@dataclass(frozen=True, slots=True)
class Node:
    """One node of the memory.

    ``id`` is ``hash(content id, level, span, recipe digest)``; ``coverage`` the share of ``span``
    that was really looked at, in ``[0, 1]``; ``provenance`` who made it (a recipe digest).
    """

    id: str
    content_id: str
    level: Level
    span: Span
    parent: str | None
    summary: tuple[Sentence, ...] = ()
    title: str | None = None
    coverage: float = 1.0
    provenance: str = ""

    @property
    def text(self) -> str:
        return " ".join(sentence.text for sentence in self.summary)
