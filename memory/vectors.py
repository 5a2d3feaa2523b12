"""Text vectors: kept in SQLite, searched exactly.

A search inside named videos reads their vectors and multiplies. A search of the whole library asks
a FAISS index (flat inner product: exact too), which is derived from SQLite, kept in a file, and
made again whenever it is missing, torn or behind.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from video_vlm.errors import LibraryError
from video_vlm.memory.database import Database
from video_vlm.memory.index_file import IndexHeader, UnusableIndex, read_index, write_index
from video_vlm.memory.layout import Layout
from video_vlm.memory.search import WITHIN, Filter, Neighbour
from video_vlm.protocols import TextEncoder

__all__ = ["TextVectors", "vector_from_blob"]

_log = logging.getLogger(__name__)

Vectors = npt.NDArray[np.float32]

MIN_COSINE: Final = 0.2
"""Nearer than this to be worth a place: the nearest passage to nonsense is still nonsense."""

_BATCH: Final = 64

_STORED: Final = np.dtype("<f4")

_MISSING: Final = """
    SELECT p.id, p.text FROM readable_passages AS p
    LEFT JOIN vectors AS v ON v.passage = p.id AND v.encoder = :encoder
    WHERE p.id > :after AND v.passage IS NULL AND trim(p.text) <> ''
    AND (:content IS NULL OR p.content_id = :content)
    ORDER BY p.id LIMIT :limit
