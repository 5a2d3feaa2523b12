"""What a library holds, what it takes, and how it is searched: figures, not problems."""

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
    """One derived index: its file, whose vectors are in it, and how it is searched. ``is_current`` says
    whether nothing came or went since it was made (what did is searched too, exactly)."""

    name: str
    vectors_of: str
    method: Method
    is_current: bool
    num_bytes: int


@dataclass(frozen=True, slots=True)
class LibraryFacts:
    """Counts of what is there, and bytes on disk of the library's file, of what is derived from it, and of
    what models made of pictures."""

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
    """Counts rows: takes a moment for a large library. An index file that is torn is left out; ``verify``
    names it."""
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
    """Of videos, nodes, passages and vectors."""
    videos, nodes, passages = (
        connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
        for table in ("videos", "nodes", "passages")
    )
    vectors = connection.execute("SELECT (SELECT count(*) FROM vectors) + (SELECT count(*) FROM sights)")
    return videos, nodes, passages, vectors.fetchone()[0]
