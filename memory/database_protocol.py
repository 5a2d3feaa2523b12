"""What a library stands on: a database with transactions, SQLite's or PostgreSQL's.

Statements are written once, for SQLite, and connections are annotated as its own; PostgreSQL's understands
the same statements and gives the same rows (:mod:`video_vlm.memory.postgres.dialect`). So that it can, what
``json_each`` gives is read as ``CAST(value AS BIGINT)`` where it is a number, and functions that only SQLite
has are left to what is about its files: :mod:`~video_vlm.memory.verify`,
:mod:`~video_vlm.memory.vector_index`, full text.
"""

from __future__ import annotations

import sqlite3
from contextlib import AbstractContextManager
from typing import Protocol

__all__ = ["DatabaseConnection"]


class DatabaseConnection(Protocol):
    """An open library's rows. Shared by threads."""

    @property
    def where(self) -> str:
        """For messages."""
        ...

    @property
    def read_only(self) -> bool: ...

    def read(self) -> AbstractContextManager[sqlite3.Connection]:
        """One consistent view, whatever others commit meanwhile; nests, also inside :meth:`write`."""
        ...

    def write(self) -> AbstractContextManager[sqlite3.Connection]:
        """All of it or nothing, on disk when the block is left; one writer at a time, over all processes.

        Raises:
            LibraryReadOnly: nothing can be written.
        """
        ...

    def sparing(self) -> AbstractContextManager[None]:
        """Few of the library's pages are kept in memory inside the block: whoever writes a film reads none
        twice."""
        ...

    def close(self) -> None: ...
