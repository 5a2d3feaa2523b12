"""Writing one video's memory: a segment at a time, each on disk before the next is begun."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence

from video_vlm.errors import MemoryReplaced
from video_vlm.memory.appended_segments import grow_from
from video_vlm.memory.catalog import now
from video_vlm.memory.database_protocol import DatabaseConnection
from video_vlm.memory.look_cache import drop_stale_looks
from video_vlm.memory.reuse_segments import reuse_segments
from video_vlm.memory.row_checksums import seal_beginning, seal_memory, seal_row, seal_segment, seal_whole
from video_vlm.memory.row_codec import (
    blob,
    damage_to_json,
    names_to_json,
    node_columns,
    node_of,
    observation_of,
    video_to_json,
)
from video_vlm.memory.searchable_text import IN_ORDER, add_observations, add_summaries, drop_observations
from video_vlm.memory.stored_parts import MemoryCheckpoint, StoredFrame
from video_vlm.memory.tree import TreeRow
from video_vlm.memory.visual_vectors import SegmentVisuals, pool_scenes, put_visual_vectors
from video_vlm.records import Damage, Level, Node, Observation, Video

__all__ = ["MemoryCheckpoint", "MemoryWriter", "StoredFrame", "begin_memory"]


class MemoryWriter:
    """One unfinished memory being written. Made by ``Library.build``.

    Every method is one transaction: when the process is killed, exactly the finished ones stay. If another
    process finishes or replaces the same build, the next write raises ``MemoryReplaced`` and changes nothing.
    """

    def __init__(
        self, database: DatabaseConnection, memory: int, content_id: str, *, on_finish: Callable[[], object]
    ) -> None:
        self.content_id = content_id
        self._database = database
        self._memory = memory
        self._on_finish = on_finish

    @property
    def checkpoint(self) -> MemoryCheckpoint | None:
        """Where to go on from; None before the first segment."""
        row = self._row()
        return None if row["until_seconds"] is None else MemoryCheckpoint(row["until_seconds"], row["state"])

    @property
    def complete(self) -> bool:
        """Whether the memory is finished."""
        return bool(self._row()["complete"])

    def begin(self, observations: Mapping[str, Sequence[Observation]]) -> None:
        """Write the observations of the file as a whole, by observer; earlier ones of these are replaced."""
        with self._database.write() as connection:
            self._check_unfinished(connection)
            connection.executemany(
                "DELETE FROM passages WHERE memory = ? AND observer = ? AND segment IS NULL",
                [(self._memory, observer) for observer in observations],
            )
            add_observations(connection, observations, content_id=self.content_id, memory=self._memory)
            seal_beginning(connection, self._memory)

    def add(self, observations: Mapping[str, Sequence[Observation]]) -> None:
        """Write further observations of the file as a whole, by observer, behind the earlier ones."""
        with self._database.write() as connection:
            self._check_unfinished(connection)
            add_observations(connection, observations, content_id=self.content_id, memory=self._memory)
            seal_beginning(connection, self._memory)

    def discard(self) -> None:
        """Delete what was written so far, because the file turned out to be another video. A complete memory
        stays."""
        with self._database.write() as connection:
            connection.execute("DELETE FROM memories WHERE id = ? AND NOT complete", (self._memory,))
            connection.execute(
                "DELETE FROM videos WHERE content_id = :content"
                " AND NOT EXISTS (SELECT 1 FROM memories WHERE content_id = :content)",
                {"content": self.content_id},
            )

    def reuse_segments(self, observers: Iterable[str]) -> None:
        """Begin with the segments and frames of the video's complete memory, their visual vectors, and the
        observations of ``observers``; everything written so far is replaced. No checkpoint is written: a
        process killed before :meth:`finish` begins again.

        Raises:
            LibraryError: the video has no complete memory.
        """
        with self._database.write() as connection:
            self._check_unfinished(connection)
            reuse_segments(connection, self._memory, self.content_id, observers)
            seal_memory(connection, self._memory)

    def grow_from(
        self, content_id: str, *, observers: Iterable[str], checkpoint: MemoryCheckpoint, recipe: str
    ) -> None:
        """Begin with the part before ``checkpoint`` of another video's complete memory: segments, frames,
        their visual vectors, and observations. The file of that video has grown into this one.

        Args:
            content_id: The other video.
            observers: Those whose observations are copied, cut off at the checkpoint.
            checkpoint: The end of a segment of the other video.
            recipe: Part of the new ids of segments and frames.

        Raises:
            LibraryError: the other video has no complete memory.
        """
        with self._database.write() as connection:
            self._check_unfinished(connection)
            until, new = checkpoint.until_seconds, (self._memory, self.content_id)
            grow_from(connection, *new, content_id, observers=observers, until=until, recipe=recipe)
            connection.execute(
                "UPDATE memories SET until_seconds = ?, state = ?, indexed_at = ? WHERE id = ?",
                (until, checkpoint.state, now(), self._memory),
            )
            seal_memory(connection, self._memory)

    def say(self, observations: Mapping[str, Sequence[Observation]]) -> None:
        """Replace all observations of these observers, of the file and of its segments."""
        with self._database.write() as connection:
            self._check_unfinished(connection)
            for observer in observations:
                drop_observations(connection, observer, memory=self._memory)
            add_observations(connection, observations, content_id=self.content_id, memory=self._memory)
            seal_memory(connection, self._memory)

    def shown_at(self, segment_id: str) -> tuple[float | None, ...]:
        """The times in seconds of a segment's decoded frames, in order; None where that was not noted."""
        with self._database.read() as connection:
            rows = connection.execute(
                "SELECT p.pts_seconds FROM nodes AS f INDEXED BY nodes_by_parent"
                " CROSS JOIN posters AS p ON p.memory = f.memory AND p.node = f.id"
                f" WHERE f.memory = ? AND f.parent = ? AND f.level = '{Level.FRAME}'"
                ' ORDER BY f.start, f."end", f.id',
                (self._memory, segment_id),
            )
            return tuple(row["pts_seconds"] for row in rows)

    def put_segment(
        self,
        segment: Node,
        frames: Sequence[StoredFrame],
        observations: Mapping[str, Sequence[Observation]],
        checkpoint: MemoryCheckpoint,
        *,
        sights: SegmentVisuals | None = None,
    ) -> None:
        """Write one segment with its frames and observations, and the checkpoint after it.

        Args:
            segment: The node; :meth:`finish` sets its parent.
            frames: Its frames; their parent is the segment.
            observations: By observer.
            checkpoint: Where a resumed build goes on.
            sights: Visual vectors of the frames, in the same order, if there is an image-text encoder.

        Raises:
            ValueError: a node is of another level or of another video.
            MemoryReplaced: another process finished or replaced the build.
        """
        _check_level(Level.SEGMENT, [segment])
        _check_level(Level.FRAME, [frame.node for frame in frames])
        with self._database.write() as connection:
            self._check_unfinished(connection)
            self._forget_segment(connection, segment.id)
            self._put_node(connection, segment, parent=None)
            for frame in frames:
                self._put_node(connection, frame.node, parent=segment.id)
                connection.execute(
                    "INSERT INTO posters (memory, node, jpeg, pts_seconds) VALUES (?, ?, ?, ?)",
                    (self._memory, frame.node.id, frame.jpeg, frame.pts_seconds),
                )
            if sights is not None:
                put_visual_vectors(
                    connection, self._memory, segment.id, [frame.node.id for frame in frames], sights
                )
            add_observations(
                connection, observations, content_id=self.content_id, memory=self._memory, segment=segment.id
            )
            connection.execute(
                # Of two processes at the same build the later checkpoint counts.
                "UPDATE memories SET until_seconds = ?, state = ?, indexed_at = ? WHERE id = ?"
                " AND (until_seconds IS NULL OR until_seconds <= ?)",
                (checkpoint.until_seconds, checkpoint.state, now(), self._memory, checkpoint.until_seconds),
            )
            seal_segment(connection, self._memory, segment.id)
            seal_row(connection, self._memory)

    def segments(self) -> tuple[Node, ...]:
        """The segments written so far, in order of time."""
        return self._nodes(f"level = '{Level.SEGMENT}'", ())

    def frames(self, segment_id: str) -> tuple[Node, ...]:
        """The frames of one segment, in order of time."""
        return self._nodes(f"level = '{Level.FRAME}' AND parent = ?", (segment_id,), by="nodes_by_parent")

    def poster(self, frame_id: str) -> bytes | None:
        """The thumbnail of a frame written so far, as JPEG bytes; None if there is no such frame."""
        with self._database.read() as connection:
            row = connection.execute(
                "SELECT jpeg FROM posters WHERE memory = ? AND node = ?", (self._memory, frame_id)
            ).fetchone()
        return None if row is None else blob(row["jpeg"], "picture")

    def observations(self, observer: str) -> tuple[Observation, ...]:
        """One observer's observations so far, of the file and of its segments, in order of time."""
        with self._database.read() as connection:
            rows = connection.execute(
                f"SELECT * FROM passages WHERE memory = ? AND observer = ? ORDER BY {IN_ORDER}",
                (self._memory, observer),
            )
            return tuple(observation_of(row) for row in rows)

    def finish(
        self,
        nodes: Sequence[Node],
        observations: Mapping[str, Sequence[Observation]],
        *,
        video: Video,
        damage: Sequence[Damage],
        missing: Sequence[str] | None = None,
        digests: Mapping[str, str] | None = None,
        stages: str | None = None,
    ) -> None:
        """Write the upper levels; from then on this memory is the one that is read.

        Args:
            nodes: Scenes, chapters and the video with their parents and summaries. Segments and frames among
                them replace the summary, title and coverage written before.
            observations: By observer; they replace the observer's earlier ones.
            video: The video as it was found to be.
            damage: The spans that could not be decoded.
            missing: What was not looked at, and why; None if that did not change.
            digests: Digests of observers by name: their looks with another digest are deleted.
            stages: The indexer's note of the settings of each stage (JSON); None if that did not change.

        Raises:
            ValueError: a segment lies in none of the scenes.
        """
        with self._database.write() as connection:
            self._check_unfinished(connection)
            for observer in observations:
                drop_observations(connection, observer, memory=self._memory)
            add_observations(connection, observations, content_id=self.content_id, memory=self._memory)
            self._put_upper_levels(connection, nodes)
            add_summaries(connection, nodes, content_id=self.content_id, memory=self._memory)
            pool_scenes(connection, self._memory)
            connection.execute("DELETE FROM memories WHERE content_id = ? AND complete", (self.content_id,))
            drop_stale_looks(connection, self.content_id, digests or {})
            if missing is not None:
                connection.execute(
                    "UPDATE memories SET missing = ? WHERE id = ?", (names_to_json(missing), self._memory)
                )
            if stages is not None:
                connection.execute("UPDATE memories SET stages = ? WHERE id = ?", (stages, self._memory))
            connection.execute(
                "UPDATE memories SET complete = TRUE, state = '', video = ?, damage = ?, indexed_at = ?,"
                " until_seconds = coalesce(until_seconds, ?) WHERE id = ?",
                (video_to_json(video), damage_to_json(damage), now(), video.span.end, self._memory),
            )
            seal_whole(connection, self._memory)
            seal_row(connection, self._memory)
        self._on_finish()

    def _put_upper_levels(self, connection: sqlite3.Connection, nodes: Sequence[Node]) -> None:
        scenes = sorted((node for node in nodes if node.level is Level.SCENE), key=lambda scene: scene.span)
        row = TreeRow(scenes)
        parents: dict[str, str] = {}
        for segment in self.segments():
            scene = row.holder(segment.span)
            if scene is None:
                raise ValueError(f"segment {segment.span} lies in none of the {len(scenes)} scenes")
            parents[segment.id] = scene.id
        for node in nodes:
            self._put_node(connection, node, parent=parents.get(node.id, node.parent))
        connection.executemany(
            "UPDATE nodes SET parent = ? WHERE memory = ? AND id = ?",
            [(parent, self._memory, segment) for segment, parent in parents.items()],
        )

    def _put_node(self, connection: sqlite3.Connection, node: Node, *, parent: str | None) -> None:
        if node.content_id != self.content_id:
            raise ValueError(
                f"node {node.id} is of video {node.content_id}, this build is of {self.content_id}"
            )
        connection.execute(
            'INSERT INTO nodes (memory, id, level, start, "end", parent, summary, title, coverage,'
            " provenance)"
            " VALUES (:memory, :id, :level, :start, :end, :parent, :summary, :title, :coverage, :provenance)"
            " ON CONFLICT (memory, id) DO UPDATE SET parent = excluded.parent, summary = excluded.summary,"
            " title = excluded.title, coverage = excluded.coverage, provenance = excluded.provenance",
            {**node_columns(node), "memory": self._memory, "parent": parent},
        )

    def _forget_segment(self, connection: sqlite3.Connection, segment: str) -> None:
        """Delete a segment that another process at the same build has written already."""
        connection.execute("DELETE FROM passages WHERE +memory = ? AND segment = ?", (self._memory, segment))
        connection.execute(
            "DELETE FROM nodes INDEXED BY nodes_by_parent WHERE memory = ? AND parent = ?",
            (self._memory, segment),
        )
        connection.execute("DELETE FROM sights WHERE memory = ? AND node = ?", (self._memory, segment))
        connection.execute(
            "DELETE FROM seals WHERE memory = ? AND part = ?", (self._memory, f"sights {segment}")
        )

    def _nodes(
        self, condition: str, parameters: tuple[object, ...], *, by: str = "nodes_by_time"
    ) -> tuple[Node, ...]:
        with self._database.read() as connection:
            rows = connection.execute(
                f"SELECT * FROM nodes INDEXED BY {by} WHERE memory = ? AND {condition}"
                ' ORDER BY start, "end", id',
                (self._memory, *parameters),
            )
            return tuple(node_of(row, self.content_id) for row in rows)

    def _row(self) -> sqlite3.Row:
        with self._database.read() as connection:
            return _memory_row(connection, self._memory)

    def _check_unfinished(self, connection: sqlite3.Connection) -> None:
        if _memory_row(connection, self._memory)["complete"]:
            raise MemoryReplaced(
                f"the memory of {self.content_id} is complete already: another process finished it"
            )


