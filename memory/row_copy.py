"""Which rows make up one video's memory, and how they move from one database to another.

Ids are given anew on the way: only what refers to what is kept.
"""

from __future__ import annotations

import hashlib
import sqlite3
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from video_vlm.memory.row_codec import blob
from video_vlm.memory.vector_index import VectorBlob

__all__ = [
    "ALL_TABLES",
    "LEFT_BEHIND",
    "MEMORY_TABLES",
    "VECTOR_TABLES",
    "OwnedTable",
    "checksum",
    "copy_rows",
    "copy_tables",
    "mistyped",
]


@dataclass(frozen=True, slots=True)
class OwnedTable:
    """A table that travels: which of its rows belong to a memory, and which columns hold the id of another's
    row. ``beside`` is another table that ``rows`` asks; earlier formats may not have it."""

    name: str
    rows: str
    links: Mapping[str, str] = field(default_factory=dict)
    ignore_known: bool = False
    beside: str | None = None


_OF_MEMORY: Final = "memory = :memory"
_OF_LOOKS: Final = "look IN (SELECT id FROM looks WHERE content_id = :content)"
_OF_PASSAGES: Final = f"passage IN (SELECT id FROM passages WHERE {_OF_MEMORY})"
_WITH_VECTORS: Final = f"name IN (SELECT encoder FROM vectors WHERE {_OF_PASSAGES})"
_WITH_SIGHTS: Final = f"name IN (SELECT encoder FROM sights WHERE {_OF_MEMORY})"

VECTOR_TABLES: Final = (
    OwnedTable("encoders", _WITH_VECTORS, ignore_known=True),
    OwnedTable("vectors", _OF_PASSAGES, {"passage": "passages"}),
    OwnedTable("encoders", _WITH_SIGHTS, ignore_known=True, beside="sights"),
    OwnedTable("sights", _OF_MEMORY, {"memory": "memories"}),
)

MEMORY_TABLES: Final = (
    OwnedTable("videos", "content_id = :content", ignore_known=True),
    OwnedTable("memories", "id = :memory"),
    OwnedTable("nodes", _OF_MEMORY, {"memory": "memories"}),
    OwnedTable("posters", _OF_MEMORY, {"memory": "memories"}),
    OwnedTable("passages", _OF_MEMORY, {"memory": "memories"}),
    *VECTOR_TABLES,
)
"""What observers saw and what was made of it; owners come before what they own."""

_LOOK_TABLES: Final = (
    OwnedTable("looks", "content_id = :content"),
    OwnedTable("looked_pictures", _OF_LOOKS, {"look": "looks"}),
    OwnedTable("passages", _OF_LOOKS, {"look": "looks"}),
)

ALL_TABLES: Final = (*MEMORY_TABLES, *_LOOK_TABLES)
"""The same with what questions made us look at. (Vectors of those are made again.)"""

LEFT_BEHIND: Final = frozenset({"levels", "files", "word_index", "index_marks", "seals"})
"""Where files lie is nobody else's business; the full-text index is made by triggers, indexes of vectors when
they are asked for, and seals are given anew."""


def copy_rows(
    source: sqlite3.Connection,
    target: sqlite3.Connection,
    tables: Sequence[OwnedTable],
    *,
    content_id: str,
    memory: int,
) -> int:
    """Copies a memory's rows, in the caller's transaction; returns the memory's id in ``target``."""
    return copy_tables(source, target, tables, content=content_id, memory=memory)["memories"][memory]


def copy_tables(
    source: sqlite3.Connection, target: sqlite3.Connection, tables: Sequence[OwnedTable], **parameters: object
) -> dict[str, dict[int, int]]:
    """Copies the rows that ``parameters`` choose; returns, by table, which id became which."""
    ids: dict[str, dict[int, int]] = {"memories": {}, "passages": {}, "looks": {}, "sights": {}}
    for table in tables:
        for row in _rows(source, table, parameters):
            columns = {
                name: ids[table.links[name]][value] if name in table.links and value is not None else value
                for name, value in row.items()
                if not (name == "id" and table.name in ids)
            }
            cursor = target.execute(_insert(table, tuple(columns)), columns)
            if table.name in ids and cursor.lastrowid is not None:
                ids[table.name][row["id"]] = cursor.lastrowid
    return ids


def checksum(connection: sqlite3.Connection, *, content_id: str, memory: int) -> str:
    """SHA-256 over every value of every row that travels, each with its type and length. (Earlier formats
    have fewer tables.)"""
    total = hashlib.sha256()
    there = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    for table in (one for one in ALL_TABLES if one.name in there and (one.beside or one.name) in there):
        total.update(_bytes(table.name))
        for row in _rows(connection, table, {"content": content_id, "memory": memory}):
            total.update(b"".join(_bytes(value) for value in row.values()) + b"\n")
    return total.hexdigest()


def mistyped(connection: sqlite3.Connection) -> str | None:
    """The first column that holds something of another type than it declares: SQLite itself does not mind."""
    for name in dict.fromkeys(table.name for table in ALL_TABLES):
        for column in connection.execute(f"PRAGMA table_info({name})").fetchall():
            wrong = f"SELECT 1 FROM {name} WHERE typeof(\"{column['name']}\") NOT IN ('null', ?)"
            if connection.execute(wrong, (column["type"].lower(),)).fetchone():
                return f"{name}.{column['name']}"
    return None


def _rows(
    connection: sqlite3.Connection, table: OwnedTable, parameters: Mapping[str, object]
) -> Iterator[dict[str, Any]]:
    """In the order they were written in, or of their keys."""
    # A trip gives ids anew in this order, so that the same memory always makes the same file.
    cursor = connection.execute(
        f"SELECT * FROM {table.name} WHERE {table.rows} ORDER BY {_ORDER.get(table.name, '1, 2')}",
        parameters,
    )
    names = [column[0] for column in cursor.description]
    for row in cursor:
        values = dict(zip(names, row, strict=True))
        yield (
            {**values, "vector": VectorBlob(blob(values["vector"], "vector"))}
            if "vector" in values
            else values
        )


_ORDER: Final = {
    "videos": "content_id",
    "memories": "id",
    "passages": "id",
    "looks": "id",
    "encoders": "name",
    "sights": "id",
}


def _insert(table: OwnedTable, columns: Sequence[str]) -> str:
    names = ", ".join(f'"{name}"' for name in columns)
    values = ", ".join(f":{name}" for name in columns)
    known = "OR IGNORE " if table.ignore_known else ""
    return f"INSERT {known}INTO {table.name} ({names}) VALUES ({values})"


def _bytes(value: object) -> bytes:
    if isinstance(value, float):
        return b"f" + struct.pack(">d", value)
    if isinstance(value, bytes):
        return b"b" + struct.pack(">q", len(value)) + value
    text = str(value).encode()
    return (b"s" if isinstance(value, str) else b"i") + struct.pack(">q", len(text)) + text
