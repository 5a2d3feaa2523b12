"""Tables for export: scenes, summaries, observations and vectors, with rows made one at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from video_vlm.memory import MemoryView
from video_vlm.memory.look_cache import StoredLook
from video_vlm.records import Level, Observation, Span

__all__ = ["TABLES", "ColumnKind", "Table"]


class ColumnKind(StrEnum):
    """The type of a column; any value may be missing (None)."""

    TEXT = "text"
    WHOLE = "whole"
    NUMBER = "number"
    TEXTS = "texts"
    """A list of texts."""
    VECTOR = "vector"
    """A list of float32, of the same length for every row of one encoder."""


@dataclass(frozen=True, slots=True)
class Table:
    """The types of columns by name, and an iterator of rows with a value for each. Times are in seconds."""

    columns: Mapping[str, ColumnKind]
    rows: Iterator[tuple[Any, ...]]


_TIME = {"content_id": ColumnKind.TEXT, "start": ColumnKind.NUMBER, "end": ColumnKind.NUMBER}


def _time(memory: MemoryView, span: Span) -> tuple[str, float, float]:
    return memory.content_id, span.start, span.end


def _scenes(memory: MemoryView) -> Table:
    """One row for each scene."""
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
        (*_time(memory, node.span), number, node.title, node.text, node.coverage, node.id, node.parent)
        for number, node in enumerate(memory.nodes(Level.SCENE), start=1)
    )
    return Table(columns, rows)


def _summaries(memory: MemoryView) -> Table:
    """One row for each sentence of a summary, of every level, with the nodes it cites."""
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
            *_time(memory, node.span),
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
    """One row for each observation: first those of indexing, then those of looks with their questions."""
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
        return (*_time(memory, one.span), *said, *box, *why)

    def rows() -> Iterator[tuple[Any, ...]]:
        yield from (row(one, None) for one in memory.observations())
        yield from (row(one, look) for look in memory.looks() for one in look.observations)

    return Table(columns, rows())


def _vectors(memory: MemoryView) -> Table:
    """One row for each vector, with its passage."""
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
            *_time(memory, one.span),
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
"""Tables by name."""
