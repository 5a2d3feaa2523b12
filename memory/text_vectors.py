"""Text vectors: kept in SQLite, and searched.

A search inside named videos reads their vectors and compares all of them. A search of the whole library uses
a derived index (:mod:`video_vlm.memory.vector_index`), which is exact until the library is large.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from video_vlm.memory.database_protocol import DatabaseConnection
from video_vlm.memory.ivf_index import EXACT_UP_TO, NUM_QUESTIONS
from video_vlm.memory.kept_vectors import KeptVectors
from video_vlm.memory.layout import Layout
from video_vlm.memory.recall_probes import recall_probes
from video_vlm.memory.search import WITHIN_TEXT, Filter, TextNeighbour
from video_vlm.memory.vector_index import VectorIndex, Vectors, register_encoder, stack, to_blob
from video_vlm.protocols import TextEncoder

__all__ = ["TextVectors"]

MIN_COSINE: Final = 0.2
"""The least cosine of a result: even a nonsense query has a nearest passage."""

_BATCH: Final = 64

_ROWS: Final = "SELECT passage AS id, vector FROM vectors WHERE encoder = :encoder ORDER BY passage"

_MISSING: Final = """
    SELECT p.id, p.text FROM readable_passages AS p
    LEFT JOIN vectors AS v ON v.passage = p.id AND v.encoder = :encoder
    WHERE p.id > :after AND v.passage IS NULL AND trim(p.text) <> '' {of_video}
    ORDER BY p.id LIMIT :limit
"""

_MISSING_ANYWHERE: Final = _MISSING.format(of_video="")
_MISSING_OF_VIDEO: Final = _MISSING.format(of_video="AND p.content_id = :content")
"""Two statements: one for both would scan the whole library for a single video."""


_WITHIN_VIDEOS: Final = f"""
    SELECT v.passage FROM json_each(:contents) AS c
    CROSS JOIN readable_passages AS p ON p.content_id = c.value
    CROSS JOIN vectors AS v ON v.passage = p.id AND v.encoder = :encoder WHERE {WITHIN_TEXT}
    ORDER BY v.passage
"""

_OF_PASSAGES: Final = """
    SELECT v.vector FROM json_each(?2) AS c CROSS JOIN vectors AS v ON v.passage = c.value AND v.encoder = ?1
    ORDER BY v.passage
"""


class TextVectors:
    """The vectors of one encoder in one library. Shared by threads."""

    def __init__(
        self,
        database: DatabaseConnection,
        layout: Layout,
        encoder: TextEncoder,
        *,
        exact_up_to: int = EXACT_UP_TO,
    ) -> None:
        self._database = database
        self.encoder = encoder
        path = layout.text_index(encoder.name)
        self._dense = VectorIndex(
            database, path, encoder.name, encoder.dimension, rows=_ROWS, exact_up_to=exact_up_to
        )
        self._kept = KeptVectors(encoder.dimension)

    @property
    def lists(self) -> dict[str, VectorIndex]:
        """The indexes for a search of the whole library, by name."""
        return {"text": self._dense}

    def embed(self, content_id: str | None = None) -> int:
        """Compute the missing vectors of one video or of all; return for how many passages.

        Each batch of 64 is committed, so an interrupted run goes on where it stopped. The encoder runs
        outside of any transaction: a slow one does not keep other processes waiting.

        Raises:
            ValueError: the encoder gave vectors of another shape, or not finite.
            LibraryError: another model has written under this encoder's name.
        """
        done = after = 0
        while batch := self._missing(content_id, after):
            passages, texts = zip(*batch, strict=True)
            vectors = self._encode(list(dict.fromkeys(texts)))
            rows = dict(zip(dict.fromkeys(texts), vectors, strict=True))
            self._store([(passage, rows[text]) for passage, text in batch])
            done, after = done + len(batch), passages[-1]
        return done

    def nearest(self, query: str, *, within: Filter, limit: int) -> list[TextNeighbour]:
        """Up to ``limit`` passages with a cosine of at least 0.2 to ``query``, nearest first."""
        (vector,) = self._encode([query])
        return [one for one in self._near(vector, within, limit) if one.cosine >= MIN_COSINE]

    def _near(self, vector: npt.NDArray[np.float32], within: Filter, limit: int) -> list[TextNeighbour]:
        found = self._by_index if within.content_ids is None else self._by_reading
        return found(vector, within, limit)

    def _by_reading(self, query: npt.NDArray[np.float32], within: Filter, limit: int) -> list[TextNeighbour]:
        with self._database.read() as connection:
            rows = connection.execute(_WITHIN_VIDEOS, {**within.parameters(), "encoder": self.encoder.name})
            passages = np.fromiter((row["passage"] for row in rows), np.int64)
            vectors = self._kept.of(passages, lambda missing: self._read(connection, missing))
        cosines = vectors @ query
        best = np.lexsort((passages, -cosines))[:limit]
        return [TextNeighbour(int(passages[place]), float(cosines[place])) for place in best]

    def _read(self, connection: sqlite3.Connection, passages: Sequence[int]) -> Vectors:
        rows = connection.execute(_OF_PASSAGES, (self.encoder.name, json.dumps(passages))).fetchall()
        return stack(rows, self.encoder.dimension)

    def _by_index(self, query: npt.NDArray[np.float32], within: Filter, limit: int) -> list[TextNeighbour]:
        allowed = None
        if within != Filter():
            passages = f"SELECT p.id FROM readable_passages AS p WHERE {WITHIN_TEXT}"
            with self._database.read() as connection:
                rows = connection.execute(passages, within.parameters())
                allowed = np.fromiter((row["id"] for row in rows), np.int64)
        found = self._dense.nearest(query, limit=limit, allowed=allowed)
        return [TextNeighbour(passage, cosine) for passage, cosine in found]

    def _trial_questions(self) -> Vectors | None:
        questions = recall_probes(self._database, NUM_QUESTIONS)
        return self._encode(questions) if questions else None

    def _missing(self, content_id: str | None, after: int) -> list[tuple[int, str]]:
        with self._database.read() as connection:
            rows = connection.execute(
                _MISSING_ANYWHERE if content_id is None else _MISSING_OF_VIDEO,
                {"encoder": self.encoder.name, "content": content_id, "after": after, "limit": _BATCH},
            )
            return [(row["id"], row["text"]) for row in rows]

    def _store(self, vectors: Sequence[tuple[int, npt.NDArray[np.float32]]]) -> None:
        name, dimension = self.encoder.name, self.encoder.dimension
        with self._database.write() as connection:
            register_encoder(connection, name, dimension)
            # While the encoder ran, another process may have deleted the passage or written its vector.
            connection.executemany(
                "INSERT OR IGNORE INTO vectors SELECT id, ?, ? FROM passages WHERE id = ?",
                [(name, to_blob(vector), passage) for passage, vector in vectors],
            )

    def _encode(self, texts: Sequence[str]) -> Vectors:
        vectors = np.asarray(self.encoder.encode(texts), np.float32)
        if vectors.shape != (len(texts), self.encoder.dimension) or not np.isfinite(vectors).all():
            raise ValueError(
                f"encoder {self.encoder.name} gave {vectors.shape} for {len(texts)} texts"
                f" of {self.encoder.dimension} numbers, or numbers that are not finite"
            )
        return vectors
