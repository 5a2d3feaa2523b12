"""Checksums over rows: whether a memory, or a look, is still as it was written.

A memory has a checksum over its own row, and others over its *parts*: while it is written, ``file`` (the
observations of the file as a whole) and one for each segment; once it is complete, ``whole`` in their place.
Visual vectors have their own (``sights`` of a segment with its frames, or of a scene), since they may be
computed later. Row ids that change when a memory is copied are left out, so that the same rows have the same
checksum in every library.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from video_vlm.errors import LibraryDamaged
from video_vlm.memory.row_codec import REPAIR
from video_vlm.records import Level

__all__ = [
    "broken_looks",
    "broken_parts",
    "parts_of",
    "seal_beginning",
    "seal_look",
    "seal_memory",
    "seal_of_look",
    "seal_of_row",
    "seal_row",
    "seal_segment",
    "seal_unsealed",
    "seal_visual_vectors",
    "seal_whole",
]


_ROW: Final = """
    SELECT content_id, recipe, complete, video, channels, missing, damage, until_seconds, state, indexed_at
    FROM memories WHERE id = :memory
"""
_NODES: Final = """
    SELECT id, level, start, "end", parent, summary, title, coverage, provenance FROM nodes WHERE memory = :memory {}
    ORDER BY id
"""
_POSTERS: Final = "SELECT node, pts_seconds, jpeg FROM posters WHERE memory = :memory {} ORDER BY node"
_PASSAGES: Final = """
    SELECT content_id, observer, segment, node, question, kind, start, "end", text, words, source, confidence, box,
        written_at
    FROM passages WHERE {} ORDER BY id
"""
_SIGHTS: Final = "SELECT node, encoder, vector FROM sights WHERE memory = :memory {} ORDER BY node, encoder"
_LOOK: Final = (
    "SELECT content_id, observer, digest, question, reason, max_side, looked_at FROM looks WHERE id = :look"
)
_PICTURES: Final = 'SELECT start, "end" FROM looked_pictures WHERE look = :look ORDER BY start'

# A node with its frames: found by key, so that the time for a segment does not depend on the video's length.
_FAMILY: Final = f"""
    AND {{}} IN (
        SELECT :node UNION ALL SELECT id FROM nodes INDEXED BY nodes_by_parent
        WHERE memory = :memory AND parent = :node AND level = '{Level.FRAME}'
    )
"""
_WHOLE: Final = (_NODES.format(""), _POSTERS.format(""), _PASSAGES.format("memory = :memory"))
_FILE: Final = (_PASSAGES.format("memory = :memory AND segment IS NULL"),)
_SEGMENT: Final = (
    _NODES.format(_FAMILY.format("id")),
    _POSTERS.format(_FAMILY.format("node")),
    _PASSAGES.format("segment = :node AND +memory = :memory"),
)
_SEEN: Final = (_SIGHTS.format(_FAMILY.format("node")),)
_OF_LOOK: Final = (_LOOK, _PICTURES, _PASSAGES.format("look = :look"))

_SEEN_NODES: Final = f"""
    SELECT DISTINCT CASE n.level WHEN '{Level.FRAME}' THEN n.parent ELSE n.id END FROM sights AS s
    JOIN nodes AS n ON n.memory = s.memory AND n.id = s.node WHERE s.memory = :memory
"""


def seal_row(connection: sqlite3.Connection, memory: int) -> None:
    """Write the checksum of the memory's own row; needed after each change of it."""
    connection.execute("UPDATE memories SET seal = ? WHERE id = ?", (seal_of_row(connection, memory), memory))


def seal_beginning(connection: sqlite3.Connection, memory: int) -> None:
    """Write the checksum of the observations of the file as a whole, while the memory is written."""
    _put(connection, memory, "file")


def seal_segment(connection: sqlite3.Connection, memory: int, segment: str) -> None:
    """Write the checksum of one segment with its frames and observations, while the memory is written."""
    _put(connection, memory, f"segment {segment}")


def seal_whole(connection: sqlite3.Connection, memory: int) -> None:
    """Write the checksum of a complete memory in place of those of its parts."""
    connection.execute("DELETE FROM seals WHERE memory = ? AND part NOT LIKE 'sights %'", (memory,))
    _put(connection, memory, "whole")


def seal_visual_vectors(connection: sqlite3.Connection, memory: int, node: str) -> None:
    """Write the checksum of the visual vectors of a segment with its frames, or of a scene."""
    _put(connection, memory, f"sights {node}")


