"""The one connection of an open library in PostgreSQL, where the server's errors become the library's.

Like :class:`video_vlm.memory.database.Database`: one connection behind one lock, any thread may use it.
Writers to one library take turns (an advisory lock, held for the transaction), so that no other writer
changes what one of them has read; readers see one snapshot and do not wait. If a process is killed, or its
machine is lost, the server rolls its transaction back.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from typing import Final, cast

import psycopg
from psycopg import errors

from video_vlm.address import Address
from video_vlm.errors import LibraryDamaged, LibraryError, LibraryReadOnly
from video_vlm.memory.database import BUSY_SECONDS
from video_vlm.memory.postgres.connection import PostgresConnection
from video_vlm.memory.postgres.migrations import WRITING, check_present_format, migrate, use_schema
from video_vlm.memory.postgres.values import adapt

__all__ = ["PostgresDatabase"]

_log = logging.getLogger(__name__)

_READ: Final = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_WRITE: Final = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"
"""Not a snapshot: it would be taken before the lock is acquired, without what others wrote meanwhile."""

_CONNECT_SECONDS: Final = 10

_SHOWN: Final = 200

_READ_ONLY: Final = (errors.ReadOnlySqlTransaction, errors.InsufficientPrivilege)
_FULL: Final = (errors.DiskFull, errors.OutOfMemory)
_TORN: Final = (errors.UndefinedTable, errors.UndefinedColumn, errors.DataCorrupted, errors.IndexCorrupted)


class PostgresDatabase:
    """An open library in PostgreSQL; made if missing, unless ``read_only``.

    Raises:
        LibraryDamaged: the schema is another program's.
        LibraryTooNew: written by a later version.
        LibraryReadOnly: it needs a write first.
        LibraryError: the server cannot be reached, or has no pgvector.
    """

    def __init__(self, address: Address, *, read_only: bool) -> None:
        self.address = address
        self.read_only = read_only
        self._lock = threading.RLock()
        with self._naming_errors():
            self._connection = self._opened()

    @property
    def where(self) -> str:
        """The address without its password, for messages."""
        return self.address.shown

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """One consistent view of the library, whatever others commit meanwhile; nests."""
        with self.reading() as connection:
            yield cast(sqlite3.Connection, connection)

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """One transaction: all of it or nothing, on the server's disk when the block is left.

        Raises:
            LibraryReadOnly: the library was opened read-only, or the role has no right to write.
            LibraryError: the server cannot be reached, is full, or another process wrote for over 60 s.
        """
        if self.read_only:
            raise LibraryReadOnly(f"{self.where} is open read-only: nothing can be written to it")
        with self._lock, self._naming_errors(), self._transaction(_WRITE) as connection:
            connection.raw.execute(WRITING, (self.address.schema,))
            yield cast(sqlite3.Connection, connection)

    @contextmanager
    def reading(self) -> Iterator[PostgresConnection]:
        """:meth:`read`, for statements in PostgreSQL's own syntax."""
        with self._lock, self._naming_errors():
            if self._connection.in_transaction:
                yield self._connection
                return
            with self._transaction(_READ) as connection:
                yield connection

    @contextmanager
    def outside(self) -> Iterator[PostgresConnection]:
        """The connection outside of a transaction, for statements that cannot run inside one."""
        with self._lock, self._naming_errors():
            yield self._begun("SELECT 1")

    def sparing(self) -> AbstractContextManager[None]:
        """Does nothing: the server keeps the pages."""
        return nullcontext()

    def close(self) -> None:
        """Closing twice is fine."""
        with self._lock:
            self._connection.raw.close()

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[PostgresConnection]:
        connection = self._begun(begin)
        try:
            yield connection
            connection.tell("COMMIT")
        except BaseException:
            # A connection that was lost has been rolled back by the server.
            with suppress(psycopg.Error):
                if connection.in_transaction:
                    connection.tell("ROLLBACK")
            raise

    def _begun(self, begin: str) -> PostgresConnection:
        """Begin a transaction; connect again first, if the connection is lost: no statement was lost with
        it."""
        try:
            self._connection.tell(begin)
        except psycopg.OperationalError:
            if not self._connection.raw.broken:
                raise
            _log.info("connecting to %s again", self.where)
            self._connection = self._opened()
            self._connection.tell(begin)
        return self._connection

    def _opened(self) -> PostgresConnection:
        try:
            raw = psycopg.connect(self.address.url, autocommit=True, connect_timeout=_CONNECT_SECONDS)
        except UnicodeError as error:  # from Python's host name look-up, for a name that is too long
            raise LibraryError(f"{self.where[:_SHOWN]}: this host's name is none ({error})") from error
        try:
            raw.execute("SET client_min_messages TO warning")
            raw.execute(f"SET lock_timeout TO '{BUSY_SECONDS:.0f}s'".encode())
            if self.read_only:
                raw.execute("SET default_transaction_read_only TO on")
                check_present_format(raw, self.address)
            else:
                migrate(raw, self.address)
            use_schema(raw, self.address)
            adapt(raw)
        except BaseException:
            raw.close()
            raise
        return PostgresConnection(raw)

    @contextmanager
    def _naming_errors(self) -> Iterator[None]:
        try:
            yield
        except psycopg.Error as error:
            raise _named(error, self.where) from error


def _named(error: psycopg.Error, where: str) -> LibraryError:
    said = " ".join(str(error).split())
    if isinstance(error, _READ_ONLY):
        return LibraryReadOnly(f"{where} cannot be written ({said}); open it with read_only=True")
    if isinstance(error, errors.LockNotAvailable):
        return LibraryError(f"{where} was kept busy by another process for {BUSY_SECONDS:.0f} s; try again")
    if isinstance(error, _FULL):
        return LibraryError(f"{where}: the server is full ({said}); what was written before is safe")
    if isinstance(error, _TORN):
        return LibraryDamaged(
            f"{where} is not a whole library ({said}); restore a copy, or index into another schema"
        )
    if isinstance(error, psycopg.OperationalError):
        return LibraryError(
            f"{where}: the server cannot be reached ({said}); what was written before is safe"
        )
    return LibraryError(f"{where}: {said}")
