"""A memory from elsewhere, one value of it changed and its checksum made to fit: refused in one line, or of
use."""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.memory.conftest import CharacterGrams, Film
from video_vlm.errors import LibraryDamaged
from video_vlm.export import FORMATS
from video_vlm.memory import StoredLook, open_library
from video_vlm.memory.migrations import MIGRATIONS
from video_vlm.memory.row_checksums import seal_look, seal_memory
from video_vlm.memory.row_copy import ALL_TABLES, checksum
from video_vlm.records import Observation, ObservationKind, Span

if TYPE_CHECKING:
    from tests.cli.conftest import Videoqa

SEEN = Observation(
    Span(11, 12), ObservationKind.SCREEN_TEXT, "a cat crosses", "screen-text", 0.9, (0, 0, 1, 1)
)
LOOK = StoredLook("screen-text", "v1", "is there a cat?", "close look", 640, (Span(11, 12),), (SEEN,))
(UNCHANGEABLE,) = (sql for step in MIGRATIONS for sql in step if "CREATE TRIGGER passage_unchangeable" in sql)
TABLES = tuple(dict.fromkeys(table.name for table in ALL_TABLES))

ODD: tuple[Any, ...] = (
    None,
    0,
    -1,
    7,
    2**62,
    0.5,
    -3.25,
    1e300,
    float("inf"),
    -float("inf"),
    "",
    "x",
    "\0",
    " ",
    "nobody",
    "..",
    "a/b",
    "\u202eabc\x1b[31m",
    "word " * 2000,
    "x" * 5_000_000,
    "[]",
    "{}",
    "[[1, 2]]",
    "null",
    "NaN",
    "1e999",
    "[" * 100_000,
    b"",
    b"\xff\xd8\xff",
    b"\0" * 7,
    b"\xff" * 1024,
)
"""What a column is set to."""

ODD_JSON: tuple[Any, ...] = (
    None,
    True,
    0,
    -5,
    3.5,
    float("nan"),
    float("inf"),
    10**400,
    "",
    "odd",
    "\ud800",
    "\0",
    "9" * 5000,
    "1/0",
    "1e999999999",
    [],
    {},
    [[]],
    {"a": 1},
    [1, 2, 3, 4, 5],
)
"""What a value inside a column of JSON is set to."""


@pytest.fixture(scope="module")
def parcel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("parcel")
    with open_library(folder / "library", encoder=CharacterGrams(dimension=32)) as library:
        Film().write(library)
        library.looks.keep("film", [LOOK])
        library.export_memory("film", folder / "film.videoqa")
    return folder / "film.videoqa"


def columns_of(connection: sqlite3.Connection) -> list[tuple[str, str]]:
    return [(table, row[1]) for table in TABLES for row in connection.execute(f"PRAGMA table_info({table})")]


