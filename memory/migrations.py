"""Migrating a library to the present format: ordered steps, one transaction each."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from video_vlm.errors import LibraryDamaged, LibraryTooNew
from video_vlm.memory.schema import APPLICATION_ID, FORMAT_1
from video_vlm.memory.schema_checksums import ADD_SEALS
from video_vlm.memory.schema_levels import ADD_LEVELS
from video_vlm.memory.schema_looks import ADD_LOOKS
from video_vlm.memory.schema_scale import ADD_SCALE
from video_vlm.memory.schema_visual import ADD_SIGHT

__all__ = ["FORMAT_VERSION", "MIGRATIONS", "Migration", "check_format", "migrate"]

Migration = tuple[str, ...]
"""The SQL statements that lead from one format to the next."""

MIGRATIONS: tuple[Migration, ...] = (FORMAT_1, ADD_LOOKS, ADD_SIGHT, ADD_SEALS, ADD_SCALE, ADD_LEVELS)
"""``MIGRATIONS[n]`` leads from format n to n + 1; an empty file is format 0. Only ever appended to."""

FORMAT_VERSION = len(MIGRATIONS)


def check_format(connection: sqlite3.Connection, path: Path, *, newest: int = FORMAT_VERSION) -> int:
    """The format of an open library, 0 for an empty file.

    Raises:
        LibraryDamaged: a SQLite file of some other program.
        LibraryTooNew: a format later than ``newest``.
    """
    if _pragma(connection, "application_id") != APPLICATION_ID:
        has_tables = connection.execute("SELECT 1 FROM sqlite_master").fetchone()
        if has_tables or _pragma(connection, "user_version"):
            raise LibraryDamaged(f"{path} belongs to another program; choose another folder for the library")
        return 0
    version = _pragma(connection, "user_version")
    if version > newest:
        raise LibraryTooNew(
            f"{path} has format {version}, this version reads up to {newest}: pip install --upgrade video-vlm"
        )
    return version


def migrate(
    connection: sqlite3.Connection, path: Path, *, migrations: Sequence[Migration] = MIGRATIONS
) -> tuple[int, int]:
    """Apply the missing migrations, in one transaction each; return the format before and after.

    Two processes may do this at once: the format is read again inside each transaction.

    Raises:
        LibraryDamaged: a SQLite file of some other program, or rows whose owners are missing.
        LibraryTooNew: written by a later version.
    """
    before = check_format(connection, path, newest=len(migrations))
    # Tables can only be rebuilt with foreign keys off, and this can only be set outside a transaction.
    # Foreign keys are checked before each commit instead.
    connection.execute("PRAGMA foreign_keys = OFF")
    try:
        while _step(connection, path, migrations):
            pass
    finally:
        connection.execute("PRAGMA foreign_keys = ON")
    return before, check_format(connection, path, newest=len(migrations))


def _step(connection: sqlite3.Connection, path: Path, migrations: Sequence[Migration]) -> bool:
    if check_format(connection, path, newest=len(migrations)) == len(migrations):
        return False
    connection.execute("BEGIN IMMEDIATE")
    try:
        version = check_format(connection, path, newest=len(migrations))
        if version < len(migrations):  # Otherwise another process was faster.
            _apply(connection, path, migrations[version], to_version=version + 1)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return True


def _apply(connection: sqlite3.Connection, path: Path, migration: Migration, *, to_version: int) -> None:
    for statement in migration:
        connection.execute(statement)
    if connection.execute("PRAGMA foreign_key_check").fetchone():
        raise LibraryDamaged(f"{path} holds rows without owners and cannot be brought to format {to_version}")
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {to_version}")


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    value: int = connection.execute(f"PRAGMA {name}").fetchone()[0]
    return value
