"""Repairing a damaged library: sound rows are copied to a new file, and the damaged one is kept beside it."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from video_vlm.address import is_address, shown
from video_vlm.errors import LibraryDamaged, LibraryError
from video_vlm.memory.catalog import StoredVideo, stored_videos
from video_vlm.memory.corrupt_reader import copy_for_reading, open_corrupt
from video_vlm.memory.database import Database
from video_vlm.memory.layout import Layout, default_library_folder
from video_vlm.memory.migrations import FORMAT_VERSION, check_format
from video_vlm.memory.recover_rows import recover_rows
from video_vlm.memory.schema_check import foreign_schema_objects
from video_vlm.memory.verify import problems_in, rebuild_derived, verify

__all__ = ["LostVideo", "Repaired", "repair_library"]

_SHARED_LOCK: Final = (0x40000002, 510)
"""Where SQLite locks the bytes of a file that it has open: offset and number."""


@dataclass(frozen=True, slots=True)
class LostVideo:
    """A video that has to be indexed again: its content id, and the last known path of its file, if any."""

    content_id: str
    path: Path | None


@dataclass(frozen=True, slots=True)
class Repaired:
    """The result of a repair.

    ``damaged`` is where the damaged file is now (None if none had to be replaced), ``rebuilt`` says that
    derived indexes were built again. ``unseen`` are the content ids of videos whose visual vectors are lost;
    ``unproven`` those written before there were checksums: only their structure was checked. ``num_looks``
    and ``num_lost_looks`` count the looks that were kept and lost.
    """

    damaged: Path | None = None
    rebuilt: bool = False
    kept: tuple[StoredVideo, ...] = ()
    lost: tuple[LostVideo, ...] = ()
    unseen: tuple[str, ...] = ()
    unproven: tuple[str, ...] = ()
    num_looks: int = 0
    num_lost_looks: int = 0


def repair_library(folder: Path | str | None = None) -> Repaired:
    """Repair a library that is open nowhere. A sound one is not changed.

    When the process is killed the library is either unchanged or repaired.

    Args:
        folder: The library's folder; None for the user's own.

    Raises:
        LibraryDamaged: nothing in it can be read, or it is another program's; it is not changed.
        LibraryTooNew: written by a later version.
        LibraryError: there is no library, it is in use, or there is no room for the new file.
    """
    if folder is not None and is_address(folder):
        raise LibraryError(
            f"{shown(folder)}: what is on a server is repaired by its own means; restore a backup of it"
        )
    layout = Layout(default_library_folder() if folder is None else Path(folder))
    if not layout.database.is_file():
        raise LibraryError(
            f"{layout.database}: there is no library here; index a video first, or name another folder"
        )
    _check_alone(layout.database)
    for leftover in layout.folder.glob(".repair-*"):
        shutil.rmtree(leftover, ignore_errors=True)
    made = _mend_in_place(layout)
    return made if made is not None else _rescue(layout)


def _mend_in_place(layout: Layout) -> Repaired | None:
    """The result where nothing or only derived indexes were damaged; None where the rows themselves are."""
    try:
        if _is_broken_and_old(layout.database):
            return None
        with closing(Database(layout.database, read_only=False)) as database:
            problems = verify(database, layout)
            if not all(problem.is_derived for problem in problems):
                return None
            if problems:
                rebuild_derived(database, layout)
                if verify(database, layout):
                    return None
            with database.read() as connection:
                return Repaired(rebuilt=bool(problems), kept=stored_videos(connection))
    except LibraryDamaged:
        return None


def _is_broken_and_old(path: Path) -> bool:
    """Whether it is of an earlier format with broken pages: opening it for writing would give checksums to
    broken rows. True also where the schema has foreign objects: checking the pages would run them."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            version = check_format(connection, path)
            if foreign_schema_objects(connection, version):
                return True
            (integrity,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
            return version < FORMAT_VERSION and integrity != "ok"
    except sqlite3.DatabaseError:
        return True


def _rescue(layout: Layout) -> Repaired:
    with _room_beside(layout) as folder:
        copy = copy_for_reading(layout.database, folder)
        fresh_file = folder / layout.database.name
        with closing(_opened(layout, copy)) as wreck, closing(Database(fresh_file, read_only=False)) as fresh:
            found = recover_rows(wreck, fresh, scratch=folder / "scan.sqlite3")
            if not found.kept and not found.lost:
                raise LibraryDamaged(f"{layout.database}: {_HOPELESS}")
            with fresh.read() as connection:
                kept = stored_videos(connection)
        _check_written(fresh_file)
        damaged = _exchange(layout, fresh_file)
    return Repaired(
        damaged=damaged,
        rebuilt=True,
        kept=kept,
        lost=tuple(LostVideo(one, None if path is None else Path(path)) for one, path in found.lost.items()),
        unseen=tuple(sorted(found.unseen)),
        unproven=tuple(sorted(found.unproven)),
        num_looks=found.num_looks,
        num_lost_looks=found.num_lost_looks,
    )


_HOPELESS: Final = "nothing in it can be read; restore a copy of it, or move it away and index again"


def _opened(layout: Layout, copy: Path) -> sqlite3.Connection:
    try:
        return open_corrupt(copy)
    except LibraryDamaged as error:
        raise LibraryDamaged(f"{layout.database}: {_HOPELESS}") from error


@contextmanager
def _room_beside(layout: Layout) -> Iterator[Path]:
    """A temporary folder on the same disk.

    Raises:
        LibraryError: it cannot be made, or the disk is full.
    """
    try:
        with tempfile.TemporaryDirectory(
            prefix=".repair-", dir=layout.folder, ignore_cleanup_errors=True
        ) as folder:
            yield Path(folder)
    except (OSError, sqlite3.Error) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise LibraryError(
            f"{layout.folder}: the library cannot be repaired here ({why}); that takes room for it twice"
        ) from error


def _check_written(fresh: Path) -> None:
    """Check the new file as it is on the disk: closing a database reports no error when the journal cannot be
    merged.

    Raises:
        OSError: it has problems, or a journal.
    """
    with closing(Database(fresh, read_only=False)) as database, database.read() as connection:
        problems = problems_in(connection, fresh.name)
    journal = fresh.with_name(f"{fresh.name}-wal")
    if problems or (journal.exists() and journal.stat().st_size):
        raise OSError(errno.EIO, "the new file could not be written whole")


def _exchange(layout: Layout, fresh: Path) -> Path:
    """Put the new file in the place of the damaged one; return where the damaged one is now."""
    moment = datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")
    aside = layout.database.with_name(f"{layout.database.name}.damaged-{moment}")
    with fresh.open("rb+") as file:
        os.fsync(file.fileno())
    # A second name first, so that there is always a library: a process that finds none makes a new one.
    try:
        aside.hardlink_to(layout.database)
    except OSError:
        shutil.copy(layout.database, aside)
    for suffix in ("-wal", "-shm"):  # SQLite would read the old journal into the new file.
        journal = layout.database.with_name(layout.database.name + suffix)
        with suppress(FileNotFoundError):
            journal.replace(aside.with_name(aside.name + suffix))
    for file_of_index in layout.vectors.glob("*") if layout.vectors.is_dir() else ():
        file_of_index.unlink(missing_ok=True)
    shutil.copymode(layout.database, fresh)
    fresh.replace(layout.database)
    _sync_folder(layout.folder)
    return aside


def _sync_folder(folder: Path) -> None:
    if sys.platform != "win32":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _check_alone(path: Path) -> None:
    """Raises:
    LibraryError: another process has the library open.
    """
    if sys.platform == "win32":
        return  # There a file that is open cannot be replaced.
    import fcntl

    offset, length = _SHARED_LOCK
    try:
        with path.open("rb+") as file:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, length, offset)
    except PermissionError as error:
        raise LibraryError(
            f"{path} cannot be written ({error.strerror}): repair it where it can be"
        ) from error
    except BlockingIOError as error:
        raise LibraryError(f"{path} is in use by another process; end that first") from error
    except OSError as error:
        raise LibraryError(f"{path} cannot be opened ({error.strerror})") from error
