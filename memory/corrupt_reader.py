"""Reading a damaged library file around its broken pages. Works on a copy; rows are not checked.

SQLite stops at the first broken page of a table. In tables with row ids the rows after a broken page are
found by id. Where the file's first page or its schema table is broken, that of a new library is put in its
place: all libraries made by this version have their tables at the same pages.
"""

from __future__ import annotations

import shutil
import sqlite3
import struct
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Final

from video_vlm.errors import LibraryDamaged, LibraryTooNew
from video_vlm.memory.migrations import check_format, migrate
from video_vlm.memory.schema_check import expected_schema, restore_schema

__all__ = ["UNREADABLE", "copy_for_reading", "open_corrupt", "readable", "rows_around", "scan_into"]

UNREADABLE: Final = (sqlite3.Error, UnicodeDecodeError, OverflowError)
"""Errors that reading a damaged file may raise."""

_HEADER_BYTES: Final = 100
_INTERIOR_TABLE: Final = 5
_MOST_ROWS: Final = 2**40

_WITH_IDS: Final = ("memories", "posters", "passages", "looks", "sights")
_BY_KEY: Final = {"nodes": "memory, id", "looked_pictures": "look, start", "seals": "memory, part"}


def copy_for_reading(path: Path, folder: Path) -> Path:
    """Copy a library file and its journal into ``folder``: reading may change them."""
    folder.mkdir(exist_ok=True)
    copy = folder / "wreck.sqlite3"
    shutil.copyfile(path, copy)
    journal = path.with_name(path.name + "-wal")
    if journal.exists():
        shutil.copyfile(journal, copy.with_name(copy.name + "-wal"))
    return copy


def open_corrupt(copy: Path) -> sqlite3.Connection:
    """Open the copy; repair its first page or its schema table first, where they cannot be read.

    Raises:
        LibraryDamaged: another program's file, or nothing in it can be read.
        LibraryTooNew: written by a later version.
    """
    with suppress(LibraryDamaged, LibraryTooNew, *UNREADABLE):  # Said below, if it cannot be read either way.
        restore_schema(copy)
    try:
        return _opened(copy, _tables_of)
    except LibraryTooNew:
        raise
    except (LibraryDamaged, *UNREADABLE):
        pass
    grafted = copy_for_reading(copy, copy.parent / "grafted")
    for graft in (_graft_header, _graft_tables):
        graft(grafted)
        with suppress(LibraryDamaged, *UNREADABLE):
            return _opened(grafted, _tables_of)
    try:
        return _opened(copy, lambda version: {"memories", "nodes"} if version else set())
    except UNREADABLE as error:
        raise LibraryDamaged(f"nothing in it can be read ({error})") from error


def _tables_of(version: int) -> set[str]:
    """The names of a format's tables."""
    return {part.name for part in expected_schema(version) if part.type == "table"}


def _opened(copy: Path, needed: Callable[[int], set[str]]) -> sqlite3.Connection:
    connection = sqlite3.connect(copy, isolation_level=None)
    try:
        connection.row_factory = sqlite3.Row
        # With these, a file shorter than its header says, or an invalid table definition, can still be read.
        for pragma in ("writable_schema = ON", "trusted_schema = OFF", "cell_size_check = ON"):
            connection.execute(f"PRAGMA {pragma}")
        _check_tables(connection, needed(check_format(connection, copy)))
    except BaseException:
        connection.close()
        raise
    return connection


