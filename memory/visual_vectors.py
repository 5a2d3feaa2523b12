"""Visual vectors of an image-text encoder: one for each frame, and means of them for segments and scenes.

Vectors are kept by encoder: those of two are never mixed. A memory may have vectors of several, or of none.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from video_vlm.errors import MemoryReplaced
from video_vlm.memory.row_checksums import seal_visual_vectors
from video_vlm.memory.vector_index import Vectors, register_encoder, stack, to_blob
from video_vlm.records import Level

__all__ = [
    "NodesWithoutVectors",
    "SegmentVisuals",
    "complete_visual_vectors",
    "nodes_without_vectors",
    "pool_scenes",
    "put_visual_vectors",
]

_SHORTEST_SECONDS: Final = 1e-6
"""The least weight of a frame: a video of one frame, which lasts no time, has a vector too."""

_FRAMES_BELOW: Final = f"""
    WITH above AS (SELECT :node AS id UNION ALL SELECT id FROM nodes WHERE memory = :memory AND parent = :node)
    SELECT f.start, f."end", s.vector, e.dimension FROM above CROSS JOIN nodes AS f INDEXED BY nodes_by_parent
    ON f.memory = :memory AND f.parent = above.id AND f.level = '{Level.FRAME}'
    CROSS JOIN sights AS s ON s.memory = f.memory AND s.node = f.id AND s.encoder = :encoder
    CROSS JOIN encoders AS e ON e.name = s.encoder
    ORDER BY f.start, f."end", f.id
"""
"""The frames of a segment, or of a scene through its segments. Found by their parents: a scan of all frames
of ten hours for each node would be slow."""

_UNSEEN: Final = f"""
    SELECT f.parent, f.id, coalesce(p.pts_seconds, (f.start + f."end") / 2) AS seconds FROM nodes AS f
    JOIN posters AS p ON p.memory = f.memory AND p.node = f.id
    WHERE f.memory = :memory AND f.level = '{Level.FRAME}' AND f.parent IN (
        SELECT g.parent FROM nodes AS g WHERE g.memory = :memory AND g.level = '{Level.FRAME}'
        AND NOT EXISTS (SELECT 1 FROM sights WHERE memory = g.memory AND node = g.id AND encoder = :encoder)
    )
    ORDER BY f.start, f."end", f.id
"""


@dataclass(frozen=True, slots=True, eq=False)
class SegmentVisuals:
    """The vectors of some frames by one image-text encoder: float32 ``(frames, dimension)``, rows of norm 1.

    Raises:
        ValueError: they have another shape, or are not finite.
    """

    encoder: str
    vectors: Vectors

    def __post_init__(self) -> None:
        if self.vectors.ndim != 2 or not np.isfinite(self.vectors).all():
            raise ValueError(f"{self.encoder} gave {self.vectors.shape}, or numbers that are not finite")


@dataclass(frozen=True, slots=True)
class NodesWithoutVectors:
    """A segment with frames that have no visual vector: the ids of all its frames, and their times in
    seconds.

    A memory of format 1 has no such times; then they are the middles of the frames' spans.
    """

    segment: str
    frames: tuple[str, ...]
    seconds: tuple[float, ...]


def put_visual_vectors(
    connection: sqlite3.Connection, memory: int, segment: str, frames: Sequence[str], sights: SegmentVisuals
) -> None:
    """Write the vectors of a segment's frames, in order, and the mean for the segment.

    Raises:
        ValueError: there is not one vector for each frame.
        LibraryError: another model has written under this encoder's name.
    """
    if len(frames) != len(sights.vectors):
        raise ValueError(f"{len(sights.vectors)} vectors for {len(frames)} frames of segment {segment}")
    register_encoder(connection, sights.encoder, sights.vectors.shape[1])
    for node, vector in zip(frames, sights.vectors, strict=True):
        _put(connection, memory, node, sights.encoder, vector)
    _pool(connection, memory, segment, sights.encoder)


def complete_visual_vectors(
    connection: sqlite3.Connection, memory: int, one: NodesWithoutVectors, sights: SegmentVisuals
) -> None:
    """The same for a segment of a finished memory; the mean of its scene is computed again.

    Raises:
        MemoryReplaced: the memory was removed or replaced meanwhile.
    """
    row = connection.execute(
        "SELECT parent FROM nodes WHERE memory = ? AND id = ?", (memory, one.segment)
    ).fetchone()
    if row is None:
        raise MemoryReplaced("this memory was removed or replaced while it was in use: index the video again")
    put_visual_vectors(connection, memory, one.segment, one.frames, sights)
    if row["parent"] is not None:
        _pool(connection, memory, row["parent"], sights.encoder)


def pool_scenes(connection: sqlite3.Connection, memory: int) -> None:
    """Compute the vector of every scene, for each encoder that has vectors of its frames."""
    towers = connection.execute("SELECT DISTINCT encoder FROM sights WHERE memory = ?", (memory,)).fetchall()
    scenes = connection.execute(
        f"SELECT id FROM nodes WHERE memory = ? AND level = '{Level.SCENE}'", (memory,)
    ).fetchall()
    for tower in towers:
        for scene in scenes:
            _pool(connection, memory, scene["id"], tower["encoder"])


def nodes_without_vectors(
    connection: sqlite3.Connection, memory: int, encoder: str
) -> tuple[NodesWithoutVectors, ...]:
    """The segments with frames that have no vector of this encoder, in order of time, with all their frames:
    the last bits of a vector may depend on the other frames of a batch."""
    segments: dict[str, list[sqlite3.Row]] = {}
    for row in connection.execute(_UNSEEN, {"memory": memory, "encoder": encoder}):
        segments.setdefault(row["parent"], []).append(row)
    return tuple(
        NodesWithoutVectors(segment, tuple(row["id"] for row in rows), tuple(row["seconds"] for row in rows))
        for segment, rows in segments.items()
    )


def _pool(connection: sqlite3.Connection, memory: int, node: str, encoder: str) -> None:
    """Write the mean vector of a node's frames, weighted by their durations, with norm 1."""
    rows = connection.execute(_FRAMES_BELOW, {"memory": memory, "node": node, "encoder": encoder}).fetchall()
    if rows:
        seconds = np.array([max(row["end"] - row["start"], _SHORTEST_SECONDS) for row in rows])
        mean = (seconds / seconds.sum()) @ stack(rows, rows[0]["dimension"]).astype(np.float64)
        norm = float(np.linalg.norm(mean))
        if norm > 0:
            _put(connection, memory, node, encoder, (mean / norm).astype(np.float32))
    seal_visual_vectors(connection, memory, node)


def _put(
    connection: sqlite3.Connection, memory: int, node: str, encoder: str, vector: npt.NDArray[np.float32]
) -> None:
    # Deleted, not replaced: REPLACE fires no trigger, and the derived index would not notice.
    connection.execute(
        "DELETE FROM sights WHERE memory = ? AND node = ? AND encoder = ?", (memory, node, encoder)
    )
    connection.execute(
        "INSERT INTO sights (memory, node, encoder, vector) VALUES (?, ?, ?, ?)",
        (memory, node, encoder, to_blob(vector)),
    )