def places_in(data: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inside = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [at, *(place for key, value in inside for place in places_in(value, (*at, key)))]


def with_odd_json(text: str, luck: random.Random) -> str:
    """One value of JSON is another, is missing, or has a neighbour."""
    data = json.loads(text)
    *way, last = luck.choice([place for place in places_in(data) if place] or [("more",)])
    if not isinstance(data, (dict, list)):
        return json.dumps(luck.choice(ODD_JSON))
    inside = data
    for key in way:
        inside = inside[key]
    if luck.random() < 0.15 and last in (inside if isinstance(inside, dict) else range(len(inside))):
        del inside[last]
    elif isinstance(inside, dict):
        inside[last if luck.random() < 0.9 else "unheard of"] = luck.choice(ODD_JSON)
    elif inside:
        inside[last] = luck.choice(ODD_JSON)
    return json.dumps(data)


def mutate(path: Path, luck: random.Random) -> str:
    """Changes one value of one row, or of all rows, and seals the file again; says what was changed."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        connection.execute("DROP TRIGGER passage_unchangeable")
        table, column = luck.choice(columns_of(connection))
        rows = connection.execute(f'SELECT "{column}" FROM {table}').fetchall()
        old = luck.choice(rows)[0] if rows else None
        value = luck.choice(ODD)
        if isinstance(old, str) and old[:1] in ("[", "{") and luck.random() < 0.9:
            value = with_odd_json(old, luck)
        where = "" if luck.random() < 0.3 else f' WHERE "{column}" IS ?2'
        parameters = (value,) if not where else (value, old)
        with suppress(sqlite3.IntegrityError):  # where a column may not be null
            connection.execute(f'UPDATE OR IGNORE {table} SET "{column}" = ?1{where}', parameters)
        connection.execute(UNCHANGEABLE)
        seal_again(connection)
    return f"{table}.{column} = {value!r:.80}"


def seal_again(connection: sqlite3.Connection) -> None:
    """Makes every checksum fit."""
    memory, content_id = connection.execute("SELECT id, content_id FROM memories").fetchone()
    seal_memory(connection, memory)
    for (look,) in connection.execute("SELECT id FROM looks").fetchall():
        seal_look(connection, look)
    with suppress(LibraryDamaged):  # what is no blob is refused before it is counted
        seal = checksum(connection, content_id=content_id, memory=memory)
        connection.execute("UPDATE seal SET content_id = ?, checksum = ?", (content_id, seal))


USES = (
    ("ask", "--all", "What is said about the alarm?"),
    ("ask", "--all", "What is the first text on screen?", "--json"),
    ("search", "alarm"),
    ("library", "list"),
    ("library", "looks", "film"),
    ("library", "export", "film", "--out", "{LIB}/../again.videoqa"),
    ("scenes", "film"),
    ("entities", "film"),
    ("library", "info"),
    *(("export", "film", "--format", form, "--out", f"{{LIB}}/../out.{form}") for form in FORMATS),
    ("export", "film", "--format", "csv", "--what", "observations", "--out", "{LIB}/../observations.csv"),
)
SURPRISE = "this should not have happened"


@pytest.mark.parametrize("seed", range(4))
def test_whatever_is_odd_is_refused_or_of_use(
    videoqa: Videoqa, parcel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.chdir(tmp_path)
    luck = random.Random(seed)
    refused = 0
    for trial in range(10):
        place = tmp_path / f"{trial}"
        place.mkdir()
        odd = Path(shutil.copy(parcel, place / "odd.videoqa"))
        what = f"seed {seed}, trial {trial}: {mutate(odd, luck)}"
        library = ("--library", place / "library")
        taken = videoqa("library", "import", odd, *library)
        assert SURPRISE not in taken.err, f"{what}: {taken.err}"
        if taken.code:
            refused += 1
            assert taken.err.count("\n") == 1, f"{what}: {taken.err}"
            assert len(taken.err) < 1000, what
            assert videoqa("library", "list", *library).out.strip() == "the library is empty", what
            continue
        for use in USES:
            used = videoqa(*(word.replace("{LIB}", str(library[1])) for word in use), *library)
            assert SURPRISE not in used.err, f"{what}: {use}: {used.err}"
            assert used.code in (0, 3), f"{what}: {use}: {used.code} {used.err}"
        verified = videoqa("library", "verify", *library)
        assert verified.code == 0, f"{what}: {verified.out}"
    assert refused


@pytest.mark.parametrize(
    ("column", "value", "named"),
    [
        ("nodes.coverage", 1.5, "coverage must be a number from 0 to 1"),
        ("passages.start", -1e13, "passages.start"),
        ("passages.node", "nobody", "passages.node"),
        ("passages.confidence", 7, "passages"),
        ("passages.kind", "rumour", "rumour"),
        ("nodes.parent", "nobody", "nodes"),
        ("passages.source", "x" * 5_000_000, "passages.source"),
        ("memories.stages", "[]", "memories.stages"),
        ("looks.max_side", 10**9, "looks.max_side"),
        ("encoders.dimension", 33, "wrong size"),
    ],
)
def test_the_line_names_what_is_wrong(
    videoqa: Videoqa, parcel: Path, tmp_path: Path, column: str, value: object, named: str
) -> None:
    odd = Path(shutil.copy(parcel, tmp_path / "odd.videoqa"))
    table, name = column.split(".")
    with closing(sqlite3.connect(odd, isolation_level=None)) as connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        connection.execute("DROP TRIGGER passage_unchangeable")
        connection.execute(f'UPDATE {table} SET "{name}" = ? WHERE "{name}" IS NOT NULL', (value,))
        connection.execute(UNCHANGEABLE)
        seal_again(connection)
    taken = videoqa("library", "import", odd, "--library", tmp_path / "library")
    assert taken.code == 1
    assert named in taken.err
    assert str(odd) in taken.err
