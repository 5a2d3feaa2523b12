"""Checking a library: each problem is one line that says what is wrong and what to do."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from video_vlm.errors import LibraryDamaged, LibraryError
from video_vlm.memory.database import Database
from video_vlm.memory.index_file import UnusableIndex, check_index
from video_vlm.memory.layout import Layout
from video_vlm.memory.look_cache import looks_at
from video_vlm.memory.migrations import FORMAT_VERSION
from video_vlm.memory.row_checksums import broken_looks, broken_parts
from video_vlm.memory.row_codec import (
    REPAIR,
    damage_from_json,
    names_from_json,
    node_of,
    observation_of,
    video_from_json,
    without_remedy,
)
from video_vlm.memory.row_copy import mistyped
from video_vlm.memory.schema_check import foreign_schema_objects, missing_schema_objects
from video_vlm.memory.tree import TOLERANCE_SECONDS, gaps, level_above
from video_vlm.records import Level, Node

__all__ = [
    "Problem",
    "check_records",
    "problems_in",
    "rebuild_derived",
    "row_problems",
    "tree_problems",
    "verify",
]

_REINDEX: Final = f"{REPAIR}, and index the video again"


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem: where it is, what is wrong, what to do, and whether only a derived index is affected."""

    where: str
    what: str
    remedy: str
    is_derived: bool = False

    def __str__(self) -> str:
        return f"{self.where}: {self.what}; {self.remedy}"


def verify(database: Database, layout: Layout) -> tuple[Problem, ...]:
    """Check the schema, the file's pages, foreign keys, each memory's tree and checksums, and all indexes."""
    where = layout.database.name
    try:
        with database.read() as connection:
            added = foreign_schema_objects(connection, FORMAT_VERSION)
            if added:  # Reading the rows could run it.
                unknown = (f"it holds {part}, which no library has" for part in added)
                return tuple(Problem(where, what, REPAIR) for what in unknown)
            missing = missing_schema_objects(connection, FORMAT_VERSION)
            lacking = [Problem(where, f"it lacks {part}", REPAIR) for part in missing]
            found = (*lacking, *problems_in(connection, where))
    except LibraryDamaged as error:
        return (Problem(where, str(error), REPAIR),)
    return (*found, *_full_text(database), *_index_files(layout))


def problems_in(connection: sqlite3.Connection, where: str) -> tuple[Problem, ...]:
    """The problems inside one file: broken pages; if there are none, those of its rows."""
    pages = [message for (message,) in connection.execute("PRAGMA integrity_check(20)") if message != "ok"]
    if pages:
        return tuple(Problem(where, " ".join(message.split()), REPAIR) for message in pages)
    found = [
        Problem(where, f"a row of {table} belongs to no row of {owner}", REPAIR)
        for table, _, owner, _ in connection.execute("PRAGMA foreign_key_check")
    ]
    if column := mistyped(connection):
        found.append(Problem(where, f"{column} holds something of another type", REPAIR))
    return (*found, *row_problems(connection), *_words(connection), *_vectors(connection))


def rebuild_derived(database: Database, layout: Layout) -> None:
    """Build the full-text index again at once; vector indexes are deleted, and built by the next search."""
    with database.write() as connection:
        connection.execute("INSERT INTO word_index (word_index) VALUES ('rebuild')")
    for file in layout.vectors.glob("*") if layout.vectors.is_dir() else ():
        file.unlink(missing_ok=True)


def row_problems(connection: sqlite3.Connection) -> Iterator[Problem]:
    """The problems of records, of trees, and of checksums."""
    yield from _records(connection)
    for memory in connection.execute("SELECT id, content_id, complete FROM memories ORDER BY id"):
        where = f"memory of {memory['content_id']}"
        yield from (Problem(where, what, _REINDEX) for what in tree_problems(connection, memory))
    yield from _seals(connection)


def check_records(connection: sqlite3.Connection, memory: int) -> None:
    """Read all records of a memory but its nodes.

    Raises:
        LibraryDamaged: a row is not a valid record.
    """
    row = connection.execute("SELECT * FROM memories WHERE id = ?", (memory,)).fetchone()
    video_from_json(row["video"])
    damage_from_json(row["damage"])
    for column in ("channels", "missing"):
        names_from_json(row[column])
    for one in connection.execute("SELECT * FROM passages WHERE memory = ? AND kind IS NOT NULL", (memory,)):
        observation_of(one)


def _records(connection: sqlite3.Connection) -> Iterator[Problem]:
    memories = connection.execute("SELECT id, content_id FROM memories ORDER BY id").fetchall()
    for memory, content_id in memories:
        try:
            check_records(connection, memory)
        except LibraryDamaged as error:
            yield Problem(f"memory of {content_id}", without_remedy(error), _REINDEX)
    looked_at = connection.execute("SELECT DISTINCT content_id FROM looks ORDER BY content_id").fetchall()
    for (content_id,) in looked_at:
        try:
            looks_at(connection, content_id)
        except LibraryDamaged as error:
            yield Problem(f"looks at {content_id}", without_remedy(error), REPAIR)


