"""The database of a library: transactions in SQLite or in PostgreSQL.

Statements are written once, for SQLite, and connections have SQLite's type; that of PostgreSQL takes the same
statements and returns the same rows (:mod:`video_vlm.memory.postgres.dialect`). Therefore numbers from
``json_each`` are read as ``CAST(value AS BIGINT)``, and functions that only SQLite has are used only for its
files: in :mod:`~video_vlm.memory.verify`, :mod:`~video_vlm.memory.vector_index` and full-text search.
"""

from __future__ import annotations

import sqlite3
from contextlib import AbstractContextManager
from typing import Protocol

__all__ = ["DatabaseConnection"]


class DatabaseConnection(Protocol):
    """The database of an open library. Shared by threads."""

    @property
    def where(self) -> str:
        """The place of the library, for messages, without a password."""
        ...

    @property
    def read_only(self) -> bool: ...

    def read(self) -> AbstractContextManager[sqlite3.Connection]:
        """One consistent view, whatever others commit meanwhile; nests, also inside :meth:`write`."""
        ...

    def write(self) -> AbstractContextManager[sqlite3.Connection]:
        """One transaction: all of it or nothing, on disk when the block is left; one writer at a time, over
        all processes.

        Raises:
            LibraryReadOnly: nothing can be written.
        """
        ...

    def sparing(self) -> AbstractContextManager[None]:
        """Keep the page cache small inside the block: for writing a memory, which reads no page twice."""
        ...

    def close(self) -> None: ...
