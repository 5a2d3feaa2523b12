"""Checking a library's schema: its tables, indexes, views and triggers have to be those of its format.

A library may come from a stranger. SQLite executes SQL in the schema: a trigger at each write, a view, a
generated column or an index over an expression at each read. So the schema is compared with the one that this
package makes, before the first query.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple

from video_vlm.errors import LibraryDamaged
from video_vlm.memory.migrations import MIGRATIONS, check_format, migrate
from video_vlm.memory.row_codec import REPAIR

__all__ = [
    "SchemaObject",
    "check_schema",
    "expected_schema",
    "foreign_schema_objects",
    "missing_schema_objects",
    "restore_schema",
    "schema_objects_in",
]

_SHOWN: Final = 60
"""The most characters of a name in a file that are printed."""


class SchemaObject(NamedTuple):
    """One row of ``sqlite_master``."""

    type: str
    name: str
    table: str
    sql: str | None

    def __str__(self) -> str:
        name = self.name if len(self.name) <= _SHOWN else f"{self.name[:_SHOWN]}…"
        return f"the {self.type} {name!r}"


_STATISTICS: Final = frozenset(
    {
        SchemaObject("table", "sqlite_stat1", "sqlite_stat1", "CREATE TABLE sqlite_stat1(tbl,idx,stat)"),
        SchemaObject(
            "table", "sqlite_stat4", "sqlite_stat4", "CREATE TABLE sqlite_stat4(tbl,idx,neq,nlt,ndlt,sample)"
        ),
    }
)
"""Tables that ANALYZE makes. They may be missing, and do no harm."""


def schema_objects_in(connection: sqlite3.Connection) -> frozenset[SchemaObject]:
    """All objects in the schema of an open file."""
    rows = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master")
    return frozenset(SchemaObject(*tuple(row)) for row in rows)


@lru_cache
def expected_schema(version: int) -> frozenset[SchemaObject]:
    """The schema of a library of format ``version``, read from a new library in memory."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as model:
        migrate(model, Path(":memory:"), migrations=MIGRATIONS[:version])
        return schema_objects_in(model)


def foreign_schema_objects(connection: sqlite3.Connection, version: int) -> list[SchemaObject]:
    """Objects in the file that no library of format ``version`` has, or has with other SQL; in order."""
    return sorted(schema_objects_in(connection) - expected_schema(version) - _STATISTICS, key=str)


def missing_schema_objects(connection: sqlite3.Connection, version: int) -> list[SchemaObject]:
    """Objects that every library of format ``version`` has and this file has not; in order."""
    there = {(part.type, part.name) for part in schema_objects_in(connection)}
    return sorted((part for part in expected_schema(version) if (part.type, part.name) not in there), key=str)


def check_schema(connection: sqlite3.Connection, path: Path, version: int) -> None:
    """Check that the file has exactly the schema of its format.

    Raises:
        LibraryDamaged: an object was added, changed or removed.
    """
    if foreign := foreign_schema_objects(connection, version):
        what = f"holds what no library of format {version} has"
        raise LibraryDamaged(f"{path} {what}: {_listed(foreign)}; {REPAIR}")
    if missing := missing_schema_objects(connection, version):
        raise LibraryDamaged(f"{path} is not a whole library: it lacks {_listed(missing)}; {REPAIR}")


def _listed(parts: list[SchemaObject]) -> str:
    return f"{parts[0]}{f' and {len(parts) - 1} more' if len(parts) > 1 else ''}"


def restore_schema(copy: Path) -> None:
    """Repair the schema of a library's file: foreign objects are removed, changed ones get their own SQL
    again. Rows are not changed.

    Raises:
        LibraryDamaged, LibraryTooNew: as :func:`~video_vlm.memory.migrations.check_format`.
        sqlite3.Error: the schema cannot be read or written.
    """
    with closing(sqlite3.connect(copy, isolation_level=None)) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("PRAGMA trusted_schema = OFF")
        version = check_format(connection, copy)
        if not foreign_schema_objects(connection, version):
            return
        expected = {
            (part.type, part.name, part.table): part for part in expected_schema(version) | _STATISTICS
        }
        connection.execute("BEGIN IMMEDIATE")
        rows = connection.execute("SELECT rowid, type, name, tbl_name FROM sqlite_master").fetchall()
        for place, *row in rows:
            part = expected.get((row[0], row[1], row[2]))
            if part is None:
                connection.execute("DELETE FROM sqlite_master WHERE rowid = ?", (place,))
            else:
                connection.execute("UPDATE sqlite_master SET sql = ? WHERE rowid = ?", (part.sql, place))
        connection.execute("COMMIT")
