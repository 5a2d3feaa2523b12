"""A library in PostgreSQL: the same code as for a folder writes and reads it; the server searches it."""

from __future__ import annotations

import sqlite3
from typing import cast

from video_vlm.address import Address
from video_vlm.memory.ivf_index import EXACT_UP_TO
from video_vlm.memory.library_facts import LibraryFacts, counts
from video_vlm.memory.postgres.connection import PostgresConnection
from video_vlm.memory.postgres.database import PostgresDatabase
from video_vlm.memory.postgres.fulltext import Words
from video_vlm.memory.postgres.migrations import FORMAT_VERSION
from video_vlm.memory.postgres.storage import PostgresStorage
from video_vlm.memory.postgres.vectors import (
    PostgresLibraryVectors,
    PostgresTextVectors,
    PostgresVisualVectors,
)
from video_vlm.memory.postgres.verify import rebuild_words, verify
from video_vlm.memory.search import ByWords, Filter
from video_vlm.memory.store import Library
from video_vlm.memory.verify import Problem
from video_vlm.protocols import ImageTextEncoder, TextEncoder

__all__ = ["PostgresLibrary", "open_postgres"]


def open_postgres(
    url: str,
    *,
    read_only: bool = False,
    encoder: TextEncoder | None = None,
    sight: ImageTextEncoder | None = None,
    exact_up_to: int = EXACT_UP_TO,
) -> PostgresLibrary:
    """Open a library in PostgreSQL, making it if there is none.

    Args:
        url: ``postgresql://user@host/database``; ``?schema=NAME`` where it is not to be ``videoqa``.
        read_only: Change nothing; the role needs no right to write. The library must exist.
        encoder: A sentence encoder; adds search by meaning to search by words.
        sight: An image-text encoder; adds visual search, and computes visual vectors while indexing.
        exact_up_to: Up to so many vectors of one encoder are searched exactly, more of them by HNSW.

    Raises:
        LibraryError: the server cannot be reached, or has no pgvector.
        LibraryDamaged: the schema is another program's.
        LibraryTooNew: written by a later version of this package.
    """
    database = PostgresDatabase(Address.parse(url), read_only=read_only)
    return PostgresLibrary(url, database, encoder=encoder, sight=sight, exact_up_to=exact_up_to)


class PostgresLibrary(Library):
    """An open library; a context manager. Made by :func:`video_vlm.memory.open_library`."""

    def __init__(
        self,
        url: str,
        database: PostgresDatabase,
        *,
        encoder: TextEncoder | None = None,
        sight: ImageTextEncoder | None = None,
        exact_up_to: int = EXACT_UP_TO,
    ) -> None:
        self._server = database
        texts = None if encoder is None else PostgresTextVectors(database, encoder, exact_up_to=exact_up_to)
        visuals = None if sight is None else PostgresVisualVectors(database, sight, exact_up_to=exact_up_to)
        self._stand_on(
            database,
            PostgresStorage(url, database),
            PostgresLibraryVectors(database, texts=texts, visuals=visuals),
            by_words=_words_of(Words()),
        )

    def facts(self) -> LibraryFacts:
        """As :meth:`Library.facts`; the bytes of vector indexes are part of those of the database."""
        with self._server.read() as connection:
            videos, nodes, passages, vectors = counts(connection)
        return LibraryFacts(FORMAT_VERSION, videos, nodes, passages, vectors, self.storage.num_bytes(), 0, ())

    def verify(self) -> tuple[Problem, ...]:
        return verify(self._server)

    def rebuild_derived(self) -> None:
        """Build the full-text index again; the server keeps vector indexes up to date."""
        rebuild_words(self._server)


def _words_of(words: Words) -> ByWords:
    def by_words(
        connection: sqlite3.Connection, query: str, *, within: Filter, limit: int
    ) -> list[tuple[int, float]]:
        return words.find(cast(PostgresConnection, connection), query, within=within, limit=limit)

    return by_words