def tree_problems(connection: sqlite3.Connection, memory: sqlite3.Row) -> Iterator[str]:
    """The problems of one memory's nodes. ``memory`` is a row with ``id``, ``content_id`` and
    ``complete``."""
    rows = connection.execute(
        'SELECT * FROM nodes WHERE memory = ? ORDER BY start, "end", id', (memory["id"],)
    )
    try:
        nodes = {row["id"]: node_of(row, memory["content_id"]) for row in rows}
    except LibraryDamaged as error:
        yield without_remedy(error)
        return
    yield from _inside_parents(nodes)
    yield from _cited(nodes)
    if memory["complete"]:
        yield from _whole_tree(nodes)


def _seals(connection: sqlite3.Connection) -> Iterator[Problem]:
    memories = connection.execute("SELECT id, content_id FROM memories ORDER BY id").fetchall()
    for memory, content_id in memories:
        broken = sum(1 for _ in broken_parts(connection, memory))
        if broken:
            parts = "part of it is" if broken == 1 else f"{broken} parts of it are"
            what = f"{parts} not as written: a checksum does not fit"
            yield Problem(f"memory of {content_id}", what, _REINDEX)
    for content_id, question in broken_looks(connection):
        what = f"a look for {question!r} is not as written: its checksum does not fit"
        yield Problem(f"looks at {content_id}", what, REPAIR)


def _inside_parents(nodes: dict[str, Node]) -> Iterator[str]:
    for node in nodes.values():
        parent = nodes.get(node.parent or "")
        if parent is None:
            continue
        outer = parent.span.widen(TOLERANCE_SECONDS)
        if node.span.start < outer.start or node.span.end > outer.end:
            yield f"the {node.level} at {node.span} is not inside its {parent.level} at {parent.span}"
        if parent.level is not level_above(node.level):
            yield f"the {node.level} at {node.span} hangs below a {parent.level}"


def _cited(nodes: dict[str, Node]) -> Iterator[str]:
    for node in nodes.values():
        for cited in {cited for sentence in node.summary for cited in sentence.cites} - nodes.keys():
            yield f"the summary of the {node.level} at {node.span} cites {cited}, which does not exist"


def _whole_tree(nodes: dict[str, Node]) -> Iterator[str]:
    videos = [node for node in nodes.values() if node.level is Level.VIDEO]
    if len(videos) != 1:
        yield f"it is complete but has {len(videos)} nodes for the whole video"
    for node in nodes.values():
        if node.level is not Level.VIDEO and node.parent is None:
            yield f"the {node.level} at {node.span} has no parent"
    for level in (Level.SEGMENT, Level.SCENE, Level.CHAPTER) if videos else ():
        for gap in gaps([node.span for node in nodes.values() if node.level is level], videos[0].span):
            yield f"its {level}s leave a hole or overlap at {gap.start:.6f}-{gap.end:.6f} s"


def _words(connection: sqlite3.Connection) -> Iterator[Problem]:
    query = (
        "SELECT (SELECT count(*) FROM passages WHERE id NOT IN (SELECT id FROM word_index_docsize)),"
        " (SELECT count(*) FROM word_index_docsize WHERE id NOT IN (SELECT id FROM passages))"
    )
    missing, extra = connection.execute(query).fetchone()
    if missing or extra:
        what = f"{missing} passages missing, {extra} too many"
        yield Problem("full-text index", what, REPAIR, is_derived=True)


def _full_text(database: Database) -> Iterator[Problem]:
    """FTS5 compares its index with the passages word by word; for SQLite this is a write."""
    if database.read_only:
        return
    try:
        with database.write() as connection:
            connection.execute("INSERT INTO word_index (word_index, rank) VALUES ('integrity-check', 1)")
    except LibraryError as error:
        if not isinstance(error.__cause__, sqlite3.DatabaseError):
            raise
        yield Problem("full-text index", "it does not match the passages", REPAIR, is_derived=True)


def _vectors(connection: sqlite3.Connection) -> Iterator[Problem]:
    rows = connection.execute(
        "SELECT e.name, count(*) AS wrong FROM ("
        "SELECT encoder, vector FROM vectors UNION ALL SELECT encoder, vector FROM sights"
        ") AS v JOIN encoders AS e ON e.name = v.encoder"
        " WHERE length(v.vector) <> 4 * e.dimension GROUP BY e.name"
    )
    for row in rows:
        yield Problem(f"vectors of {row['name']}", f"{row['wrong']} have the wrong size", _REINDEX)


def _index_files(layout: Layout) -> Iterator[Problem]:
    for path in sorted(layout.vectors.glob("*.faiss")) if layout.vectors.is_dir() else ():
        try:
            check_index(path)
        except UnusableIndex as error:
            where = f"{layout.vectors.name}/{path.name}"
            yield Problem(where, str(error), f"nothing is lost; {REPAIR}", is_derived=True)
