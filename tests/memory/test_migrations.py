"""Formats: old ones are brought up to date, later ones are refused."""

from __future__ import annotations

import gzip
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from video_vlm.errors import LibraryDamaged, LibraryReadOnly, LibraryTooNew
from video_vlm.memory import open_library
from video_vlm.memory.migrations import FORMAT_VERSION, MIGRATIONS, check_format, migrate
from video_vlm.memory.schema import APPLICATION_ID
from video_vlm.records import Level

if TYPE_CHECKING:
    from tests.memory.conftest import Film

NEXT = (
    *MIGRATIONS,
    (
        "ALTER TABLE videos ADD COLUMN language TEXT",
        "UPDATE videos SET language = 'en'",
    ),
)


@pytest.fixture
def path(tmp_path: Path, film: Film) -> Path:
    with open_library(tmp_path) as library:
        film.write(library)
    return tmp_path / "library.sqlite3"


@pytest.fixture
def connection(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        yield connection


def test_an_older_library_is_brought_up_to_date_with_all_its_rows(
    connection: sqlite3.Connection, path: Path
) -> None:
    assert migrate(connection, path, migrations=NEXT) == (FORMAT_VERSION, FORMAT_VERSION + 1)
    assert connection.execute("SELECT content_id, language FROM videos").fetchall() == [("film", "en")]
    assert migrate(connection, path, migrations=NEXT) == (FORMAT_VERSION + 1, FORMAT_VERSION + 1)


def test_a_migration_that_fails_changes_nothing(connection: sqlite3.Connection, path: Path) -> None:
    broken = (*MIGRATIONS, ("ALTER TABLE videos ADD COLUMN language TEXT", "SELECT nonsense"))
    with pytest.raises(sqlite3.OperationalError):
        migrate(connection, path, migrations=broken)
    assert check_format(connection, path) == FORMAT_VERSION
    assert migrate(connection, path, migrations=NEXT) == (FORMAT_VERSION, FORMAT_VERSION + 1)


def test_a_migration_may_not_orphan_rows(connection: sqlite3.Connection, path: Path) -> None:
    with pytest.raises(LibraryDamaged, match="without owners"):
        migrate(connection, path, migrations=(*MIGRATIONS, ("DELETE FROM videos",)))
    assert connection.execute("SELECT count(*) FROM videos").fetchone() == (1,)
    assert connection.execute("PRAGMA foreign_keys").fetchone() == (1,)


def test_a_later_format_is_refused_with_what_to_type(connection: sqlite3.Connection, path: Path) -> None:
    migrate(connection, path, migrations=NEXT)
    for read_only in (False, True):
        with pytest.raises(LibraryTooNew, match="pip install --upgrade"):
            open_library(path.parent, read_only=read_only)


def test_an_unfinished_creation_cannot_be_read_but_can_be_opened(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "library.sqlite3")) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
    with pytest.raises(LibraryReadOnly, match="format 0"):
        open_library(tmp_path, read_only=True)
    with open_library(tmp_path) as library:
        assert library.videos() == ()


def test_the_format_of_a_new_library_is_the_newest(connection: sqlite3.Connection) -> None:
    assert connection.execute("PRAGMA user_version").fetchone() == (FORMAT_VERSION,)
    assert connection.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)


FORMATS = Path(__file__).with_name("formats")


@pytest.mark.parametrize("version", range(1, FORMAT_VERSION))
def test_a_library_of_every_earlier_format_opens_with_all_it_holds(
    version: int, tmp_path: Path, film: Film
) -> None:
    """``formats/format-N.sqlite3.gz`` is the film and one learned passage, as the last code of format N wrote
    them."""
    packed = FORMATS / f"format-{version}.sqlite3.gz"
    (tmp_path / "library.sqlite3").write_bytes(gzip.decompress(packed.read_bytes()))
    with open_library(tmp_path) as library, open_library(tmp_path / "new") as new:
        film.write(new)
        assert library.verify() == ()
        assert library.search("cat")[0].text == "a cat on the windowsill"
        assert library.dump("film")["nodes"] == new.dump("film")["nodes"]
        looks = library.looks.of("film")
        assert len(looks) == (1 if version > 1 else 0)
        known = [
            *library.memory("film").observations(),
            *(one for look in looks for one in look.observations),
        ]
        assert {one.text for one in new.memory("film").observations()} < {one.text for one in known}


def test_levels_are_rows(connection: sqlite3.Connection) -> None:
    rows = connection.execute("SELECT name, rank FROM levels ORDER BY rank").fetchall()
    assert rows == [(level.value, level.rank) for level in Level]


def test_a_level_is_added_by_its_row(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute("PRAGMA foreign_keys = ON")
    add = "UPDATE nodes SET level = 'shot' WHERE level = 'segment'"
    with pytest.raises(sqlite3.IntegrityError):
        connection.execute(add)
    migrate(connection, path, migrations=(*MIGRATIONS, ("INSERT INTO levels VALUES ('shot', 15)",)))
    assert connection.execute(add).rowcount == 6
