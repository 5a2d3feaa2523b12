"""A list of vectors to be searched as one: blobs in SQLite are the truth, a FAISS index is derived from them.

The index is exact while the list is short and an inverted file when it is long
(:mod:`video_vlm.memory.ivf_index`), kept in a file, and made again whenever that is missing or torn. One that
is merely behind is kept: what came since is searched beside it, exactly, and what went is passed over, until
that is a tenth of it. What a text says and what a frame, a segment or a scene looks like are lists of their
own, and so is each encoder's.
"""

from __future__ import annotations

import json
import logging
import secrets
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
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

_MOST_CHANGED: Final = 0.1
"""The share of an index that may have come or gone since it was made."""


class VectorBlob(bytes):
    """One vector as it is stored: little-endian float32. PostgreSQL has a type of its own for such bytes."""


class VectorIndex:
    """One list of one encoder in one library. Shared by threads; the FAISS index is loaded on first use.

    Args:
        database: Where the vectors are.
        path: Where the derived index is kept.
        encoder: Whose vectors.
        dimension: How many numbers each has.
        rows: SQL that gives ``id`` and ``vector`` of the list in order of id, for ``:encoder`` and
            ``parameters``. The vector of an id never changes, and no id is given twice.
        exact_up_to: So many vectors are searched exactly.
        questions: Vectors of questions like those that will be asked, to try an index in lists with.
        parameters: What else ``rows`` asks for.
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
        """Ids by cosine to a vector of length one, nearest first, then in order of id; only those
        ``allowed``, if that is given. Then every list is looked into: those few lists that are nearest may
        hold none of them."""
        ready = self._brought_up_to_date()
        if ready is None:
            return []
        try:
            found = search_base(ready, query, limit, allowed)
        except UnusableIndex as reason:
            ready = self._made_again(reason)
            found = [] if ready is None else search_base(ready, query, limit, allowed)
        if ready is not None:
            found += search_fresh(ready, query, limit, allowed)
        return sorted(found, key=lambda pair: (-pair[1], pair[0]))[:limit]

    def load(self) -> Method | None:
        """Make ready to search, and say how that is done; None if there is nothing to search."""
        ready = self._brought_up_to_date()
        return None if ready is None else ready.base.method

    def _brought_up_to_date(self) -> ReadyIndex | None:
        with self._loading:
            header = self._header()
            if header is None:
                self._ready = None
            elif self._ready is None or self._ready.revision != header.revision:
                known = (self._caught_up(base) for base in self._bases(header))
                self._ready = next((ready for ready in known if ready is not None), None) or self._built()
            return self._ready

    def _bases(self, header: IndexHeader) -> Iterator[BaseIndex]:
        """The one in hand; where too much came or went since, that in the file, which another process may
        have made."""
        if self._ready is not None:
            yield self._ready.base
        base = self._from_file(header)
        if base is not None:
            yield base

    def _made_again(self, reason: UnusableIndex) -> ReadyIndex | None:
        _log.info("building the search index again: %s", reason)
        with self._loading:
            self._ready = self._built()
            return self._ready

    def _from_file(self, header: IndexHeader) -> BaseIndex | None:
        """What is in the file, if it was made from the vectors as they are, or as they were at some time."""

        def is_ours(found: IndexHeader) -> bool:
            same = (found.encoder, found.dimension, found.format) == (
                header.encoder,
                header.dimension,
                header.format,
            )
            return same and (found.revision == header.revision or self._is_marked(found))

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
        """With what came and went since the base was made; None where that is much."""
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
        """Written to the file, and read from there if its lists can stay in it."""
        if self._database.read_only:
            return base
        try:
            write_index(self._path, base.index, base.header, method=base.method, ids=base.ids)
            self._mark(base.header)
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
        """All of the list, ascending."""
        with self._database.read() as connection:
            rows = connection.execute(f"SELECT id FROM ({self._rows})", self._parameters)
            return np.fromiter((one for (one,) in rows), np.int64)

    def _vectors(self, ids: _Ids) -> Vectors:
        """Those of the list that are still there, in order of id."""
        found: list[sqlite3.Row] = []
        with self._database.read() as connection:
            for start in range(0, len(ids), 4096):
                some = json.dumps(ids[start : start + 4096].tolist())
                found += connection.execute(
                    f"SELECT id, vector FROM ({self._rows}) WHERE id IN (SELECT value FROM json_each(:some))",
                    {**self._parameters, "some": some},
                )
        found.sort(key=lambda row: int(row["id"]))
        return stack(found, self._dimension) if found else np.empty((0, self._dimension), np.float32)

    def batches(self) -> Iterator[Batch]:
        """All ids and vectors as they are now, some thousand at a time, in order of id."""
        with self._database.read() as connection:
            for rows in _batches(connection.execute(self._rows, self._parameters)):
                yield np.array([row["id"] for row in rows], np.int64), stack(rows, self._dimension)

    def _header(self) -> IndexHeader | None:
        with self._database.read() as connection:
            row = connection.execute("SELECT * FROM encoders WHERE name = ?", (self._encoder,)).fetchone()
        if row is None:
            return None
        check_dimension(self._encoder, stored=row["dimension"], given=self._dimension)
        return IndexHeader(self._title, row["dimension"], row["revision"])

    def _is_marked(self, header: IndexHeader) -> bool:
        """Whether the library went through the state an index was made from: a copy brought back from before
        did not, whatever ids it has given since."""
        with self._database.read() as connection:
            row = connection.execute(
                "SELECT revision FROM index_marks WHERE list = ?", (self._title,)
            ).fetchone()
        return row is not None and row["revision"] == header.revision

    def _mark(self, header: IndexHeader) -> None:
        with self._database.write() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO index_marks VALUES (?, ?)", (self._title, header.revision)
            )


def register_encoder(connection: sqlite3.Connection, name: str, dimension: int) -> None:
    """Note an encoder before the first of its vectors is written.

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
    """The column ``vector`` of some rows, ``(rows, dimension)``."""
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
    """Whether the vectors of an encoder are those of the one at hand.

    Raises:
        LibraryError: another model has written under this name.
    """
    if stored != given:
        raise LibraryError(
            f"the library's vectors of {name} have {stored} numbers, this encoder gives"
            f" {given}: it is another model under the same name"
        )


def _batches(cursor: sqlite3.Cursor) -> Iterator[list[sqlite3.Row]]:
    while rows := cursor.fetchmany(4096):
        yield rows
