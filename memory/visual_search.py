"""Visual search: the vector of a text or an image is compared with those of frames, segments and scenes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import nullcontext
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from video_vlm.memory.database_protocol import DatabaseConnection
from video_vlm.memory.fusion import fuse
from video_vlm.memory.ivf_index import EXACT_UP_TO, NUM_QUESTIONS
from video_vlm.memory.layout import Layout
from video_vlm.memory.recall_probes import recall_probes
from video_vlm.memory.search import WITHIN, Filter, FrameNeighbour
from video_vlm.memory.vector_index import VectorIndex, stack
from video_vlm.protocols import ImageTextEncoder
from video_vlm.records import Image, Level, Span

__all__ = ["VisualVectors"]

_LEVELS: Final = (Level.FRAME, Level.SEGMENT, Level.SCENE)

_FRAMES_A_MOMENT: Final = 8
"""So many times more frames than moments are searched: frames of one segment are one moment."""

_ROWS: Final = """
    SELECT s.id, s.vector FROM sights AS s JOIN nodes AS n ON n.memory = s.memory AND n.id = s.node
    WHERE s.encoder = :encoder AND n.level = :level ORDER BY s.id
"""

_READ: Final = f"""
    SELECT p.id, p.vector FROM json_each(:contents) AS c CROSS JOIN readable_sights AS p ON p.content_id = c.value
    WHERE p.encoder = :encoder AND p.level = :level AND {WITHIN} ORDER BY p.id
"""

_ALLOWED: Final = f"""
    SELECT p.id FROM readable_sights AS p WHERE p.encoder = :encoder AND p.level = :level AND {WITHIN}
"""

_FRAMES: Final = """
    SELECT s.id, s.memory, s.node, m.content_id, n.parent, n.start, n."end" FROM json_each(?) AS one
    CROSS JOIN sights AS s ON s.id = CAST(one.value AS BIGINT)
    CROSS JOIN nodes AS n ON n.memory = s.memory AND n.id = s.node
    CROSS JOIN memories AS m ON m.id = s.memory AND (m.complete OR NOT EXISTS (
        SELECT 1 FROM memories AS other WHERE other.content_id = m.content_id AND other.complete
    ))
"""

_IDS: Final = """
    SELECT s.id, s.memory, s.node FROM json_each(?) AS one CROSS JOIN sights AS s
    ON s.memory = CAST(json_extract(one.value, '$[0]') AS BIGINT)
    AND s.node = json_extract(one.value, '$[1]') AND s.encoder = ?
"""
"""For some nodes, from the table's own index: no vector is read."""

_PARENTS: Final = """
    SELECT n.memory, n.id, n.parent FROM json_each(?) AS one CROSS JOIN nodes AS n
    ON n.memory = CAST(json_extract(one.value, '$[0]') AS BIGINT) AND n.id = json_extract(one.value, '$[1]')
"""
"""By memory and id: by the id alone, every memory of the library would be searched."""

_Vector = npt.NDArray[np.float32]
_Vectors = npt.NDArray[np.float32]
_Place: TypeAlias = tuple[int, str]
"""A memory and a node of it."""


