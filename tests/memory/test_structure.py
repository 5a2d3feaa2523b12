"""Nothing that a stranger wrote into a library's list of tables is run; all else of the library is kept."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from video_vlm.errors import LibraryDamaged
from video_vlm.memory import open_library, repair_library
from video_vlm.memory.migrations import FORMAT_VERSION
from video_vlm.memory.schema_check import expected_schema, foreign_schema_objects, missing_schema_objects

if TYPE_CHECKING:
    from tests.memory.conftest import Film

TABLES = sorted(
    part.name
    for part in expected_schema(FORMAT_VERSION)
    if part.type == "table" and not part.name.startswith(("sqlite_", "word_index"))
)
Draw = Callable[[random.Random], str]


def a_trigger(luck: random.Random) -> str:
    moment = luck.choice(("BEFORE", "AFTER"))
    event = luck.choice(("INSERT", "DELETE", "UPDATE"))
    target, victim = luck.choice(TABLES), luck.choice(TABLES)
    return f"CREATE TRIGGER {a_name(luck)} {moment} {event} ON {target} BEGIN DELETE FROM {victim}; END"


def a_view(luck: random.Random) -> str:
    return f"CREATE VIEW {a_name(luck)} AS SELECT * FROM {luck.choice(TABLES)}"


def a_view_in_place_of_a_table(luck: random.Random) -> str:
    table = luck.choice(TABLES)
    return f"ALTER TABLE {table} RENAME TO {a_name(luck)}; CREATE VIEW {table} AS SELECT 1 AS one"


def another_view_of_that_name(luck: random.Random) -> str:
    view = luck.choice(("readable_memories", "readable_passages", "readable_sights"))
    return f"DROP VIEW {view}; CREATE VIEW {view} AS SELECT * FROM {luck.choice(TABLES)} WHERE randomblob(9)"


def an_expression_index(luck: random.Random) -> str:
    return f"CREATE INDEX {a_name(luck)} ON nodes (hex(zeroblob({luck.randrange(1, 99)}) || title))"


def a_partial_index(luck: random.Random) -> str:
    return f"CREATE INDEX {a_name(luck)} ON passages (text) WHERE length(text) > {luck.randrange(99)}"


def a_generated_column(luck: random.Random) -> str:
    return f"ALTER TABLE {luck.choice(TABLES)} ADD COLUMN {a_name(luck)} AS (hex(zeroblob({luck.randrange(1, 99)})))"


def a_column(luck: random.Random) -> str:
    return f"ALTER TABLE {luck.choice(TABLES)} ADD COLUMN {a_name(luck)} TEXT DEFAULT 'x'"


def a_check(luck: random.Random) -> str:
    return (
        "PRAGMA writable_schema = ON; UPDATE sqlite_master SET sql = replace(sql, 'summary TEXT',"
        f" 'summary TEXT CHECK (length(hex(summary)) <> {luck.random()})') WHERE name = 'nodes'"
    )


def a_table(luck: random.Random) -> str:
    return f"CREATE TABLE {a_name(luck)} (x)"


def a_virtual_table(luck: random.Random) -> str:
    return f"CREATE VIRTUAL TABLE {a_name(luck)} USING fts5 (x, content = '{luck.choice(TABLES)}')"


def a_name(luck: random.Random) -> str:
    letters = "abcdefghijklmnopqrstuvwxyzäöü中文 \t'\u202e"
    return '"' + "".join(luck.choice(letters) for _ in range(luck.randrange(3, 90))) + '"'


ADDITIONS: tuple[Draw, ...] = (
    a_trigger,
    a_view,
    a_view_in_place_of_a_table,
    another_view_of_that_name,
    an_expression_index,
    a_partial_index,
    a_generated_column,
    a_column,
    a_check,
    a_table,
    a_virtual_table,
)


def added(folder: Path, statements: str) -> None:
    with closing(sqlite3.connect(folder / "library.sqlite3", isolation_level=None)) as connection:
        connection.executescript(f"PRAGMA legacy_alter_table = ON; {statements}")


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("draw", ADDITIONS, ids=lambda draw: draw.__name__)
def test_a_library_with_something_added_is_not_opened_and_comes_back_without_it(
    tmp_path: Path, film: Film, draw: Draw, seed: int
) -> None:
    with open_library(tmp_path) as library:
        film.write(library)
        before = library.dump("film")
    added(tmp_path, draw(random.Random(seed)))
    for read_only in (False, True):
        with pytest.raises(
            LibraryDamaged, match=r"the (table|view|index|trigger) .*; type: videoqa library repair"
        ):
            open_library(tmp_path, read_only=read_only)
    made = repair_library(tmp_path)
    assert [one.video.content_id for one in made.kept] == ["film"]
    assert not made.lost
    with open_library(tmp_path) as library:
        assert library.dump("film") == before
        assert library.verify() == ()
    assert made.damaged is not None
    assert made.damaged.is_file()


def test_what_is_added_while_a_library_is_open_is_found_and_not_run(tmp_path: Path, film: Film) -> None:
    with open_library(tmp_path) as library:
        film.write(library)
        added(tmp_path, "CREATE TRIGGER evil AFTER INSERT ON word_index_config BEGIN DELETE FROM videos; END")
        (problem,) = library.verify()
        assert problem.what == "it holds the trigger 'evil', which no library has"


@pytest.mark.parametrize("what", ["TRIGGER passage_added", "INDEX nodes_by_time", "VIEW passage_words"])
def test_what_was_taken_away_is_missed(tmp_path: Path, film: Film, what: str) -> None:
    with open_library(tmp_path) as library:
        film.write(library)
    added(tmp_path, f"DROP {what}")
    with pytest.raises(LibraryDamaged, match="it lacks the"):
        open_library(tmp_path)
    assert repair_library(tmp_path).kept
    with open_library(tmp_path) as library:
        assert library.verify() == ()


def test_statistics_are_no_strangers(tmp_path: Path, film: Film) -> None:
    with open_library(tmp_path) as library:
        film.write(library)
    added(tmp_path, "ANALYZE")
    with open_library(tmp_path) as library:
        assert library.verify() == ()


def test_a_trigger_under_the_name_of_statistics_is_a_stranger(tmp_path: Path, film: Film) -> None:
    with open_library(tmp_path) as library:
        film.write(library)
    added(tmp_path, "CREATE TRIGGER evil AFTER INSERT ON nodes BEGIN DELETE FROM videos; END")
    added(
        tmp_path,
        "PRAGMA writable_schema = ON; UPDATE sqlite_master SET name = 'sqlite_stat1' WHERE name = 'evil'",
    )
    with pytest.raises(LibraryDamaged, match="sqlite_stat1"):
        open_library(tmp_path)


@pytest.mark.parametrize("version", range(1, FORMAT_VERSION + 1))
def test_every_format_has_tables_and_triggers_of_its_own(version: int) -> None:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        assert foreign_schema_objects(connection, version) == []
        assert missing_schema_objects(connection, version) == sorted(expected_schema(version), key=str)
    assert {"table", "view", "index", "trigger"} <= {part.type for part in expected_schema(version)}