def begin_memory(
    connection: sqlite3.Connection,
    video: Video,
    recipe: str,
    *,
    channels: Sequence[str],
    missing: Sequence[str],
    stages: str = "{}",
) -> int:
    """The row id of the memory to write: a complete or unfinished one of the same recipe, else a new one.

    An unfinished memory of another recipe is dropped; a complete one stays readable until the new
    one is finished.
    """
    connection.execute("INSERT OR IGNORE INTO videos VALUES (?)", (video.content_id,))
    row = connection.execute(
        "SELECT id FROM memories WHERE content_id = ? AND recipe = ? ORDER BY complete DESC",
        (video.content_id, recipe),
    ).fetchone()
    if row is not None:
        return int(row["id"])
    connection.execute("DELETE FROM memories WHERE content_id = ? AND NOT complete", (video.content_id,))
    lists = names_to_json(channels), names_to_json(missing)
    cursor = connection.execute(
        "INSERT INTO memories (content_id, recipe, video, channels, missing, stages, indexed_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (video.content_id, recipe, video_to_json(video), *lists, stages, now()),
    )
    if cursor.lastrowid is None:
        raise AssertionError("an INSERT has a row id")
    seal_beginning(connection, cursor.lastrowid)
    seal_row(connection, cursor.lastrowid)
    return cursor.lastrowid


def _memory_row(connection: sqlite3.Connection, memory: int) -> sqlite3.Row:
    row: sqlite3.Row | None = connection.execute("SELECT * FROM memories WHERE id = ?", (memory,)).fetchone()
    if row is None:
        raise MemoryReplaced(
            "this memory was removed, or replaced under other settings, while it was in use: open it again"
        )
    return row


def _check_level(level: Level, nodes: Sequence[Node]) -> None:
    for node in nodes:
        if node.level is not level:
            raise ValueError(f"expected a {level}, got a {node.level} at {node.span}")
