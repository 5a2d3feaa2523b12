"""The levels of a memory and its nodes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from video_vlm.records.time import Span

__all__ = ["Level", "Node", "Sentence"]


class Level(StrEnum):
    """The levels of the memory: a name and a rank, the finest first.

    A new level is an entry here and a migration that inserts its row
    (:mod:`video_vlm.memory.schema_levels`).
    """

    rank: int

    def __new__(cls, name: str, rank: int = 0) -> Self:
        level = str.__new__(cls, name)
        level._value_ = name
        level.rank = rank
        return level

    FRAME = "frame", 10
    SEGMENT = "segment", 20
    SCENE = "scene", 30
    CHAPTER = "chapter", 40
    VIDEO = "video", 50


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of a summary, and the ids of the child nodes it cites.

    Raises:
        ValueError: it cites nothing.
    """

    text: str
    cites: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.cites:
            raise ValueError(f"a summary sentence must cite what it rests on: {self.text!r}")


@dataclass(frozen=True, slots=True)
class Node:
    """One node of the memory.

    ``id`` is ``hash(content id, level, span, recipe digest)``; ``coverage`` the share of ``span`` that was
    looked at, in ``[0, 1]``; ``provenance`` the digest of the recipe that made it.
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
