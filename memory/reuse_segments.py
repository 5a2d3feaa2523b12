"""A new memory that begins with parts of the one it will replace."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from typing import Final

from video_vlm.errors import LibraryError
from video_vlm.memory.row_copy import insert_row
from video_vlm.records import Level

__all__ = ["reuse_segments"]

_NODES: Final = f"""
    INSERT INTO nodes (memory, id, level, start, "end", parent, summary, title, coverage, provenance)
    SELECT :new, id, level, start, "end", CASE level WHEN '{Level.FRAME}' THEN parent END,
        summary, title, coverage, provenance
    FROM nodes WHERE memory = :old AND level IN ('{Level.SEGMENT}', '{Level.FRAME}')
"""
_POSTERS: Final = """
    INSERT INTO posters (memory, node, jpeg, pts_seconds)
    SELECT :new, node, jpeg, pts_seconds FROM posters WHERE memory = :old
"""
_SIGHTS: Final = f"""
    INSERT INTO sights (memory, node, encoder, vector)
    SELECT :new, s.node, s.encoder, s.vector FROM sights AS s JOIN nodes AS n ON n.memory = s.memory AND n.id = s.node
    WHERE s.memory = :old AND n.level IN ('{Level.SEGMENT}', '{Level.FRAME}') ORDER BY s.id
"""
_KEPT: Final = """
    SELECT * FROM passages WHERE memory = :old AND node IS NULL
    AND observer IN (SELECT value FROM json_each(:observers)) ORDER BY id
"""
_VECTORS: Final = (
    "INSERT INTO vectors (passage, encoder, vector) SELECT ?, encoder, vector FROM vectors WHERE passage = ?"
)


def reuse_segments(
    connection: sqlite3.Connection, memory: int, content_id: str, observers: Iterable[str]
) -> None:
    """Copy segments, frames, their thumbnails and visual vectors, and the observations of ``observers`` with
    their vectors, from the video's complete memory; the rows of ``memory`` are deleted. In the caller's
    transaction.

    Raises:
        LibraryError: there is no complete memory.
    """
    complete = "SELECT id FROM memories WHERE content_id = ? AND complete"
    row = connection.execute(complete, (content_id,)).fetchone()
    if row is None:
        raise LibraryError(
            f"the memory of {content_id} was removed while a part of it was made again: index it again"
        )
    connection.execute("DELETE FROM passages WHERE memory = ?", (memory,))
    connection.execute("DELETE FROM nodes WHERE memory = ?", (memory,))
    connection.execute("UPDATE memories SET until_seconds = NULL, state = '' WHERE id = ?", (memory,))
    parameters = {"new": memory, "old": row["id"], "observers": json.dumps(list(observers))}
    for statement in (_NODES, _POSTERS, _SIGHTS):
        connection.execute(statement, {"new": memory, "old": row["id"]})
    for passage in connection.execute(_KEPT, parameters).fetchall():
        columns = {**dict(passage), "memory": memory}
        old = columns.pop("id")
        connection.execute(_VECTORS, (insert_row(connection, "passages", columns).lastrowid, old))
