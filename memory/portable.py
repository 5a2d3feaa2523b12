"""Exporting one video's memory to a single file, and importing such a file, which may be a stranger's.

The file is a library of one video (SQLite, the same tables) with a seal: its format and a checksum over every
row. It holds no paths and no derived indexes. An imported file is not trusted: its schema must be exactly the
one that this package makes, triggers and views included; every value is checked by type and read as a record;
the tree is verified; then rows, not pages, are copied. What a stranger's file says about a video may still be
wrong.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal

from video_vlm.address import not_a_file
from video_vlm.errors import LibraryDamaged, LibraryError, OutputError, OutputExists
from video_vlm.memory.catalog import StoredVideo, required_video, stored_video, stored_videos
from video_vlm.memory.database_protocol import DatabaseConnection
from video_vlm.memory.import_checks import MOST_BYTES, faults_in, file_name_fault
from video_vlm.memory.look_cache import add_look, looks_at
from video_vlm.memory.migrations import FORMAT_VERSION, check_format, migrate
from video_vlm.memory.row_checksums import seal_memory
from video_vlm.memory.row_codec import video_from_json, video_to_json
from video_vlm.memory.row_copy import (
    ALL_TABLES,
    MEMORY_TABLES,
    VECTOR_TABLES,
    checksum,
    copy_rows,
    mistyped,
)
from video_vlm.memory.schema import APPLICATION_ID
from video_vlm.memory.schema_check import SchemaObject, expected_schema, schema_objects_in
from video_vlm.memory.verify import problems_in
from video_vlm.outputs import Outputs
from video_vlm.records import Level

__all__ = ["Imported", "export_memory", "import_memory"]

_SEAL: Final = "CREATE TABLE seal (content_id TEXT NOT NULL, checksum TEXT NOT NULL)"

_AGAIN: Final = "export it again where it came from"


@dataclass(frozen=True, slots=True)
class Imported:
    """The result of an import: ``added``, ``replaced`` a less complete memory, or ``kept`` the present one.

    ``why`` says so in words; ``num_looks`` counts the looks that were added.
    """

    stored: StoredVideo
    outcome: Literal["added", "replaced", "kept"]
    why: str
    num_looks: int = 0


def export_memory(database: DatabaseConnection, content_id: str, path: Path, *, outputs: Outputs) -> None:
    """Write one video's memory to ``path``, whole or not at all; ``outputs`` says which files may be
    replaced.

    Raises:
        NotIndexed: the library does not know the video.
        OutputExists: there is a file that may not be replaced.
        LibraryError: the file cannot be written.
    """
    with database.read() as source:
        memory, _ = required_video(source, content_id, where=database.where)
        try:
            with outputs.part(path) as part:
                _write(part, source, content_id, memory, path)
        except OutputExists:
            raise
        except OutputError as error:
            raise LibraryError(str(error)) from error


def _write(part: Path, source: sqlite3.Connection, content_id: str, memory: int, path: Path) -> None:
    try:
        with closing(sqlite3.connect(part, isolation_level=None)) as target:
            target.row_factory = sqlite3.Row
            migrate(target, part)
            target.execute("BEGIN")
            there = copy_rows(source, target, ALL_TABLES, content_id=content_id, memory=memory)
            (text,) = target.execute("SELECT video FROM memories").fetchone()
            video = video_from_json(text)
            without_folder = video_to_json(replace(video, path=Path(video.path.name)))
            target.execute("UPDATE memories SET video = ?", (without_folder,))
            seal_memory(target, there)
            target.execute(_SEAL)
            target.execute(
                "INSERT INTO seal VALUES (?, ?)",
                (content_id, checksum(target, content_id=content_id, memory=there)),
            )
            target.execute("COMMIT")
    except sqlite3.OperationalError as error:
        raise LibraryError(f"{path} cannot be written: {error}") from error


def import_memory(database: DatabaseConnection, path: Path) -> Imported:
    """Read a memory from such a file, in one transaction; the file is not changed.

    A memory that is there already and as complete is kept; new looks are added in either case.

    Raises:
        LibraryDamaged: not such a file, or not whole.
        LibraryTooNew: written by a later version.
        LibraryReadOnly: the library is open read-only.
    """
    with _opened(path) as (source, memory, theirs), database.write() as target:
        content_id = theirs.video.content_id
        ours = stored_video(target, content_id)
        outcome, why = _judge(ours, target, theirs, source, memory)
        if outcome != "kept":
            condition = "complete" if theirs.complete else "NOT complete"
            target.execute(f"DELETE FROM memories WHERE content_id = ? AND {condition}", (content_id,))
            left_out = () if _encoders_agree(source, target) else VECTOR_TABLES
            tables = [table for table in MEMORY_TABLES if table not in left_out]
            seal_memory(target, copy_rows(source, target, tables, content_id=content_id, memory=memory))
        num_looks = _add_looks(source, target, content_id)
        stored = stored_video(target, content_id)
    if stored is None:
        raise AssertionError("an imported video is stored")
    return Imported(stored[1], outcome, why, num_looks)


def _judge(
    ours: tuple[int, StoredVideo] | None,
    target: sqlite3.Connection,
    theirs: StoredVideo,
    source: sqlite3.Connection,
    memory: int,
) -> tuple[Literal["added", "replaced", "kept"], str]:
    if ours is None:
        return "added", "the video was not known"
    if _fullness(source, memory, theirs) > _fullness(target, *ours):
        return "replaced", "what was there knew less"
    same = ours[1].recipe == theirs.recipe and ours[1].complete == theirs.complete
    return "kept", "the same is there already" if same else "what is there is as full or fuller"


def _encoders_agree(source: sqlite3.Connection, target: sqlite3.Connection) -> bool:
    """Whether encoders of the same name have the same dimension. Where not, vectors are computed again."""
    ours = dict(target.execute("SELECT name, dimension FROM encoders").fetchall())
    theirs = source.execute("SELECT name, dimension FROM encoders").fetchall()
    return all(ours.get(name, dimension) == dimension for name, dimension in theirs)


def _fullness(
    connection: sqlite3.Connection, memory: int, stored: StoredVideo
) -> tuple[bool, float, int, int]:
    """Whether it is complete; seconds looked at; number of observers; number of passages."""
    seconds = connection.execute(
        'SELECT coalesce(sum(("end" - start) * coverage), 0) FROM nodes'
        f" WHERE memory = ? AND level = '{Level.SEGMENT}'",
        (memory,),
    ).fetchone()[0]
    passages = connection.execute("SELECT count(*) FROM passages WHERE memory = ?", (memory,)).fetchone()[0]
    return stored.complete, round(seconds, 3), len(stored.channels), passages


def _add_looks(source: sqlite3.Connection, target: sqlite3.Connection, content_id: str) -> int:
    """Add the looks that are not there yet, compared without their observations; return how many."""
    known = {replace(look, observations=()) for look in looks_at(target, content_id)}
    new = [look for look in looks_at(source, content_id) if replace(look, observations=()) not in known]
    for look in new:
        add_look(target, look, content_id=content_id, written_at=look.looked_at)
    return len(new)


@contextmanager
def _opened(path: Path) -> Iterator[tuple[sqlite3.Connection, int, StoredVideo]]:
    """A checked copy of the file, migrated to the present format; the id of its memory; its video."""
    if not path.is_file():
        raise LibraryError(f"{path}: {not_a_file(str(path)) or 'no such file'}")
    with tempfile.TemporaryDirectory(prefix="videoqa-import-") as folder, _naming_errors(path):
        copy = Path(folder) / "memory.sqlite3"
        shutil.copyfile(path, copy)
        with closing(sqlite3.connect(copy, isolation_level=None)) as source:
            source.row_factory = sqlite3.Row
            source.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MOST_BYTES)
            for pragma in (
                "trusted_schema = OFF",
                "query_only = ON",
                "cell_size_check = ON",
                "foreign_keys = ON",
            ):
                source.execute(f"PRAGMA {pragma}")
            version = _check_tables(source, path)
            if column := mistyped(source):
                what = f"{column} holds something of another type"
                raise LibraryDamaged(f"{path} is not sound ({what}); {_AGAIN}")
            content_id, memory = _check_seal(source, path)
            if version < FORMAT_VERSION:
                source.execute("PRAGMA query_only = OFF")
                source.execute("PRAGMA trusted_schema = ON")
                migrate(source, copy)
            source.execute("BEGIN")
            yield source, memory, _check_content(source, path, content_id)


def _check_tables(source: sqlite3.Connection, path: Path) -> int:
    """The file's format, once its tables, indexes, views and triggers are those that this package makes."""
    if source.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        raise LibraryDamaged(f"{path} is no memory that videoqa exported")
    version = check_format(source, path)
    if schema_objects_in(source) != expected_schema(version) | {SchemaObject("table", "seal", "seal", _SEAL)}:
        raise LibraryDamaged(f"{path} holds tables that no export of format {version} has; {_AGAIN}")
    return version


