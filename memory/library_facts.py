"""Facts about a library: counts of rows, bytes on disk, and how its vectors are searched."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from video_vlm.memory.database import Database
from video_vlm.memory.disk_cache import DiskCache
from video_vlm.memory.index_file import IndexFile, UnusableIndex
from video_vlm.memory.index_trailer import Method
from video_vlm.memory.layout import Layout
from video_vlm.memory.migrations import FORMAT_VERSION

__all__ = ["IndexFacts", "LibraryFacts", "counts", "library_facts"]


@dataclass(frozen=True, slots=True)
class IndexFacts:
    """One derived index: the name of its file, the encoder of its vectors, and how it is searched.

    ``is_current`` says whether no vector was added or deleted since it was built (such changes are searched
    too, exactly); ``num_bytes`` is the size of the file.
    """

    name: str
    vectors_of: str
    method: Method
    is_current: bool
    num_bytes: int


@dataclass(frozen=True, slots=True)
class LibraryFacts:
    """Counts of rows, and bytes on disk of the database, of the derived indexes, and of cached features."""

    format: int
    num_videos: int
    num_nodes: int
    num_passages: int
    num_vectors: int
    database_bytes: int
    index_bytes: int
    indexes: tuple[IndexFacts, ...]
    feature_bytes: int = 0


def library_facts(database: Database, layout: Layout) -> LibraryFacts:
    """Count rows and files: takes a moment for a large library. A damaged index file is left out; ``verify``
    reports it."""
    with database.read() as connection:
        videos, nodes, passages, vectors = counts(connection)
        revisions = dict(connection.execute("SELECT name, revision FROM encoders").fetchall())
    files = sorted(layout.vectors.glob("*.faiss")) if layout.vectors.is_dir() else []
    indexes = []
    for path in files:
        try:
            file = IndexFile(path)
        except UnusableIndex:
            continue
        is_current = file.header.revision in revisions.values()
        indexes.append(
            IndexFacts(path.name, file.header.encoder, file.method, is_current, path.stat().st_size)
        )
    return LibraryFacts(
        FORMAT_VERSION,
        videos,
        nodes,
        passages,
        vectors,
        database_bytes=layout.database.stat().st_size,
        index_bytes=sum(path.stat().st_size for path in files),
        indexes=tuple(indexes),
        feature_bytes=DiskCache(layout.features, most_bytes=0).num_bytes(),
    )


def counts(connection: sqlite3.Connection) -> tuple[int, int, int, int]:
    """The numbers of videos, nodes, passages and vectors."""
    videos, nodes, passages = (
        connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
        for table in ("videos", "nodes", "passages")
    )
    vectors = connection.execute("SELECT (SELECT count(*) FROM vectors) + (SELECT count(*) FROM sights)")
    return videos, nodes, passages, vectors.fetchone()[0]
