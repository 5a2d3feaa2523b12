"""Copying sound rows from a damaged library file to a new one: each memory and each look whole, or not at
all.

Rows are copied, their checksums computed again from the copies and compared with those in the damaged file: a
memory with a missing row or a changed letter is not kept. Memories of formats before 4 have no checksums; for
those the tree must be whole, every node's id must match its content, and every row must be readable.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from video_vlm.errors import LibraryDamaged, LibraryError
from video_vlm.memory.catalog import file_state
from video_vlm.memory.corrupt_reader import UNREADABLE, readable, rows_around, scan_into
from video_vlm.memory.database import Database
from video_vlm.memory.row_checksums import parts_of, seal_memory, seal_of_look, seal_of_row
from video_vlm.memory.row_codec import node_of, observation_of, video_from_json
from video_vlm.memory.row_copy import OwnedTable, copy_tables
from video_vlm.memory.tree import node_id
from video_vlm.memory.vector_index import register_encoder
from video_vlm.memory.verify import check_records, tree_problems

__all__ = ["RecoveredRows", "recover_rows"]

_OF_MEMORY: Final = "memory = :memory"

_MEMORY: Final = (
    OwnedTable("memories", "id = :memory"),
    OwnedTable("nodes", _OF_MEMORY, {"memory": "memories"}),
    OwnedTable("posters", _OF_MEMORY, {"memory": "memories"}),
    OwnedTable("passages", _OF_MEMORY, {"memory": "memories"}),
)
_SIGHTS: Final = OwnedTable("sights", _OF_MEMORY, {"memory": "memories"})
_LOOK: Final = (
    OwnedTable("looks", "id = :look"),
    OwnedTable("looked_pictures", "look = :look", {"look": "looks"}),
    OwnedTable("passages", "look = :look", {"look": "looks"}),
)
_FATAL: Final = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)
_FIRST_WITH_SEALS: Final = 4


@dataclass(frozen=True, slots=True)
class _Entry:
    """A memory, or a look, as the damaged file lists it."""

    id: int
    content_id: str
    seal: str | None
    path: str | None = None


@dataclass(slots=True)
class RecoveredRows:
    """Content ids of videos that were kept, and of those that were lost, with the path of the file if known.

    ``unseen`` are kept without their visual vectors; ``unproven`` had no checksums.
    """

    kept: set[str] = field(default_factory=set)
    lost: dict[str, str | None] = field(default_factory=dict)
    unseen: set[str] = field(default_factory=set)
    unproven: set[str] = field(default_factory=set)
    num_looks: int = 0
    num_lost_looks: int = 0


class _Doubtful(Exception):
    """The copied rows are not, or may not be, those that were written."""


def recover_rows(wreck: sqlite3.Connection, fresh: Database, *, scratch: Path) -> RecoveredRows:
    """Copy all sound memories and looks into ``fresh``.

    Args:
        wreck: A copy of the damaged file.
        fresh: An empty library.
        scratch: A file for the rows of a second, slower reading.

    Raises:
        LibraryError: the disk is full, or failed.
    """
    tables = {row["name"] for row in readable(wreck, "SELECT name FROM sqlite_master WHERE type = 'table'")}
    (version,) = wreck.execute("PRAGMA user_version").fetchone()
    found = RecoveredRows()
    memories = list(_entries(wreck, "memories"))
    looks = list(_entries(wreck, "looks")) if "looks" in tables else []
    taker = _Taker(fresh, found, has_seals=version >= _FIRST_WITH_SEALS, has_sights="sights" in tables)
    left = [one for one in memories if not taker.take_memory(wreck, one, is_last=False)]
    left_looks = [one for one in looks if not taker.take_look(wreck, one)]
    if (left or left_looks) and version >= _FIRST_WITH_SEALS:
        with closing(scan_into(wreck, scratch)) as scan:
            left = [one for one in left if not taker.take_memory(scan, one, is_last=True)]
            left_looks = [one for one in left_looks if not taker.take_look(scan, one)]
    found.num_looks, found.num_lost_looks = len(looks) - len(left_looks), len(left_looks)
    _list_lost(wreck, found, left)
    with fresh.write() as target:
        target.execute("DELETE FROM encoders WHERE name NOT IN (SELECT encoder FROM sights)")
        _take_files(wreck, target, found.kept)
    return found


def _entries(wreck: sqlite3.Connection, table: str) -> Iterator[_Entry]:
    for row in rows_around(wreck, table):
        columns, path = row.keys(), None
        if "video" in columns:
            with suppress(LibraryDamaged):
                path = str(video_from_json(str(row["video"])).path)
        if isinstance(row["content_id"], str):
            yield _Entry(row["id"], row["content_id"], row["seal"] if "seal" in columns else None, path)


class _Taker:
    def __init__(self, fresh: Database, found: RecoveredRows, *, has_seals: bool, has_sights: bool) -> None:
        self._fresh = fresh
        self._found = found
        self._has_seals = has_seals
        self._has_sights = has_sights

    def take_memory(self, source: sqlite3.Connection, one: _Entry, *, is_last: bool) -> bool:
        """Whether it was kept; at the last try without its visual vectors, if only they are broken."""

        def copy(target: sqlite3.Connection) -> None:
            there = self._copy_memory(source, target, one)
            _check_readable(target, there)
            if not self._has_seals:
                _check_structure(target, there)
                self._found.unproven.add(one.content_id)
            elif not _is_as_written(source, target, one, there):
                if not is_last:
                    raise _Doubtful
                target.execute("DELETE FROM sights WHERE memory = ?", (there,))
                seal_memory(target, there)
                self._found.unseen.add(one.content_id)

        kept = self._whole_or_not(copy)
        if kept:
            self._found.kept.add(one.content_id)
        return kept

    def take_look(self, source: sqlite3.Connection, one: _Entry) -> bool:
        """Whether it was kept. Looks of formats before 4 need only be readable."""

        def copy(target: sqlite3.Connection) -> None:
            target.execute("INSERT OR IGNORE INTO videos VALUES (?)", (one.content_id,))
            there = copy_tables(source, target, _LOOK, look=one.id)["looks"][one.id]
            if self._has_seals and one.seal != seal_of_look(target, there):
                raise _Doubtful
            for row in target.execute("SELECT * FROM passages WHERE look = ?", (there,)):
                observation_of(row)

        return self._whole_or_not(copy)

    def _copy_memory(self, source: sqlite3.Connection, target: sqlite3.Connection, one: _Entry) -> int:
        target.execute("INSERT OR IGNORE INTO videos VALUES (?)", (one.content_id,))
        tables: tuple[OwnedTable, ...] = _MEMORY
        if self._has_sights:
            sizes = "SELECT encoder, max(length(vector)) FROM sights WHERE memory = ? GROUP BY encoder"
            for encoder, num_bytes in source.execute(sizes, (one.id,)).fetchall():
                register_encoder(target, encoder, num_bytes // 4)
            tables = (*_MEMORY, _SIGHTS)
        there = copy_tables(source, target, tables, memory=one.id)["memories"][one.id]
        seal_memory(target, there)
        return there

    def _whole_or_not(self, copy: Callable[[sqlite3.Connection], None]) -> bool:
        try:
            with self._fresh.write() as target, _doubting():
                copy(target)
        except _Doubtful:
            return False
        except LibraryError as error:
            if isinstance(
                error.__cause__, sqlite3.IntegrityError
            ):  # Deferred constraints are checked at the end.
                return False
            raise
        return True


@contextmanager
def _doubting() -> Iterator[None]:
    """Raises:
    _Doubtful: in place of any error in damaged rows; a full disk or a failed one is raised as it is.
    """
    try:
        yield
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in _FATAL:
            raise
        raise _Doubtful from error
    except (LibraryError, KeyError, TypeError, ValueError, *UNREADABLE) as error:
        raise _Doubtful from error


def _is_as_written(source: sqlite3.Connection, target: sqlite3.Connection, one: _Entry, there: int) -> bool:
    """Whether all parts are as written, or (False) all but the visual vectors.

    Raises:
        _Doubtful: another part is not.
    """
    written, arrived = parts_of(source, one.id), parts_of(target, there)
    if one.seal is None or one.seal != seal_of_row(target, there) or not written:
        raise _Doubtful
    wrong = {part for part in written.keys() | arrived.keys() if written.get(part) != arrived.get(part)}
    if any(not part.startswith("sights ") for part in wrong):
        raise _Doubtful
    return not wrong


def _check_readable(target: sqlite3.Connection, memory: int) -> None:
    """Rows of another program may have fitting checksums and still be no memory.

    Raises:
        _Doubtful: the tree has a problem.
    """
    check_records(target, memory)
    row = target.execute("SELECT id, content_id, complete FROM memories WHERE id = ?", (memory,)).fetchone()
    if next(tree_problems(target, row), None) is not None:
        raise _Doubtful


def _check_structure(target: sqlite3.Connection, memory: int) -> None:
    (content_id,) = target.execute("SELECT content_id FROM memories WHERE id = ?", (memory,)).fetchone()
    for one in target.execute("SELECT * FROM nodes WHERE memory = ?", (memory,)):
        node = node_of(one, content_id)
        if node.id != node_id(node.content_id, node.level, node.span, node.provenance):
            raise _Doubtful


def _list_lost(wreck: sqlite3.Connection, found: RecoveredRows, left: Iterable[_Entry]) -> None:
    """Note the videos to index again: those whose memory was not kept, and those without a memory."""
    paths = {one.content_id: one.path for one in left}
    for row in readable(wreck, "SELECT content_id FROM videos"):
        paths.setdefault(row["content_id"], None)
    for row in readable(wreck, "SELECT content_id, path FROM files"):
        if isinstance(row["path"], bytes):
            paths[row["content_id"]] = os.fsdecode(row["path"])
    found.lost = {
        content_id: path
        for content_id, path in sorted(paths.items(), key=str)
        if isinstance(content_id, str) and content_id not in found.kept
    }


def _take_files(wreck: sqlite3.Connection, target: sqlite3.Connection, kept: set[str]) -> None:
    """Copy the known paths of kept videos whose files are still there, unchanged."""
    for row in readable(wreck, "SELECT path, size, mtime_ns, ctime_ns, content_id, seen_at FROM files"):
        path, *state, content_id, _ = tuple(row)
        if content_id not in kept or not isinstance(path, bytes):
            continue
        with suppress(ValueError):  # The damaged path may be none.
            if file_state(Path(os.fsdecode(path))) == tuple(state):
                target.execute("INSERT OR IGNORE INTO files VALUES (?, ?, ?, ?, ?, ?)", tuple(row))
