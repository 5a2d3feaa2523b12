"""A list of vectors to be searched as one: blobs in SQLite are the truth, a FAISS index is derived from them.

The index is exact (flat inner product), kept in a file, and made again whenever it is missing, torn or behind. What a
text says and what a frame, a segment or a scene looks like are lists of their own, and so is each encoder's.
"""

from __future__ import annotations

import logging
import secrets
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from video_vlm.errors import LibraryError
from video_vlm.memory.index_file import IndexHeader, UnusableIndex, read_index, write_index
from video_vlm.memory.sql import Database

__all__ = [
    "DenseIndex",
    "VectorBlob",
    "Vectors",
    "check_dimension",
    "register_encoder",
    "stack",
    "to_blob",
    "vector_from_blob",
]

_log = logging.getLogger(__name__)

Vectors = npt.NDArray[np.float32]
"""``(n, dimension)``."""

_STORED: Final = np.dtype("<f4")


class VectorBlob(bytes):
    """One vector as it is stored: little-endian float32. PostgreSQL has a type of its own for such bytes."""


class DenseIndex:
    """One list of one encoder in one library. Shared by threads; the FAISS index is loaded on first use.

    Args:
        database: Where the vectors are.
        path: Where the derived index is kept.
        encoder: Whose vectors.
        dimension: How many numbers each has.
        rows: SQL that gives ``id`` and ``vector`` of the list in order of id, for ``:encoder`` and ``parameters``.
        parameters: What else ``rows`` asks for.
    """

    def __init__(
        self, database: Database, path: Path, encoder: str, dimension: int, *, rows: str, **parameters: str
    ) -> None:
        self._database = database
        self._path = path
        self._encoder = encoder
        self._dimension = dimension
        self._rows = rows
        self._parameters = {"encoder": encoder, **parameters}
        self._title = " ".join(self._parameters.values())
        self._loading = threading.Lock()
        self._loaded: tuple[IndexHeader, Any] | None = None

    def nearest(
        self, query: npt.NDArray[np.float32], *, limit: int, allowed: npt.NDArray[np.int64] | None = None
    ) -> list[tuple[int, float]]:
        """Ids by cosine to a vector of length one, nearest first, then in order of id; only those ``allowed``, if that
        is given."""
        index = self._index()
        if index is None or index.ntotal == 0:
            return []
        only = None if allowed is None else _only(allowed)
        cosines, ids = index.search(query[None], min(limit, index.ntotal), params=only)
        found = [(int(one), float(cosine)) for one, cosine in zip(ids[0], cosines[0], strict=True) if one >= 0]
        return sorted(found, key=lambda pair: (-pair[1], pair[0]))

    def _index(self) -> Any | None:
        """The FAISS index over the vectors as they are now; None if there are none."""
        with self._loading:
            header = self._header()
            if header is None:
                return None
            if self._loaded is None or self._loaded[0] != header:
                self._loaded = self._load_or_build(header)
            return self._loaded[1]

    def _load_or_build(self, header: IndexHeader) -> tuple[IndexHeader, Any]:
        try:
            return header, read_index(self._path, header)
        except UnusableIndex as reason:
            _log.info("building the search index again: %s", reason)
        header, index = self._build()
        if not self._database.read_only:
            try:
                write_index(self._path, index, header)
            except OSError as error:
                _log.warning("the search index stays in memory: %s cannot be written (%s)", self._path, error)
        return header, index

    def _build(self) -> tuple[IndexHeader, Any]:
        import faiss

        index = faiss.IndexIDMap2(faiss.IndexFlatIP(self._dimension))
        with self._database.read() as connection:
            header = self._header()
            if header is None:
                raise LibraryError(f"the vectors of {self._encoder} were removed while they were read; try again")
            for rows in _batches(connection.execute(self._rows, self._parameters)):
                index.add_with_ids(stack(rows, self._dimension), np.array([row["id"] for row in rows], np.int64))
        return header, index

    def _header(self) -> IndexHeader | None:
        with self._database.read() as connection:
            row = connection.execute("SELECT * FROM encoders WHERE name = ?", (self._encoder,)).fetchone()
        if row is None:
            return None
        check_dimension(self._encoder, stored=row["dimension"], given=self._dimension)
        return IndexHeader(self._title, row["dimension"], row["revision"])


def register_encoder(connection: sqlite3.Connection, name: str, dimension: int) -> None:
    """Note an encoder before the first of its vectors is written.

    Raises:
        LibraryError: another model has written under this name.
    """
    connection.execute("INSERT OR IGNORE INTO encoders VALUES (?, ?, ?)", (name, dimension, secrets.token_hex(12)))
    row = connection.execute("SELECT dimension FROM encoders WHERE name = ?", (name,)).fetchone()
    check_dimension(name, stored=row["dimension"], given=dimension)


def to_blob(vector: npt.NDArray[np.float32]) -> VectorBlob:
    """One vector, ``(dimension,)``, as it is stored."""
    return VectorBlob(vector.astype(_STORED).tobytes())


def vector_from_blob(blob: bytes, dimension: int) -> npt.NDArray[np.float32]:
    """One stored vector, ``(dimension,)`` float32.

    Raises:
        LibraryError: it has another size.
    """
    if len(blob) != dimension * _STORED.itemsize:
        raise LibraryError(
            f"a stored vector has {len(blob)} bytes, expected {dimension * _STORED.itemsize}: verify the library"
        )
    return np.frombuffer(blob, _STORED).astype(np.float32, copy=False)


def stack(rows: Sequence[sqlite3.Row], dimension: int) -> Vectors:
    """The column ``vector`` of some rows, ``(rows, dimension)``."""
    return np.stack([vector_from_blob(row["vector"], dimension) for row in rows])


def check_dimension(name: str, *, stored: int, given: int) -> None:
    """Whether the vectors of an encoder are those of the one at hand.

    Raises:
        LibraryError: another model has written under this name.
    """
    if stored != given:
        raise LibraryError(
            f"the library's vectors of {name} have {stored} numbers, this encoder gives"
            f" {given}: it is another model under the same name"
        )


def _only(ids: npt.NDArray[np.int64]) -> Any:
    import faiss

    parameters: Any = faiss.SearchParameters
    return parameters(sel=faiss.IDSelectorBatch(ids))


def _batches(cursor: sqlite3.Cursor) -> Iterator[list[sqlite3.Row]]:
    while rows := cursor.fetchmany(4096):
        yield rows
