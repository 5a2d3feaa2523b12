"""Replacing the summary of a node in a complete memory."""

from __future__ import annotations

import sqlite3

from video_vlm.errors import LibraryError
from video_vlm.memory.row_checksums import seal_whole
from video_vlm.memory.row_codec import node_columns
from video_vlm.memory.searchable_text import add_summaries
from video_vlm.records import Node

__all__ = ["replace_summary"]


def replace_summary(connection: sqlite3.Connection, memory: int, node: Node) -> None:
    """Replace a node's summary, title and provenance, and the searchable text of a scene.

    Raises:
        LibraryError: the memory is not complete, or has no such node.
    """
    columns = {**node_columns(node), "memory": memory}
    changed = connection.execute(
        "UPDATE nodes SET summary = :summary, title = :title, provenance = :provenance"
        " WHERE memory = :memory AND id = :id"
        " AND EXISTS (SELECT 1 FROM memories WHERE memories.id = :memory AND complete)",
        columns,
    ).rowcount
    if not changed:
        raise LibraryError(
            f"no node {node.id!r} to summarise: the memory was replaced meanwhile, or is not complete"
        )
    connection.execute("DELETE FROM passages WHERE +memory = ? AND node = ?", (memory, node.id))
    add_summaries(connection, [node], content_id=node.content_id, memory=memory)
    seal_whole(connection, memory)