def seal_memory(connection: sqlite3.Connection, memory: int) -> None:
    """Write all checksums of a memory, complete or not, whose rows were copied."""
    connection.execute("DELETE FROM seals WHERE memory = ?", (memory,))
    if _column(connection, memory, "complete"):
        seal_whole(connection, memory)
    else:
        seal_beginning(connection, memory)
        rows = connection.execute(
            f"SELECT id FROM nodes WHERE memory = ? AND level = '{Level.SEGMENT}'", (memory,)
        ).fetchall()
        for (segment,) in rows:
            seal_segment(connection, memory, segment)
    for (node,) in connection.execute(_SEEN_NODES, {"memory": memory}).fetchall():
        seal_visual_vectors(connection, memory, node)
    seal_row(connection, memory)


def seal_look(connection: sqlite3.Connection, look: int) -> None:
    """Write the checksum of a look with its frames and observations."""
    connection.execute("UPDATE looks SET seal = ? WHERE id = ?", (seal_of_look(connection, look), look))


def seal_unsealed(connection: sqlite3.Connection) -> None:
    """Write the checksums of memories and looks of an earlier format, which have none. In the caller's
    transaction."""
    for (memory,) in connection.execute("SELECT id FROM memories WHERE seal IS NULL").fetchall():
        seal_memory(connection, memory)
    for (look,) in connection.execute("SELECT id FROM looks WHERE seal IS NULL").fetchall():
        seal_look(connection, look)


def parts_of(connection: sqlite3.Connection, memory: int) -> dict[str, str]:
    """The stored checksums of a memory's parts, by part."""
    return dict(connection.execute("SELECT part, checksum FROM seals WHERE memory = ?", (memory,)).fetchall())


def seal_of_row(connection: sqlite3.Connection, memory: int) -> str:
    """The checksum of a memory's own row as it is now: BLAKE2b, 32 hexadecimal digits."""
    return _checksum(connection, (_ROW,), {"memory": memory})


def seal_of_look(connection: sqlite3.Connection, look: int) -> str:
    """The checksum of a look as it is now: BLAKE2b, 32 hexadecimal digits."""
    return _checksum(connection, _OF_LOOK, {"look": look})


def broken_parts(connection: sqlite3.Connection, memory: int) -> Iterator[str]:
    """The parts of a memory whose checksums do not fit (``row`` is its own row); none where it has no
    checksum.

    Raises:
        LibraryDamaged: there is no such memory.
    """
    seal = _column(connection, memory, "seal")
    if seal is None:
        return
    if seal != seal_of_row(connection, memory):
        yield "row"
    for part, checksum in parts_of(connection, memory).items():
        if checksum != _part(connection, memory, part):
            yield part


def broken_looks(connection: sqlite3.Connection) -> Iterator[tuple[str, str]]:
    """Content id and question of each look whose checksum does not fit."""
    looks = connection.execute("SELECT id, seal, content_id, question FROM looks").fetchall()
    for look, seal, content_id, question in looks:
        if seal is not None and seal != seal_of_look(connection, look):
            yield content_id, question


def _column(connection: sqlite3.Connection, memory: int, name: str) -> object:
    row = connection.execute(f"SELECT {name} FROM memories WHERE id = ?", (memory,)).fetchone()
    if row is None:
        what = f"an index of the library lists memory {memory}, which is not there"
        raise LibraryDamaged(f"{what}; {REPAIR}")
    return row[0]


def _put(connection: sqlite3.Connection, memory: int, part: str) -> None:
    connection.execute(
        "INSERT INTO seals (memory, part, checksum) VALUES (?, ?, ?)"
        " ON CONFLICT (memory, part) DO UPDATE SET checksum = excluded.checksum",
        (memory, part, _part(connection, memory, part)),
    )


def _part(connection: sqlite3.Connection, memory: int, part: str) -> str:
    kind, _, node = part.partition(" ")
    queries = {"whole": _WHOLE, "file": _FILE, "segment": _SEGMENT, "sights": _SEEN}.get(kind, ())
    return _checksum(connection, queries, {"memory": memory, "node": node})


def _checksum(
    connection: sqlite3.Connection, queries: Iterable[str], parameters: Mapping[str, object]
) -> str:
    total = hashlib.blake2b(digest_size=16)
    for query in queries:
        cursor = connection.cursor()
        cursor.row_factory = None
        for row in cursor.execute(query, parameters):
            *values, last = row
            blob = last if isinstance(last, bytes) else b""
            # ASCII, not repr: the characters that repr escapes differ between versions of Python.
            total.update(ascii((*values, len(blob) if blob else last)).encode() + blob)
        total.update(b"\n")
    return total.hexdigest()
