"""Reading the memory of one video."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
import numpy.typing as npt

from video_vlm.errors import LibraryError, NotIndexed
from video_vlm.memory.catalog import StoredVideo
from video_vlm.memory.database_protocol import DatabaseConnection
from video_vlm.memory.entities import Entity, find_entity, list_entities
from video_vlm.memory.look_cache import StoredLook, looks_at
from video_vlm.memory.row_codec import blob, kind_of, node_of, observation_of
from video_vlm.memory.search import WITHIN, Filter
from video_vlm.memory.searchable_text import IN_ORDER
from video_vlm.memory.vector_index import vector_from_blob
from video_vlm.memory.visual_search import VisualVectors
from video_vlm.protocols import TextEncoder
from video_vlm.records import Evidence, Level, Node, Observation, ObservationKind, Span, Video
from video_vlm.records.observations import TELLING

__all__ = ["MemoryView", "StoredVector"]

_NEIGHBORS = {"before": ("<", "DESC"), "after": (">", "ASC")}


@dataclass(frozen=True, slots=True, eq=False)
class StoredVector:
    """The vector of one passage by one encoder: float32 ``(dimension,)``; ``kind`` is None for a summary."""

    encoder: str
    span: Span
    kind: ObservationKind | None
    text: str
    node: str | None
    vector: npt.NDArray[np.float32]

    @classmethod
    def of(cls, row: sqlite3.Row) -> StoredVector:
        """The vector in a row of ``vectors`` joined with its passage and its encoder.

        Raises:
            LibraryError: it has another size than its encoder gives.
        """
        return cls(
            row["encoder"],
            Span(row["start"], row["end"]),
            None if row["kind"] is None else kind_of(row["kind"]),
            row["text"],
            row["node"] or row["segment"],
            vector_from_blob(row["vector"], row["dimension"]),
        )


class MemoryView:
    """One memory as it is on disk, complete or unfinished. A ``VideoMemory``.

    Once this memory is removed, or replaced by a rebuild, reading raises :class:`NotIndexed`.
    """

    def __init__(
        self,
        database: DatabaseConnection,
        memory: int,
        stored: StoredVideo,
        *,
        search: Callable[[str, Filter, int], tuple[Evidence, ...]],
        sight: VisualVectors | None = None,
        encoder: TextEncoder | None = None,
    ) -> None:
        self.stored = stored
        self.encoder = encoder
        self._database = database
        self._memory = memory
        self._search = search
        self._sight = sight
        self._finds_looks = True

    def as_read(self) -> Self:
        """The same memory, whose search finds nothing that was seen in looks."""
        found = copy(self)
        found._finds_looks = False
        return found

    @property
    def video(self) -> Video:
        return self.stored.video

    @property
    def content_id(self) -> str:
        return self.stored.video.content_id

    @property
    def revision(self) -> tuple[str | int, ...] | None:
        """The place of the library, and which of its memories this is, once it is complete: then nobody changes
        what was observed. A library that was made anew at the same place counts from one again: so what it holds is
        named, too."""
        if not self.stored.complete:
            return None
        stored = self.stored
        where = str(self._database.where)
        return where, self._memory, self.content_id, stored.recipe, stored.indexed_at

    @property
    def channels(self) -> tuple[str, ...]:
        return self.stored.channels

    def node(self, node_id: str) -> Node:
        """One node by its id.

        Raises:
            LibraryError: there is none of that id in this memory.
        """
        found = self._nodes("id = :id", id=node_id)
        if not found:
            raise LibraryError(f"no node {node_id!r} in the memory of {self.video.path}")
        return found[0]

    def nodes(self, level: Level, span: Span | None = None) -> tuple[Node, ...]:
        """The nodes of a level in order of time; only those overlapping ``span``, if given."""
        if span is None:
            return self._nodes("level = :level", level=level.value)
        return self._nodes(
            'level = :level AND (start = :begin OR (start < :stop AND "end" > :begin))',
            level=level.value,
            begin=span.start,
            stop=span.end,
        )

    def frames(self) -> tuple[Node, ...]:
        """The representative frames, in order of time."""
        return self.nodes(Level.FRAME)

    def children(self, node_id: str) -> tuple[Node, ...]:
        """The nodes directly below, in order of time; none below a frame."""
        return self._nodes("parent = :parent", by="INDEXED BY nodes_by_parent", parent=self.node(node_id).id)

    def neighbors(
        self, node_id: str, direction: Literal["before", "after"], count: int = 1
    ) -> tuple[Node, ...]:
        """Up to ``count`` nodes of the same level before or after, nearest first."""
        compare, order = _NEIGHBORS[direction]
        node = self.node(node_id)
        return self._nodes(
            f'level = :level AND (start, "end", id) {compare} (:start, :stop, :id)',
            order=order,
            limit=count,
            level=node.level.value,
            start=node.span.start,
            stop=node.span.end,
            id=node.id,
        )

    def poster(self, node_id: str) -> bytes | None:
        """The thumbnail of a frame as JPEG bytes; None for nodes of other levels."""
        with self._reading() as connection:
            row = connection.execute(
                "SELECT jpeg FROM posters WHERE memory = ? AND node = ?", (self._memory, node_id)
            ).fetchone()
            return None if row is None else blob(row["jpeg"], "picture")

    def thumbnail(self, node: Node) -> bytes | None:
        """A thumbnail for any node as JPEG bytes: its own, or that of its first frame that has one."""
        frames = (self.poster(frame.id) for frame in self.nodes(Level.FRAME, node.span))
        return self.poster(node.id) or next((jpeg for jpeg in frames if jpeg), None)

    def observations(
        self, *, kinds: Iterable[ObservationKind] | None = None, span: Span | None = None
    ) -> tuple[Observation, ...]:
        """The observers' observations in order of time; only those overlapping ``span``, if given. Those of
        looks are not among them: :meth:`looks`."""
        within = Filter((self.content_id,), span, None if kinds is None else tuple(kinds))
        with self._reading() as connection:
            rows = connection.execute(
                "SELECT p.* FROM passages AS p"
                f" WHERE (p.memory = :memory OR p.memory IS NULL)"
                f" AND p.look IS NULL AND p.node IS NULL AND {WITHIN} ORDER BY {IN_ORDER}",
                {**within.parameters(), "memory": self._memory},
            )
            return tuple(observation_of(row) for row in rows)

    def entities(self) -> tuple[Entity, ...]:
        """The names in speech, screen text and titles, those with the most mentions first."""
        return list_entities(self.observations(kinds=TELLING))

    def entity(self, name: str) -> Entity:
        """Every mention of a name in order of time; there may be none.

        Raises:
            ValueError: there is no word in ``name``.
        """
        return find_entity(name, self.observations(kinds=TELLING))

    def looks(self) -> tuple[StoredLook, ...]:
        """The looks at this video, in the order they were kept; :meth:`search` finds their observations."""
        with self._reading() as connection:
            return looks_at(connection, self.content_id)

    def vectors(self) -> Iterator[StoredVector]:
        """The vectors of all passages, encoder by encoder, read 512 at a time."""
        last = ("", 0)
        while True:
            with self._reading() as connection:
                rows = connection.execute(
                    "SELECT v.*, p.*, e.dimension FROM vectors AS v JOIN encoders AS e ON e.name = v.encoder"
                    " JOIN passages AS p ON p.id = v.passage WHERE (p.memory = :memory OR p.memory IS NULL)"
                    " AND p.content_id = :content AND (v.encoder, v.passage) > (:encoder, :passage)"
                    " ORDER BY v.encoder, v.passage LIMIT 512",
                    {
                        "memory": self._memory,
                        "content": self.content_id,
                        "encoder": last[0],
                        "passage": last[1],
                    },
                ).fetchall()
            yield from (StoredVector.of(row) for row in rows)
            if not rows:
                return
            last = (rows[-1]["encoder"], rows[-1]["passage"])

    def search(
        self,
        query: str,
        *,
        span: Span | None = None,
        kinds: Iterable[ObservationKind] | None = None,
        limit: int = 10,
    ) -> tuple[Evidence, ...]:
        """The passages of this memory nearest to ``query``, best first; filters apply before the ranking.

        Raises:
            ValueError: ``limit`` is below 1.
        """
        wanted = None if kinds is None else tuple(kinds)
        within = Filter((self.content_id,), span, wanted, looks=self._finds_looks)
        return self._search(query, within, limit)

    def frames_like(self, text: str) -> tuple[tuple[Span, float], ...]:
        """The span of each representative frame and its cosine to the text, in order of time.

        Empty where the library has no image-text encoder, or it has not seen this video. Loads the encoder.
        """
        return () if self._sight is None else self._sight.frames(self.content_id, text)

    def sights(self, node_id: str) -> dict[str, bytes]:
        """A node's visual vectors by image-text encoder: bytes of little-endian float32, of norm 1."""
        with self._reading() as connection:
            rows = connection.execute(
                "SELECT encoder, vector FROM sights WHERE memory = ? AND node = ? ORDER BY encoder",
                (self._memory, node_id),
            )
            return {row["encoder"]: blob(row["vector"], "vector") for row in rows}

    def _nodes(
        self,
        condition: str,
        *,
        order: str = "ASC",
        limit: int = sys.maxsize,
        by: str = "",
        **parameters: object,
    ) -> tuple[Node, ...]:
        with self._reading() as connection:
            rows = connection.execute(
                f"SELECT * FROM nodes {by} WHERE memory = :memory AND {condition}"
                f' ORDER BY start {order}, "end" {order}, id {order} LIMIT :limit',
                {**parameters, "memory": self._memory, "limit": limit},
            )
            return tuple(node_of(row, self.content_id) for row in rows)

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._database.read() as connection:
            if connection.execute("SELECT 1 FROM memories WHERE id = ?", (self._memory,)).fetchone() is None:
                path = self.video.path
                raise NotIndexed(
                    f"the memory of {path} was removed or replaced while it was read: open it again"
                )
            yield connection
