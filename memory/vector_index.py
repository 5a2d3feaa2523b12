"""A searchable list of vectors: the vectors are blobs in SQLite, a FAISS index is derived from them.

The index is exact while the list is short and an inverted file when it is long
(:mod:`video_vlm.memory.ivf_index`). It is kept in a file, and built again when that is missing or damaged. An
index that is out of date is kept while less than a tenth changed: new vectors are searched beside it,
exactly, and deleted ones are left out. Texts, frames, segments and scenes are separate lists, for each
encoder.
"""

from __future__ import annotations

import json
import logging
import secrets
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from video_vlm.errors import LibraryError
from video_vlm.memory.database_protocol import DatabaseConnection
from video_vlm.memory.index_delta import BaseIndex, ReadyIndex, search_base, search_fresh
from video_vlm.memory.index_file import IndexFile, IndexHeader, Method, UnusableIndex, write_index
from video_vlm.memory.ivf_index import EXACT_UP_TO, Batch, build_exact, fill, train
from video_vlm.memory.row_codec import blob

__all__ = [
    "VectorBlob",
    "VectorIndex",
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

_Ids = npt.NDArray[np.int64]

_STORED: Final = np.dtype("<f4")

_BATCH: Final = 4096
"""How many vectors are read at a time."""

_MOST_CHANGED: Final = 0.1
"""The largest share of vectors that may have been added or deleted since the index was built."""


class VectorBlob(bytes):
    """One vector as it is stored: little-endian float32. In PostgreSQL such bytes have their own type."""


class VectorIndex:
    """One list of one encoder in one library. Shared by threads; the FAISS index is loaded on first use.

    Args:
        database: Where the vectors are.
        path: The file of the derived index.
        encoder: The name of the vectors' encoder.
        dimension: The length of each vector.
        rows: SQL that gives ``id`` and ``vector`` of the list in order of id, for ``:encoder`` and
            ``parameters``. The vector of an id never changes, and no id is used twice.
        exact_up_to: Up to so many vectors are searched exactly.
        questions: Vectors ``(n, dimension)`` of typical questions, to measure the recall of an inverted file.
        parameters: Other parameters of ``rows``.
    """

    def __init__(
        self,
        database: DatabaseConnection,
        path: Path,
        encoder: str,
        dimension: int,
        *,
        rows: str,
        exact_up_to: int = EXACT_UP_TO,
        questions: Callable[[], Vectors | None] = lambda: None,
        **parameters: str,
    ) -> None:
        self._database = database
        self._path = path
        self._encoder = encoder
        self._dimension = dimension
        self._rows = rows
        self._exact_up_to = exact_up_to
        self._questions = questions
        self._parameters = {"encoder": encoder, **parameters}
        self._title = " ".join(self._parameters.values())
        self._loading = threading.Lock()
        self._ready: ReadyIndex | None = None

    def nearest(
        self, query: npt.NDArray[np.float32], *, limit: int, allowed: npt.NDArray[np.int64] | None = None
    ) -> list[tuple[int, float]]:
        """Up to ``limit`` ids and cosines to ``query``, nearest first, then in order of id.

        Args:
            query: A vector of norm 1, ``(dimension,)``.
            limit: At most so many.
            allowed: Only these ids, ``(n,)``. Then all lists of an inverted file are searched: the nearest
                lists may hold none of them.

        Raises:
            LibraryError: another model has written under this encoder's name.
        """
        ready = self._brought_up_to_date()
        if ready is None:
            return []
        try:
            found = search_base(ready, query, limit, allowed)
        except UnusableIndex as reason:
            _log.info("building the search index again: %s", reason)
            with self._loading:
                ready = self._ready = self._built()
            found = [] if ready is None else search_base(ready, query, limit, allowed)
        if ready is not None:
            found += search_fresh(ready, query, limit, allowed)
        return sorted(found, key=lambda pair: (-pair[1], pair[0]))[:limit]

    def load(self) -> Method | None:
        """Load or build the index, and return how it searches; None if there are no vectors."""
        ready = self._brought_up_to_date()
        return None if ready is None else ready.base.method

    def _brought_up_to_date(self) -> ReadyIndex | None:
        with self._loading:
            header = self._header()
            if header is None:
                self._ready = None
            elif self._ready is None or self._ready.revision != header.revision:
                ready = None if self._ready is None else self._caught_up(self._ready.base)
                # Where too much changed since, another process may have built the index in the file.
                if ready is None and (base := self._from_file(header)) is not None:
                    ready = self._caught_up(base)
                self._ready = ready or self._built()
            return self._ready

    def _from_file(self, header: IndexHeader) -> BaseIndex | None:
        """The index in the file, if it was built from the present vectors, or from an earlier state of
        them."""

        def is_ours(found: IndexHeader) -> bool:
            is_same = replace(found, revision=header.revision) == header
            return is_same and (found.revision == header.revision or self._is_marked(found))

        try:
            file = IndexFile(self._path, wanted=is_ours)
            index, ids = file.load(), file.ids()
        except UnusableIndex as reason:
            _log.info("building the search index again: %s", reason)
            return None
        method = file.method
        fits = method.is_exact == (method.num_vectors <= self._exact_up_to)
        return BaseIndex(file.header, method, index, ids, file) if fits else None

    def _caught_up(self, base: BaseIndex) -> ReadyIndex | None:
        """The index with the vectors added and deleted since it was built; None where these are too many."""
        with self._database.read():
            header = self._header()
            if header is None:
                return None
            if header.revision == base.header.revision:
                return ReadyIndex(header.revision, base)
            now = self._ids()
            gone = np.setdiff1d(base.ids, now, assume_unique=True)
            new = np.setdiff1d(now, base.ids, assume_unique=True)
            if len(gone) + len(new) > _MOST_CHANGED * len(base.ids):
                return None
            fresh = build_exact(self._dimension, [(new, self._vectors(new))])[0] if len(new) else None
            return ReadyIndex(header.revision, base, gone, fresh)

    def _built(self) -> ReadyIndex | None:
        ids = self._ids()
        trained = None
        if len(ids) > self._exact_up_to:
            _log.info("making an index of %d vectors of %s in lists", len(ids), self._title)
            trained = train(self._dimension, ids, self._vectors, questions=self._questions())
        with self._database.read():
            header = self._header()
            if header is None:
                return None
            index, method, known = (
                build_exact(self._dimension, self.batches())
                if trained is None
                else fill(trained, self.batches())
            )
        return ReadyIndex(header.revision, self._kept(BaseIndex(header, method, index, known)))

    def _kept(self, base: BaseIndex) -> BaseIndex:
        """Write an index to its file; the result reads its lists from there, if it has lists."""
        if self._database.read_only:
            return base
        try:
            write_index(self._path, base.index, base.header, method=base.method, ids=base.ids)
            with self._database.write() as connection:
                mark = "INSERT OR REPLACE INTO index_marks VALUES (?, ?)"
                connection.execute(mark, (self._title, base.header.revision))
            if base.method.is_exact:
                return base
            file = IndexFile(self._path, wanted=lambda found: found == base.header)
            return BaseIndex(base.header, base.method, file.load(), base.ids, file)
        except (OSError, LibraryError) as error:
            _log.warning("the search index stays in memory: %s cannot be written (%s)", self._path, error)
        except UnusableIndex as reason:
            _log.info("the search index stays in memory: %s", reason)
        return base

    def _ids(self) -> _Ids:
        """All ids of the list, ``(n,)``, ascending."""
        with self._database.read() as connection:
            rows = connection.execute(f"SELECT id FROM ({self._rows})", self._parameters)
            return np.fromiter((one for (one,) in rows), np.int64)

    def _vectors(self, ids: _Ids) -> Vectors:
        """The vectors of those ids that are still there, ``(n, dimension)``, in order of id."""
        found: list[sqlite3.Row] = []
        with self._database.read() as connection:
            for start in range(0, len(ids), _BATCH):
                some = json.dumps(ids[start : start + _BATCH].tolist())
                found += connection.execute(
                    f"SELECT id, vector FROM ({self._rows}) WHERE id IN (SELECT value FROM json_each(:some))",
                    {**self._parameters, "some": some},
                )
        found.sort(key=lambda row: int(row["id"]))
        return stack(found, self._dimension) if found else np.empty((0, self._dimension), np.float32)

    def batches(self) -> Iterator[Batch]:
        """All ids and vectors as they are now, 4096 at a time, in order of id."""
        with self._database.read() as connection:
            cursor = connection.execute(self._rows, self._parameters)
            while rows := cursor.fetchmany(_BATCH):
                yield np.array([row["id"] for row in rows], np.int64), stack(rows, self._dimension)

    def _header(self) -> IndexHeader | None:
        with self._database.read() as connection:
            row = connection.execute("SELECT * FROM encoders WHERE name = ?", (self._encoder,)).fetchone()
        if row is None:
            return None
        check_dimension(self._encoder, stored=row["dimension"], given=self._dimension)
        return IndexHeader(self._title, row["dimension"], row["revision"])

    def _is_marked(self, header: IndexHeader) -> bool:
        """Whether the library was in the state from which an index was built. A restored backup was not, even
        if it has used the same ids since."""
        with self._database.read() as connection:
            row = connection.execute(
                "SELECT revision FROM index_marks WHERE list = ?", (self._title,)
            ).fetchone()
        return row is not None and row["revision"] == header.revision


def register_encoder(connection: sqlite3.Connection, name: str, dimension: int) -> None:
    """Note an encoder's name and dimension before the first of its vectors is written.

    Raises:
        LibraryError: another model has written under this name.
    """
    connection.execute(
        "INSERT OR IGNORE INTO encoders VALUES (?, ?, ?)", (name, dimension, secrets.token_hex(12))
    )
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
    vector: npt.NDArray[np.float32] = _from_blobs([blob], dimension)[0]
    return vector


def stack(rows: Sequence[sqlite3.Row], dimension: int) -> Vectors:
    """The column ``vector`` of some rows, float32 ``(rows, dimension)``.

    Raises:
        LibraryError: a vector has another size.
    """
    return _from_blobs([row["vector"] for row in rows], dimension)


def _from_blobs(blobs: Sequence[bytes], dimension: int) -> Vectors:
    expected = dimension * _STORED.itemsize
    odd = next((size for one in blobs if (size := len(blob(one, "vector"))) != expected), None)
    if odd is not None:
        raise LibraryError(f"a stored vector has {odd} bytes, expected {expected}: verify the library")
    return (
        np.frombuffer(b"".join(blobs), _STORED).astype(np.float32, copy=False).reshape(len(blobs), dimension)
    )


def check_dimension(name: str, *, stored: int, given: int) -> None:
    """Check that an encoder's stored vectors have the dimension of its new ones.

    Raises:
        LibraryError: another model has written under this name.
    """
    if stored != given:
        raise LibraryError(
            f"the library's vectors of {name} have {stored} numbers, this encoder gives"
            f" {given}: it is another model under the same name"
        )
