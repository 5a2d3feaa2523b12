"""What can be exported as a table: scenes, summaries, observations, vectors; rows one at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from video_vlm.memory import MemoryView
from video_vlm.memory.look_cache import StoredLook
from video_vlm.records import Level, Observation

__all__ = ["TABLES", "ColumnKind", "Table"]


class ColumnKind(StrEnum):
    """What a column holds; anything may be missing (None)."""

    TEXT = "text"
    WHOLE = "whole"
    NUMBER = "number"
    TEXTS = "texts"
    """A list of texts."""
    VECTOR = "vector"
    """A list of 32-bit numbers, as many in every row of one encoder."""


@dataclass(frozen=True, slots=True)
class Table:
    """Columns by name, and rows with a value for each, made as they are asked for."""

    columns: Mapping[str, ColumnKind]
    rows: Iterator[tuple[Any, ...]]


_TIME = {"content_id": ColumnKind.TEXT, "start": ColumnKind.NUMBER, "end": ColumnKind.NUMBER}


def _scenes(memory: MemoryView) -> Table:
    """One row a scene."""
    columns = {
        **_TIME,
        "scene": ColumnKind.WHOLE,
        "title": ColumnKind.TEXT,
        "summary": ColumnKind.TEXT,
        "coverage": ColumnKind.NUMBER,
        "node": ColumnKind.TEXT,
        "chapter": ColumnKind.TEXT,
    }
    rows = (
        (
            memory.content_id,
            node.span.start,
            node.span.end,
            number,
            node.title,
            node.text,
            node.coverage,
            node.id,
            node.parent,
        )
        for number, node in enumerate(memory.nodes(Level.SCENE), start=1)
    )
    return Table(columns, rows)


def _summaries(memory: MemoryView) -> Table:
    """One row a sentence of a summary, of every level, with the nodes it rests on."""
    columns = {
        **_TIME,
        "level": ColumnKind.TEXT,
        "node": ColumnKind.TEXT,
        "title": ColumnKind.TEXT,
        "sentence": ColumnKind.WHOLE,
        "text": ColumnKind.TEXT,
        "cites": ColumnKind.TEXTS,
    }
    rows = (
        (
            memory.content_id,
            node.span.start,
            node.span.end,
            level.value,
            node.id,
            node.title,
            number,
            sentence.text,
            list(sentence.cites),
        )
        for level in reversed(Level)
        for node in memory.nodes(level)
        for number, sentence in enumerate(node.summary, start=1)
    )
    return Table(columns, rows)


def _observations(memory: MemoryView) -> Table:
    """One row an observation: first what observers saw of the whole video, then, with its question, what
    looks saw."""
    columns = {
        **_TIME,
        "kind": ColumnKind.TEXT,
        "text": ColumnKind.TEXT,
        "source": ColumnKind.TEXT,
        "confidence": ColumnKind.NUMBER,
        **dict.fromkeys(("left", "top", "right", "bottom"), ColumnKind.NUMBER),
        "question": ColumnKind.TEXT,
        "looked_at": ColumnKind.TEXT,
    }

    def row(one: Observation, look: StoredLook | None) -> tuple[Any, ...]:
        box = one.box or (None, None, None, None)
        why = (look.question, look.looked_at) if look else (None, None)
        said = (one.kind.value, one.text, one.source, one.confidence)
        return (memory.content_id, one.span.start, one.span.end, *said, *box, *why)

    def rows() -> Iterator[tuple[Any, ...]]:
        yield from (row(one, None) for one in memory.observations())
        yield from (row(one, look) for look in memory.looks() for one in look.observations)

    return Table(columns, rows())


def _vectors(memory: MemoryView) -> Table:
    """One row a vector, with the passage it stands for."""
    columns = {
        **_TIME,
        "encoder": ColumnKind.TEXT,
        "kind": ColumnKind.TEXT,
        "text": ColumnKind.TEXT,
        "node": ColumnKind.TEXT,
        "vector": ColumnKind.VECTOR,
    }
    rows = (
        (
            memory.content_id,
            one.span.start,
            one.span.end,
            one.encoder,
            one.kind.value if one.kind else "summary",
            one.text,
            one.node,
            one.vector.tolist(),
        )
        for one in memory.vectors()
    )
    return Table(columns, rows)


TABLES: Mapping[str, Callable[[MemoryView], Table]] = {
    "scenes": _scenes,
    "summaries": _summaries,
    "observations": _observations,
    "vectors": _vectors,
}
"""By the name it is asked for."""
