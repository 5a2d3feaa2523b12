"""The one SQLite connection of an open library, and the one seam where SQLite's errors are named.

A library has one connection behind one lock: any thread may use it, one at a time. Other processes
have their own. Writers begin with ``BEGIN IMMEDIATE`` (a transaction that reads first and writes
later loses to another writer, timeout or not) and wait for each other; readers, under the
write-ahead log, wait for nobody.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from video_vlm.errors import LibraryDamaged, LibraryError, LibraryReadOnly
from video_vlm.memory.migrations import FORMAT_VERSION, check_format, migrate
from video_vlm.memory.private_files import make_private_file
from video_vlm.memory.row_checksums import seal_unsealed
from video_vlm.memory.row_codec import REPAIR
from video_vlm.memory.schema_check import check_schema

__all__ = ["Database"]

_log = logging.getLogger(__name__)

BUSY_SECONDS: Final = 60.0
"""How long a writer waits for another to finish."""

CACHE_KIBIBYTES: Final = 32_768
"""The page cache: a search of a large library reads a few thousand pages."""

SPARING_KIBIBYTES: Final = 2_048
"""The page cache while a memory is written, when no page is read twice."""

# SQLITE_ERROR is a statement that does not fit the tables: ours fit, unless the tables were torn.
_UNSEALED: Final = (
    "SELECT 1 FROM memories WHERE seal IS NULL UNION ALL SELECT 1 FROM looks WHERE seal IS NULL LIMIT 1"
)

_TORN: Final = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT, sqlite3.SQLITE_ERROR)


class Database:
    """An open library file.

    Args:
        path: The SQLite file; made if missing, unless ``read_only``.
        read_only: Change nothing on disk. On a read-only file system too.

    Raises:
        LibraryDamaged: not SQLite, another program's, or torn.
        LibraryTooNew: written by a later version.
        LibraryReadOnly: it needs a write first (an older format, an unmerged journal).
    """

    def __init__(self, path: Path, *, read_only: bool) -> None:
        self.path = path
        self.read_only = read_only
        self._lock = threading.RLock()
        with self._naming_errors():
            self._connection = _open_to_read(path) if read_only else _open_to_write(path)
            self._keep(CACHE_KIBIBYTES)
        self._connection.row_factory = sqlite3.Row

    @property
    def where(self) -> str:
        """The folder of the library, for messages."""
        return str(self.path.parent)

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """One consistent view of the library, whatever others commit meanwhile; nests."""
        with self._lock, self._naming_errors():
            if self._connection.in_transaction:
                yield self._connection
                return
            with _transaction(self._connection, "BEGIN"):
                yield self._connection

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """One transaction: all of it or nothing, on disk when the block is left.

        Raises:
            LibraryReadOnly: the library was opened read-only.
            LibraryError: another process wrote for more than 60 s, or the disk is full or failed.
        """
        if self.read_only:
            raise LibraryReadOnly(f"{self.path} is open read-only: nothing can be written to it")
        with self._lock, self._naming_errors(), _transaction(self._connection, "BEGIN IMMEDIATE"):
            yield self._connection

    @contextmanager
    def sparing(self) -> Iterator[None]:
        """Keep the page cache at 2 MiB inside the block."""
        with self._lock, self._naming_errors():
            self._keep(SPARING_KIBIBYTES)
        try:
            yield
        finally:
            with self._lock, self._naming_errors():
                self._keep(CACHE_KIBIBYTES)

    def _keep(self, kibibytes: int) -> None:
        self._connection.execute(f"PRAGMA cache_size = -{kibibytes}")

    def close(self) -> None:
        """Close, and merge the journal if no other process has the library open. Closing twice is fine."""
        with self._lock, self._naming_errors():
            self._connection.close()

    @contextmanager
    def _naming_errors(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, UnicodeDecodeError) as error:
            raise _named(error, self.path) from error


@contextmanager
def _transaction(connection: sqlite3.Connection, begin: str) -> Iterator[None]:
    connection.execute(begin)
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # A full disk or a torn page may have rolled back already.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _open_to_write(path: Path) -> sqlite3.Connection:
    make_private_file(path)
    connection = _connect(str(path), uri=False)
    try:
        _check(connection, path)
        _use_write_ahead_log(connection, path)
        # FULL: a commit is on the disk before the next segment is begun. There is one commit for up to
        # half a minute of video, so its cost cannot be measured.
        connection.execute("PRAGMA synchronous = FULL")
        migrate(connection, path)
        # Rows of an earlier format have no checksums yet.
        if connection.execute(_UNSEALED).fetchone():
            with _transaction(connection, "BEGIN IMMEDIATE"):
                seal_unsealed(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _use_write_ahead_log(connection: sqlite3.Connection, path: Path) -> None:
    # Switching needs the file alone for a moment and does not wait for it by itself.
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode not in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED) or (
                time.monotonic() > deadline
            ):
                raise
            time.sleep(0.01)
            continue
        if mode != "wal":
            _log.warning("%s: no write-ahead log on this file system; readers wait for writers", path)
        return


def _open_to_read(path: Path) -> sqlite3.Connection:
    if not path.is_file():
        raise LibraryError(f"{path}: there is no library here; index a video first, or name another folder")
    connection = _connect_to_read(path)
    try:
        _check_present_format(connection, path)
        connection.execute("PRAGMA query_only = ON")
        # A library that is only read may be a stranger's: its views may call no function with side effects.
        # (For writing, FTS5 must be trusted: the triggers that update the full-text index use it.)
        connection.execute("PRAGMA trusted_schema = OFF")
    except BaseException:
        connection.close()
        raise
    return connection


def _check(connection: sqlite3.Connection, path: Path) -> int:
    """The format of a library, once it is certain that its schema holds only what this package wrote."""
    with _transaction(connection, "BEGIN"):  # Another process may be migrating it.
        version = check_format(connection, path)
        check_schema(connection, path, version)
    return version


def _check_present_format(connection: sqlite3.Connection, path: Path) -> None:
    version = _check(connection, path)
    if version < FORMAT_VERSION:
        raise LibraryReadOnly(f"{path} has format {version}: open it once for writing to bring it up to date")


def _connect_to_read(path: Path) -> sqlite3.Connection:
    connection = _connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    try:
        connection.execute("SELECT 1 FROM sqlite_master").fetchone()
    except sqlite3.OperationalError as error:
        connection.close()
        if error.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY):
            raise
    except BaseException:
        connection.close()
        raise
    else:
        return connection
    # A write-ahead log needs a second file even for reading. Where none can be made nobody can write either,
    # so the file is opened as immutable. But then SQLite does not read the log.
    journal = path.with_name(path.name + "-wal")
    if journal.exists() and journal.stat().st_size:
        raise LibraryReadOnly(
            f"{journal} holds changes not yet merged: open the library once where it can be written"
        )
    return _connect(f"{path.absolute().as_uri()}?immutable=1", uri=True)


def _connect(name: str, *, uri: bool) -> sqlite3.Connection:
    connection = sqlite3.connect(
        name,
        uri=uri,
        timeout=BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=256,
    )
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA cell_size_check = ON")
    # Python 3.11 cannot set this; the schema is compared in any case.
    if sys.version_info >= (3, 12):
        connection.setconfig(sqlite3.SQLITE_DBCONFIG_DEFENSIVE, True)
    return connection


def _named(error: sqlite3.Error | UnicodeDecodeError, path: Path) -> LibraryError:
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_MISUSE) & 0xFF
    # Torn text surfaces as a codec's error, from Python or through sqlite3, without SQLite's code.
    is_torn_text = isinstance(error, UnicodeDecodeError) or "Could not decode to UTF-8" in str(error)
    if "no such module" in str(error):
        return LibraryError(
            "the SQLite of this Python was built without full-text search (FTS5): use another Python"
        )
    if code in _TORN or is_torn_text:
        return LibraryDamaged(f"{path} is not a whole library ({error}); {REPAIR}")
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return LibraryError(f"{path} was kept busy by another process for {BUSY_SECONDS:.0f} s; try again")
    if code == sqlite3.SQLITE_FULL:
        return LibraryError(
            f"{path}: the disk is full; what was written before is safe, free some space and go on"
        )
    if code == sqlite3.SQLITE_IOERR:
        return LibraryError(
            f"{path}: the disk failed ({error}); what was written before is safe, see to the disk and go on"
        )
    if code == sqlite3.SQLITE_READONLY or (code == sqlite3.SQLITE_CANTOPEN and _is_read_only(path)):
        return LibraryReadOnly(f"{path} cannot be written ({error}); open it with read_only=True")
    if code == sqlite3.SQLITE_CANTOPEN:
        return LibraryError(f"{path} cannot be opened ({error}); check the folder and its permissions")
    return LibraryError(f"{path}: {error}")


def _is_read_only(path: Path) -> bool:
    """Whether there is a library in a folder that cannot be written: SQLite cannot open its journal there."""
    effective_ids = os.access in os.supports_effective_ids
    return path.is_file() and not os.access(path.parent, os.W_OK, effective_ids=effective_ids)