class VisualVectors:
    """The vectors of one image-text encoder in one library. Shared by threads."""

    def __init__(
        self,
        database: DatabaseConnection,
        layout: Layout,
        encoder: ImageTextEncoder,
        *,
        exact_up_to: int = EXACT_UP_TO,
    ) -> None:
        self.encoder = encoder
        self._database = database
        self._dense = {
            level: VectorIndex(
                database,
                layout.sight_index(encoder.name, level),
                encoder.name,
                encoder.dimension,
                rows=_ROWS,
                exact_up_to=exact_up_to,
                questions=self._trial_questions,
                level=level.value,
            )
            for level in _LEVELS
        }

    @property
    def lists(self) -> dict[str, VectorIndex]:
        """The indexes for a search of the whole library, by name."""
        return {f"sight of {level}s": index for level, index in self._dense.items()}

    def by_words(self, query: str, *, within: Filter, limit: int) -> list[FrameNeighbour]:
        """Up to ``limit`` moments nearest to a text, by the ranks of their frames, segments and scenes.

        The encoder is not loaded where the library has none of its vectors.
        """
        if within.kinds is not None or not query.strip() or not self._has_seen():
            return []
        (vector,) = self.encoder.encode_texts([query])
        with nullcontext() if within.content_ids is None else self._database.read():
            return self._fused(vector, within, limit)

    def _fused(self, vector: _Vector, within: Filter, limit: int) -> list[FrameNeighbour]:
        """The moments of the nearest frames, fused with the ranks of their segments and scenes."""
        moments = self._moments(vector, within, limit)
        ids = list(moments)
        rankings = {"frame": ids}
        segments = {one: one for one in ids}
        with self._database.read() as connection:
            rows = connection.execute(_PARENTS, (json.dumps(ids),))
            parents = {(row["memory"], row["id"]): row["parent"] or "" for row in rows}
        scenes = {one: (one[0], parents.get(one, "")) for one in ids}
        for level, above in ((Level.SEGMENT, segments), (Level.SCENE, scenes)):
            places = self._places(vector, level, within, limit, list(dict.fromkeys(above.values())))
            found = [one for one in ids if above[one] in places]
            rankings[level.value] = sorted(found, key=lambda one: places[above[one]])
        return [moments[one.item] for one in fuse(rankings)][:limit]

    def by_image(self, frame: Image, *, within: Filter, limit: int) -> list[FrameNeighbour]:
        """Up to ``limit`` moments with the frames most like an image (RGB uint8 ``(height, width, 3)``),
        nearest first."""
        if within.kinds is not None or not self._has_seen():
            return []
        (vector,) = self.encoder.encode_images([frame])
        return list(self._moments(vector, within, limit).values())[:limit]

    def frames(self, content_id: str, query: str) -> tuple[tuple[Span, float], ...]:
        """The span of each frame of a video and its cosine to a text, in order of time; empty where no frame
        has a vector."""
        with self._database.read() as connection:
            rows = connection.execute(
                'SELECT start, "end", vector FROM readable_sights WHERE content_id = ? AND encoder = ?'
                f" AND level = '{Level.FRAME}' ORDER BY start, \"end\", node",
                (content_id, self.encoder.name),
            ).fetchall()
        if not rows or not query.strip():
            return ()
        (vector,) = self.encoder.encode_texts([query])
        cosines = stack(rows, self.encoder.dimension) @ vector
        return tuple(
            (Span(row["start"], row["end"]), float(one)) for row, one in zip(rows, cosines, strict=True)
        )

    def _trial_questions(self) -> _Vectors | None:
        questions = recall_probes(self._database, NUM_QUESTIONS)
        return self.encoder.encode_texts(questions) if questions else None

    def _has_seen(self) -> bool:
        with self._database.read() as connection:
            row = connection.execute(
                "SELECT 1 FROM sights WHERE encoder = ? LIMIT 1", (self.encoder.name,)
            ).fetchone()
        return row is not None

    def _moments(self, vector: _Vector, within: Filter, limit: int) -> dict[_Place, FrameNeighbour]:
        """The nearest frame of each segment, nearest segment first."""
        near = dict(self._near(vector, Level.FRAME, within, _FRAMES_A_MOMENT * limit))
        with self._database.read() as connection:
            found = connection.execute(_FRAMES, (json.dumps(list(near)),))
            rows = {row["id"]: row for row in found}
        moments: dict[_Place, FrameNeighbour] = {}
        # Frames that were deleted since they were found, or are not to be read, have no row.
        for one in (one for one in near if one in rows):
            row = rows[one]
            segment = row["memory"], row["parent"]
            if segment not in moments:
                span = Span(row["start"], row["end"])
                moments[segment] = FrameNeighbour(row["node"], row["content_id"], span, near[one])
        return moments

    def _places(
        self, vector: _Vector, level: Level, within: Filter, limit: int, nodes: Sequence[_Place]
    ) -> dict[_Place, int]:
        """Those of ``nodes`` that are among the nearest of a level, each with its rank from 0."""
        ranked = self._near(vector, level, within, _FRAMES_A_MOMENT * limit)
        near = {one: place for place, (one, _) in enumerate(ranked)}
        with self._database.read() as connection:
            rows = connection.execute(_IDS, (json.dumps(nodes), self.encoder.name)).fetchall()
        return {(row["memory"], row["node"]): near[row["id"]] for row in rows if row["id"] in near}

    def _near(self, vector: _Vector, level: Level, within: Filter, limit: int) -> list[tuple[int, float]]:
        parameters = {**within.parameters(), "encoder": self.encoder.name, "level": level.value}
        if within.content_ids is None:
            allowed = None
            if within != Filter():
                with self._database.read() as connection:
                    found = connection.execute(_ALLOWED, parameters)
                    allowed = np.fromiter((row["id"] for row in found), np.int64)
            return self._dense[level].nearest(vector, limit=limit, allowed=allowed)
        with self._database.read() as connection:
            rows = connection.execute(_READ, parameters).fetchall()
        if not rows:
            return []
        cosines = stack(rows, self.encoder.dimension) @ vector
        best = np.argsort(-cosines, kind="stable")[:limit]
        return [(rows[place]["id"], float(cosines[place])) for place in best]
