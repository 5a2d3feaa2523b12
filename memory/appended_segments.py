"""A new memory that begins with that of an earlier, shorter version of the same file."""

from __future__ import annotations

import json
import sqlite3
from bisect import bisect_right
from collections.abc import Iterable
from functools import partial
from typing import Final

from video_vlm.errors import LibraryError
from video_vlm.memory.row_copy import insert_row
from video_vlm.memory.tree import node_id
from video_vlm.records import Level, Span

__all__ = ["grow_from"]

_NODES: Final = f"""
    SELECT * FROM nodes WHERE memory = ? AND level IN ('{Level.SEGMENT}', '{Level.FRAME}') AND "end" <= ?
    ORDER BY level = '{Level.FRAME}', start, "end", id
"""
_POSTERS: Final = "SELECT * FROM posters WHERE memory = ?"
_SIGHTS: Final = "SELECT * FROM sights WHERE memory = ? ORDER BY id"
_SAID: Final = """
    SELECT * FROM passages WHERE memory = :old AND node IS NULL AND (segment IS NOT NULL OR start < :until)
    AND observer IN (SELECT value FROM json_each(:observers)) ORDER BY id
"""
"""An observation of a segment is copied with the segment; one that was joined over segments, by its time."""


def grow_from(
    connection: sqlite3.Connection,
    memory: int,
    content_id: str,
    before: str,
    *,
    observers: Iterable[str],
    until: float,
    recipe: str,
) -> None:
    """Copy, under new ids, the segments and frames of ``before``'s complete memory that end by ``until``
    (seconds), with their thumbnails and visual vectors, and the observations of ``observers`` before it. In
    the caller's transaction.

    Raises:
        LibraryError: ``before`` has no complete memory.
    """
    complete = "SELECT id FROM memories WHERE content_id = ? AND complete"
    row = connection.execute(complete, (before,)).fetchone()
    if row is None:
        raise LibraryError(f"the memory of {before} was removed while it was read on: index the video again")
    old = row["id"]
    nodes = [dict(one) for one in connection.execute(_NODES, (old, until)).fetchall()]
    names = {
        node["id"]: node_id(content_id, Level(node["level"]), Span(node["start"], node["end"]), recipe)
        for node in nodes
    }
    insert = partial(insert_row, connection, ignore_known=True)
    for node in nodes:
        parent = names.get(node["parent"]) if node["level"] == "frame" else None
        sentences = json.loads(node["summary"])
        cited = [[text, [names[one] for one in cites if one in names]] for text, cites in sentences]
        changed = {"id": names[node["id"]], "parent": parent, "summary": json.dumps(cited)}
        insert("nodes", {**node, **changed, "memory": memory})
    for table, rows in (("posters", _POSTERS), ("sights", _SIGHTS)):
        for one in connection.execute(rows, (old,)).fetchall():
            if one["node"] in names:
                row = {key: value for key, value in dict(one).items() if key != "id"}
                insert(table, {**row, "memory": memory, "node": names[one["node"]]})
    segments = [node for node in nodes if node["level"] == "segment"]
    starts = [node["start"] for node in segments]
    parameters = {"old": old, "until": until, "observers": json.dumps(list(observers))}
    for one in connection.execute(_SAID, parameters).fetchall():
        place = bisect_right(starts, one["start"]) - 1
        there = one["segment"] or (segments[place]["id"] if place >= 0 else None)
        if there in names:
            said = {key: value for key, value in dict(one).items() if key != "id"}
            end = one["end"] if one["segment"] else min(one["end"], until)
            said |= {"content_id": content_id, "memory": memory, "segment": names[there], "end": end}
            insert("passages", said)
