"""Text vectors and visual vectors, searched inside PostgreSQL."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from video_vlm.memory.ivf_index import EXACT_UP_TO
from video_vlm.memory.library_vectors import LibraryVectors
from video_vlm.memory.postgres.database import PostgresDatabase
from video_vlm.memory.postgres.filters import INSIDE, WITHIN, WITHIN_TEXT
from video_vlm.memory.postgres.nearest import VectorList
from video_vlm.memory.search import Filter, TextNeighbour
from video_vlm.memory.text_vectors import TextVectors
from video_vlm.memory.vector_index import VectorIndex
from video_vlm.memory.visual_search import VisualVectors
from video_vlm.protocols import ImageTextEncoder, TextEncoder
from video_vlm.records import Level

__all__ = ["TEXTS", "PostgresLibraryVectors", "PostgresTextVectors", "PostgresVisualVectors"]

TEXTS: Final = f"""
    vectors AS v JOIN readable_passages AS p ON p.id = v.passage WHERE v.encoder = %(encoder)s AND {WITHIN_TEXT}
"""
"""For :class:`~video_vlm.memory.postgres.nearest.VectorList`."""

_TEXTS_IN_VIDEOS: Final = f"""
    (WITH {INSIDE} SELECT v.* FROM inside AS p JOIN vectors AS v ON v.passage = p.id AND v.encoder = %(encoder)s) AS v
"""

_SIGHTS: Final = f"""
    readable_sights AS p CROSS JOIN LATERAL (SELECT p.id, p.vector) AS v
    WHERE p.encoder = %(encoder)s AND p.level = %(level)s AND {WITHIN}
"""


class PostgresTextVectors(TextVectors):
    """The vectors of one encoder in one library. Shared by threads."""

    def __init__(
        self, database: PostgresDatabase, encoder: TextEncoder, *, exact_up_to: int = EXACT_UP_TO
    ) -> None:
        self._database = database
        self.encoder = encoder
        self._list = VectorList(database, "vectors", encoder.name, encoder.dimension, exact_up_to)

    @property
    def lists(self) -> dict[str, VectorIndex]:
        """None: they are searched by the server."""
        return {}

    def embed(self, content_id: str | None = None) -> int:
        done = super().embed(content_id)
        if done:
            self._list.ensure_index()
        return done

    def _near(self, vector: npt.NDArray[np.float32], within: Filter, limit: int) -> list[TextNeighbour]:
        is_everywhere = within.content_ids is None
        search = self._list.indexed if is_everywhere else self._list.exact
        rows = TEXTS if is_everywhere else _TEXTS_IN_VIDEOS
        with self._list.database.reading() as connection:
            found = search(connection, vector, found=rows, limit=limit, **within.parameters())
        return [TextNeighbour(passage, cosine) for passage, cosine in found]


class PostgresVisualVectors(VisualVectors):
    """The vectors of one image-text encoder in one library. Shared by threads."""

    def __init__(
        self, database: PostgresDatabase, encoder: ImageTextEncoder, *, exact_up_to: int = EXACT_UP_TO
    ) -> None:
        self.encoder = encoder
        self._database = database
        self._list = VectorList(database, "sights", encoder.name, encoder.dimension, exact_up_to)

    @property
    def lists(self) -> dict[str, VectorIndex]:
        """None: they are searched by the server."""
        return {}

    def ensure_index(self) -> None:
        """Build an index if there are many vectors."""
        self._list.ensure_index()

    def _near(
        self, vector: npt.NDArray[np.float32], level: Level, within: Filter, limit: int
    ) -> list[tuple[int, float]]:
        values = {**within.parameters(), "level": level.value}
        with self._list.database.reading() as connection:
            search = self._list.indexed if within.content_ids is None else self._list.exact
            return search(connection, vector, found=_SIGHTS, limit=limit, **values)


class PostgresLibraryVectors(LibraryVectors):
    """All vectors of one library; their indexes are the server's. Shared by threads."""

    def __init__(
        self,
        database: PostgresDatabase,
        *,
        texts: PostgresTextVectors | None,
        visuals: PostgresVisualVectors | None,
    ) -> None:
        super().__init__(database, texts=texts, visuals=visuals)
        self._seen = visuals

    def embed(self, content_id: str | None = None) -> int:
        """As :meth:`LibraryVectors.embed`; also builds an index of visual vectors if there are many."""
        done = super().embed(content_id)
        if self._seen is not None:
            self._seen.ensure_index()
        return done