def _check_seal(source: sqlite3.Connection, path: Path) -> tuple[str, int]:
    """The content id and the memory of the file, once its checksum fits."""
    problem = source.execute("PRAGMA integrity_check(1)").fetchone()[0]
    seals = source.execute("SELECT * FROM seal").fetchall()
    memories = source.execute("SELECT id, content_id FROM memories").fetchall()
    if problem != "ok":
        raise LibraryDamaged(f"{path} is damaged ({' '.join(str(problem).split())}); {_AGAIN}")
    if len(seals) != 1 or len(memories) != 1:
        raise LibraryDamaged(f"{path} is damaged; {_AGAIN}")
    content_id, memory = memories[0]["content_id"], memories[0]["id"]
    found = checksum(source, content_id=content_id, memory=memory)
    if (seals[0]["content_id"], seals[0]["checksum"]) != (content_id, found):
        raise LibraryDamaged(f"{path} is not as it was exported: its checksum does not fit; {_AGAIN}")
    return content_id, memory


def _check_content(source: sqlite3.Connection, path: Path, content_id: str) -> StoredVideo:
    """The file's video, once all values are in range, all rows are valid records and the tree is whole."""
    fault = next(faults_in(source), None)
    problems = () if fault else problems_in(source, path.name)
    if fault or problems:
        raise LibraryDamaged(f"{path} is not sound ({fault or problems[0].what}); {_AGAIN}")
    (stored,) = stored_videos(source)
    name = stored.video.path
    if stored.video.content_id != content_id or name.name != str(name):
        raise LibraryDamaged(f"{path} is of another video than it says; {_AGAIN}")
    if fault := file_name_fault(name):
        raise LibraryDamaged(f"{path} is not sound ({fault}); {_AGAIN}")
    return stored


@contextmanager
def _naming_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, UnicodeDecodeError, ValueError) as error:
        raise LibraryDamaged(f"{path} is damaged ({error}); {_AGAIN}") from error
