"""Which rows belong to one video's memory, and copying them from one database to another.

Rows get new ids in the target; references between rows are kept.
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
    "insert_row",
    "mistyped",
]


@dataclass(frozen=True, slots=True)
class OwnedTable:
    """A table whose rows are copied with a memory.

    ``rows`` is the SQL condition for them, ``links`` the table to which each column with a row id refers,
    ``ignore_known`` whether rows that are there already are skipped, ``beside`` another table that ``rows``
    reads; earlier formats may not have it.
    """

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
"""Observations, nodes and vectors of a memory; owners come before the rows they own."""

_LOOK_TABLES: Final = (
    OwnedTable("looks", "content_id = :content"),
    OwnedTable("looked_pictures", _OF_LOOKS, {"look": "looks"}),
    OwnedTable("passages", _OF_LOOKS, {"look": "looks"}),
)

ALL_TABLES: Final = (*MEMORY_TABLES, *_LOOK_TABLES)
"""The same with looks. (Their vectors are computed again.)"""

LEFT_BEHIND: Final = frozenset({"levels", "files", "word_index", "index_marks", "seals"})
"""Tables that are not copied: paths of files are private, triggers fill the full-text index, the first search
builds vector indexes, and seals are computed again."""


def copy_rows(
    source: sqlite3.Connection,
    target: sqlite3.Connection,
    tables: Sequence[OwnedTable],
    *,
    content_id: str,
    memory: int,
) -> int:
    """Copy a memory's rows, in the caller's transaction; return the memory's id in ``target``."""
    return copy_tables(source, target, tables, content=content_id, memory=memory)["memories"][memory]


def copy_tables(
    source: sqlite3.Connection, target: sqlite3.Connection, tables: Sequence[OwnedTable], **parameters: object
) -> dict[str, dict[int, int]]:
    """Copy the rows that ``parameters`` select; return the new id of each old one, by table."""
    ids: dict[str, dict[int, int]] = {"memories": {}, "passages": {}, "looks": {}, "sights": {}}
    for table in tables:
        for row in _rows(source, table, parameters):
            columns = {
                name: ids[table.links[name]][value] if name in table.links and value is not None else value
                for name, value in row.items()
                if not (name == "id" and table.name in ids)
            }
            cursor = insert_row(target, table.name, columns, ignore_known=table.ignore_known)
            if table.name in ids and cursor.lastrowid is not None:
                ids[table.name][row["id"]] = cursor.lastrowid
    return ids


def insert_row(
    connection: sqlite3.Connection, table: str, columns: Mapping[str, object], *, ignore_known: bool = False
) -> sqlite3.Cursor:
    """Insert one row, given its values by column; with ``ignore_known`` unless its key is there already."""
    names = ", ".join(f'"{name}"' for name in columns)
    values = ", ".join(f":{name}" for name in columns)
    known = "OR IGNORE " if ignore_known else ""
    return connection.execute(f"INSERT {known}INTO {table} ({names}) VALUES ({values})", columns)


def checksum(connection: sqlite3.Connection, *, content_id: str, memory: int) -> str:
    """SHA-256 over every value of every row that is exported, each with its type and length. (Earlier formats
    have fewer tables.)"""
    total = hashlib.sha256()
    there = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    for table in (one for one in ALL_TABLES if one.name in there and (one.beside or one.name) in there):
        total.update(_bytes(table.name))
        for row in _rows(connection, table, {"content": content_id, "memory": memory}):
            total.update(b"".join(_bytes(value) for value in row.values()) + b"\n")
    return total.hexdigest()


def mistyped(connection: sqlite3.Connection) -> str | None:
    """The first column with a value of another type than it declares, as ``table.column``; None if there is
    none. SQLite allows such values."""
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
    # New ids are given in this order, so that the same memory always makes the same file.
    cursor = connection.execute(
        f"SELECT * FROM {table.name} WHERE {table.rows} ORDER BY {_ORDER.get(table.name, '1, 2')}",
        parameters,
    )
    names = [column[0] for column in cursor.description]
    for row in cursor:
        values = dict(zip(names, row, strict=True))
        if "vector" in values:
            values["vector"] = VectorBlob(blob(values["vector"], "vector"))
        yield values


_ORDER: Final = {
    "videos": "content_id",
    "memories": "id",
    "passages": "id",
    "looks": "id",
    "encoders": "name",
    "sights": "id",
}


def _bytes(value: object) -> bytes:
    if isinstance(value, float):
        return b"f" + struct.pack(">d", value)
    if isinstance(value, bytes):
        return b"b" + struct.pack(">q", len(value)) + value
    text = str(value).encode()
    return (b"s" if isinstance(value, str) else b"i") + struct.pack(">q", len(text)) + text
