"""Writing searchable passages: observations, summaries of scenes, and observations of looks."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from video_vlm.memory.fts_query import searchable
from video_vlm.memory.row_codec import observation_columns
from video_vlm.memory.typed_json import clean
from video_vlm.records import Level, Node, Observation

__all__ = ["IN_ORDER", "SEARCHED_LEVEL", "add_observations", "add_seen", "add_summaries", "drop_observations"]

SEARCHED_LEVEL: Final = Level.SCENE
"""The level whose summaries are searched: those of coarser levels match everything, finer ones repeat their
observations."""

IN_ORDER: Final = 'start, "end", observer, segment IS NOT NULL, id'
"""The order of observations. The order of ids would differ after an interrupted build, because observations
of the whole file are written again when it goes on."""

_COLUMNS: Final = (
    "content_id",
    "memory",
    "observer",
    "segment",
    "node",
    "look",
    "question",
    "kind",
    "start",
    "end",
    "text",
    "words",
    "source",
    "confidence",
    "box",
    "written_at",
)

_INSERT: Final = "INSERT INTO passages ({}) VALUES ({})".format(
    ", ".join(f'"{name}"' for name in _COLUMNS), ", ".join(f":{name}" for name in _COLUMNS)
)


def add_observations(
    connection: sqlite3.Connection,
    observations: Mapping[str, Sequence[Observation]],
    *,
    content_id: str,
    memory: int,
    segment: str | None = None,
) -> None:
    """Write observations by observer; ``segment`` is the id of their segment, None for those of the file."""
    for observer, seen in observations.items():
        owner = {"content_id": content_id, "memory": memory, "observer": observer, "segment": segment}
        _insert(connection, ({**observation_columns(one), **owner} for one in seen))


def drop_observations(connection: sqlite3.Connection, observer: str, *, memory: int) -> None:
    """Delete all observations of one observer in one memory."""
    connection.execute("DELETE FROM passages WHERE memory = ? AND observer = ?", (memory, observer))


def add_summaries(
    connection: sqlite3.Connection, nodes: Iterable[Node], *, content_id: str, memory: int
) -> None:
    """Make the summaries of scenes among ``nodes`` searchable, where they have any."""
    _insert(
        connection,
        (
            {
                "content_id": content_id,
                "memory": memory,
                "node": node.id,
                "start": node.span.start,
                "end": node.span.end,
                "text": text,
                "source": node.provenance,
                "confidence": 1.0,
            }
            for node in nodes
            if node.level is SEARCHED_LEVEL and (text := _words_of(node))
        ),
    )


def add_seen(
    connection: sqlite3.Connection, observations: Iterable[Observation], owner: Mapping[str, object]
) -> int:
    """Add the observations of a look, except those for which the video has a passage of the same kind and the
    same text that covers their span; one of another look must have the very span, as it would not be found where
    their own pictures are asked for. ``owner`` holds the columns they share. Returns how many were added.
    """
    columns = [observation_columns(one) for one in dict.fromkeys(observations)]
    said = (
        "SELECT 1 FROM readable_passages WHERE content_id = :content_id AND kind = :kind AND text = :text"
        ' AND start <= :start AND "end" >= :end AND (look IS NULL OR (start = :start AND "end" = :end))'
    )
    new = [one for one in columns if connection.execute(said, {**one, **owner}).fetchone() is None]
    _insert(connection, ({**one, **owner} for one in new))
    return len(new)


def _insert(connection: sqlite3.Connection, rows: Iterable[Mapping[str, Any]]) -> None:
    empty = dict.fromkeys(_COLUMNS)
    connection.executemany(_INSERT, ({**empty, **row, "words": searchable(row["text"])} for row in rows))


def _words_of(node: Node) -> str:
    title = node.title or ""
    # A scene's title is often a sentence of its summary; twice in the text it would count twice.
    return clean(node.text if title in node.text else f"{title}. {node.text}".removesuffix(". "))
