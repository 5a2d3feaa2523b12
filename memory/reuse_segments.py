"""A new memory that begins with what is kept of the one it will replace."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from typing import Final

from video_vlm.errors import LibraryError
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


def reuse_segments(
    connection: sqlite3.Connection, memory: int, content_id: str, observers: Iterable[str]
) -> None:
    """Copies segments, frames, their posters and looks, and what ``observers`` said with its vectors, from
    the video's complete memory; what ``memory`` held is dropped. In the caller's transaction.

    Raises:
        LibraryError: there is no complete memory.
    """
    row = connection.execute(
        "SELECT id FROM memories WHERE content_id = ? AND complete", (content_id,)
    ).fetchone()
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
        _copy_passage(connection, memory, dict(passage))


def _copy_passage(connection: sqlite3.Connection, memory: int, passage: dict[str, object]) -> None:
    old = passage.pop("id")
    names = ", ".join(f'"{name}"' for name in passage)
    values = ", ".join(f":{name}" for name in passage)
    cursor = connection.execute(
        f"INSERT INTO passages ({names}) VALUES ({values})",
        {**passage, "memory": memory},
    )
    connection.execute(
        "INSERT INTO vectors (passage, encoder, vector) SELECT ?, encoder, vector FROM vectors WHERE passage "
        "= ?",
        (cursor.lastrowid, old),
    )