def _check_tables(connection: sqlite3.Connection, needed: set[str]) -> None:
    there = {row["name"] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if not needed or needed - there:
        raise LibraryDamaged(f"it has no tables {', '.join(sorted(needed - there))}")


def _model(folder: Path) -> bytes:
    """A new library, as the bytes of its file."""
    path = folder / "model.sqlite3"
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        migrate(connection, path)
    return path.read_bytes()


def _graft_header(copy: Path) -> None:
    """The first hundred bytes of a new library, with this file's length."""
    model = _model(copy.parent)
    (page_size,) = struct.unpack_from(">H", model, 16)
    header = bytearray(model[:_HEADER_BYTES])
    struct.pack_into(">I", header, 28, max(1, copy.stat().st_size // page_size))
    struct.pack_into(">III", header, 32, 0, 0, struct.unpack_from(">I", model, 40)[0])  # no free pages
    header[92:96] = header[24:28]  # the length is true for this state of the file
    with copy.open("r+b") as file:
        file.write(header)


def _graft_tables(copy: Path) -> None:
    """The first page of a new library without the header, and the other pages of its schema table."""
    model = _model(copy.parent)
    (page_size,) = struct.unpack_from(">H", model, 16)
    with copy.open("r+b") as file:
        for number in _table_list_pages(model):
            start = (number - 1) * page_size
            skip = _HEADER_BYTES if number == 1 else 0
            file.seek(start + skip)
            file.write(model[start + skip : start + page_size])


def _table_list_pages(model: bytes) -> list[int]:
    """The b-tree of ``sqlite_master``: page 1 and, where that is an interior page, its children."""
    at = _HEADER_BYTES
    if model[at] != _INTERIOR_TABLE:
        return [1]
    (num_cells,) = struct.unpack_from(">H", model, at + 3)
    cells = struct.unpack_from(f">{num_cells}H", model, at + 12)
    children = [struct.unpack_from(">I", model, cell)[0] for cell in cells]
    return [1, *children, struct.unpack_from(">I", model, at + 8)[0]]


def rows_around(connection: sqlite3.Connection, table: str) -> Iterator[sqlite3.Row]:
    """Every readable row of a table with row ids, in order of id; unreadable ones are left out."""
    query = f"SELECT rowid AS place, * FROM {table} WHERE rowid > ? ORDER BY rowid"
    after = 0
    while True:
        try:
            for row in connection.execute(query, (after,)):
                if row["place"] <= after:  # A broken b-tree may have a cycle.
                    raise sqlite3.DatabaseError("row ids out of order")
                after = row["place"]
                yield row
        except UNREADABLE:
            following = _next_readable(connection, query, after)
            if following is None:
                return
            after = following
        else:
            return


def _next_readable(connection: sqlite3.Connection, query: str, broken: int) -> int | None:
    """The least row id after ``broken`` behind which rows can be read; None if there is none. Doubles the
    step, then bisects."""
    step, reach = 1, broken
    while not _is_readable(connection, query, reach + step):
        reach, step = reach + step, step * 2
        if reach > broken + _MOST_ROWS:
            return None
    low, high = reach, reach + step
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _is_readable(connection, query, middle) else (middle, high)
    return high


def _is_readable(connection: sqlite3.Connection, query: str, after: int) -> bool:
    try:
        row = connection.execute(query, (after,)).fetchone()
    except UNREADABLE:
        return False
    return row is None or row["place"] > after


def scan_into(wreck: sqlite3.Connection, path: Path) -> sqlite3.Connection:
    """A new database at ``path`` with all rows that can be read without the wreck's indexes; the caller
    closes it."""
    scan = sqlite3.connect(path, isolation_level=None)
    scan.row_factory = sqlite3.Row
    scan.execute("PRAGMA synchronous = OFF")
    scan.execute("BEGIN")
    for table, columns in _columns().items():
        named = ", ".join(f"[{name}]" for name in columns)
        keys = {"posters": "memory, node", **_BY_KEY}.get(table, "id")
        scan.execute(f"CREATE TABLE {table} ({named}, PRIMARY KEY ({keys}))")
        rows = rows_around(wreck, table) if table in _WITH_IDS else _both_ends(wreck, table, _BY_KEY[table])
        insert = f"INSERT OR IGNORE INTO {table} VALUES ({', '.join('?' * len(columns))})"
        for row in rows:
            if set(columns) <= set(row.keys()):
                scan.execute(insert, [row[name] for name in columns])
    for table, column in (("passages", "memory"), ("sights", "memory"), ("passages", "look")):
        scan.execute(f"CREATE INDEX {table}_by_{column} ON {table} ({column})")
    scan.execute("COMMIT")
    return scan


def _columns() -> dict[str, list[str]]:
    """The column names of each table, as in a sound library."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as model:
        migrate(model, Path(":memory:"))
        return {
            table: [name for _, name, *_ in model.execute(f"PRAGMA table_info({table})")]
            for table in (*_WITH_IDS, *_BY_KEY)
        }


def _both_ends(connection: sqlite3.Connection, table: str, key: str) -> Iterator[sqlite3.Row]:
    """The rows of a table without row ids, from either end up to the first broken page."""
    backwards = ", ".join(f"{column} DESC" for column in key.split(", "))
    for order in (key, backwards):
        try:
            yield from connection.execute(f"SELECT * FROM {table} ORDER BY {order}")
        except UNREADABLE:
            continue
        return


def readable(connection: sqlite3.Connection, query: str, parameters: Any = ()) -> list[sqlite3.Row]:
    """The rows of a query up to the first error."""
    rows = []
    try:
        for row in connection.execute(query, parameters):
            rows.append(row)  # noqa: PERF402 - rows before an error count
    except UNREADABLE:
        pass
    return rows