"""


class TextVectors:
    """The vectors of one encoder in one library. Shared by threads; the FAISS index is loaded on first use."""

    def __init__(self, database: Database, layout: Layout, encoder: TextEncoder) -> None:
        self._database = database
        self._layout = layout
        self._encoder = encoder
        self._loading = threading.Lock()
        self._loaded: tuple[IndexHeader, Any] | None = None

    def embed(self, content_id: str | None = None) -> int:
        """Encode what has no vector yet, of one video or of all; returns how many passages that were.

        Goes on where it was interrupted: each batch is committed by itself. The encoder runs
        outside of any transaction, so that a slow one keeps nobody waiting.
        """
        done = after = 0
        while batch := self._missing(content_id, after):
            passages, texts = zip(*batch, strict=True)
            vectors = self._encode(list(dict.fromkeys(texts)))
            rows = dict(zip(dict.fromkeys(texts), vectors, strict=True))
            self._store([(passage, rows[text]) for passage, text in batch])
            done, after = done + len(batch), passages[-1]
        return done

    def nearest(self, query: str, *, within: Filter, limit: int) -> list[Neighbour]:
        """Passages by cosine to ``query``, nearest first."""
        (vector,) = self._encode([query])
        found = self._by_index if within.content_ids is None else self._by_reading
        return [one for one in found(vector, within, limit) if one.cosine >= MIN_COSINE]

    def _by_reading(self, query: npt.NDArray[np.float32], within: Filter, limit: int) -> list[Neighbour]:
        with self._database.read() as connection:
            rows = connection.execute(
                "SELECT v.passage, v.vector FROM json_each(:contents) AS c"  # noqa: S608 - constants only
                " CROSS JOIN readable_passages AS p ON p.content_id = c.value"
                f" CROSS JOIN vectors AS v ON v.passage = p.id AND v.encoder = :encoder WHERE {WITHIN}",
                {**within.parameters(), "encoder": self._encoder.name},
            ).fetchall()
        if not rows:
            return []
        cosines = self._stack(rows) @ query
        best = np.lexsort((np.array([row["passage"] for row in rows]), -cosines))[:limit]
        return [Neighbour(rows[place]["passage"], float(cosines[place])) for place in best]

    def _by_index(self, query: npt.NDArray[np.float32], within: Filter, limit: int) -> list[Neighbour]:
        index = self._index()
        if index is None:
            return []
        allowed = None if within == Filter() else _only(self._allowed(within))
        cosines, passages = index.search(query[None], min(limit, index.ntotal), params=allowed)
        return [
            Neighbour(int(passage), float(cosine))
            for passage, cosine in zip(passages[0], cosines[0], strict=True)
            if passage >= 0
        ]

    def _allowed(self, within: Filter) -> npt.NDArray[np.int64]:
        with self._database.read() as connection:
            rows = connection.execute(
                f"SELECT p.id FROM readable_passages AS p WHERE {WITHIN}",  # noqa: S608 - constants only
                within.parameters(),
            )
            return np.fromiter((row["id"] for row in rows), np.int64)

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
        path = self._layout.text_index(self._encoder.name)
        try:
            return header, read_index(path, header)
        except UnusableIndex as reason:
            _log.info("building the search index again: %s", reason)
        header, index = self._build()
        if not self._database.read_only:
            try:
                write_index(path, index, header)
            except OSError as error:
                _log.warning("the search index stays in memory: %s cannot be written (%s)", path, error)
        return header, index

    def _build(self) -> tuple[IndexHeader, Any]:
        import faiss

        index = faiss.IndexIDMap2(faiss.IndexFlatIP(self._encoder.dimension))
        with self._database.read() as connection:
            header = self._header()
            if header is None:
                raise LibraryError(f"the vectors of {self._encoder.name} were removed while they were read; try again")
            for rows in _batches(connection, self._encoder.name):
                index.add_with_ids(self._stack(rows), np.array([row["passage"] for row in rows], np.int64))
        return header, index

    def _header(self) -> IndexHeader | None:
        with self._database.read() as connection:
            row = connection.execute("SELECT * FROM encoders WHERE name = ?", (self._encoder.name,)).fetchone()
        if row is None:
            return None
        self._check_dimension(row["dimension"])
        return IndexHeader(self._encoder.name, row["dimension"], row["revision"])

    def _missing(self, content_id: str | None, after: int) -> list[tuple[int, str]]:
        with self._database.read() as connection:
            rows = connection.execute(
                _MISSING, {"encoder": self._encoder.name, "content": content_id, "after": after, "limit": _BATCH}
            )
            return [(row["id"], row["text"]) for row in rows]

    def _store(self, vectors: Sequence[tuple[int, npt.NDArray[np.float32]]]) -> None:
        name, dimension = self._encoder.name, self._encoder.dimension
        with self._database.write() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO encoders VALUES (?, ?, lower(hex(randomblob(12))))", (name, dimension)
            )
            row = connection.execute("SELECT dimension FROM encoders WHERE name = ?", (name,)).fetchone()
            self._check_dimension(row["dimension"])
            # A passage may have been dropped, or given its vector by another process, while the encoder ran.
            connection.executemany(
                "INSERT OR IGNORE INTO vectors SELECT id, ?, ? FROM passages WHERE id = ?",
                [(name, vector.astype(_STORED).tobytes(), passage) for passage, vector in vectors],
            )

    def _encode(self, texts: Sequence[str]) -> Vectors:
        vectors = np.asarray(self._encoder.encode(texts), np.float32)
        if vectors.shape != (len(texts), self._encoder.dimension) or not np.isfinite(vectors).all():
            raise ValueError(
                f"encoder {self._encoder.name} gave {vectors.shape} for {len(texts)} texts"
                f" of {self._encoder.dimension} numbers, or numbers that are not finite"
            )
        return vectors

    def _stack(self, rows: Sequence[sqlite3.Row]) -> Vectors:
        return np.stack([vector_from_blob(row["vector"], self._encoder.dimension) for row in rows])

    def _check_dimension(self, stored: int) -> None:
        if stored != self._encoder.dimension:
            raise LibraryError(
                f"the library's vectors of {self._encoder.name} have {stored} numbers, this encoder gives"
                f" {self._encoder.dimension}: it is another model under the same name"
            )


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


def _only(passages: npt.NDArray[np.int64]) -> Any:
    import faiss

    parameters: Any = faiss.SearchParameters
    return parameters(sel=faiss.IDSelectorBatch(passages))


def _batches(connection: sqlite3.Connection, encoder: str) -> Iterator[list[sqlite3.Row]]:
    cursor = connection.execute("SELECT passage, vector FROM vectors WHERE encoder = ? ORDER BY passage", (encoder,))
    while rows := cursor.fetchmany(4096):
        yield rows
