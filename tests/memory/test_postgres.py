"""What is PostgreSQL's own about a library there: addresses, rights, crashes, long lists; all else the other
tests ask of both."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pytest

from tests.postgres_server import start_postgres
from video_vlm.address import Address, is_address, shown
from video_vlm.errors import LibraryDamaged, LibraryError, LibraryReadOnly, LibraryTooNew
from video_vlm.memory import Library, open_library
from video_vlm.records import Level, ObservationKind, Span

if TYPE_CHECKING:
    from tests.memory.conftest import Film, NewPlace

psycopg = pytest.importorskip("psycopg", reason="needs psycopg: pip install 'video-vlm[postgres]'")


@pytest.fixture
def place(postgres: str, tmp_path: Path) -> Iterator[str]:
    schema = f"s{abs(hash(str(tmp_path)))}"
    yield f"{postgres}&schema={schema}"
    with raw(postgres) as connection:
        connection.execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE")


def raw(url: str) -> Any:
    """A connection to the server, past the package, that sees the library's tables first."""
    address = Address.parse(url)
    connection = psycopg.connect(address.url, autocommit=True)
    connection.execute(f"SET search_path TO {address.schema}, public")
    return connection


def test_an_address_is_shown_without_its_secrets() -> None:
    url = "postgresql://me:pass%40word@host:5433/films?schema=tapes&sslmode=require&password=again"
    address = Address.parse(url)
    assert address.url == "postgresql://me:pass%40word@host:5433/films?sslmode=require&password=again"
    assert address.schema == "tapes"
    assert address.shown == "postgresql://me:***@host:5433/films?schema=tapes&sslmode=require&password=***"
    assert shown(url) == address.shown
    assert Address.parse("postgres:///films").schema == "videoqa"
    assert not is_address("postgresql")
    assert not is_address(Path("postgresql:/host"))
    with pytest.raises(LibraryError, match="names no schema"):
        Address.parse('postgresql:///films?schema=a"b')


def test_what_models_made_of_pictures_is_not_kept_on_a_server(place: str, film: Film) -> None:
    with open_library(place) as library:
        film.write(library)
        assert library.storage.feature_cache(1000) is None
        assert library.facts().feature_bytes == 0
        assert library.remove(film.content_id)


def test_a_server_that_is_not_there_is_named_in_one_line_without_the_password() -> None:
    with pytest.raises(LibraryError, match="cannot be reached") as caught:
        open_library("postgresql://me:secret@127.0.0.1:9/films?connect_timeout=2")
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)


def test_two_schemas_of_one_database_are_two_libraries(new_place: NewPlace, film: Film) -> None:
    with open_library(new_place("one")) as one, open_library(new_place("two")) as two:
        film.write(one)
        assert two.videos() == ()
        assert two.search("alarm") == ()


def test_another_programs_schema_is_refused_and_left_alone(place: str) -> None:
    with raw(place) as connection:
        schema = Address.parse(place).schema
        connection.execute(f"CREATE SCHEMA {schema}")
        connection.execute("CREATE TABLE bookmarks (url TEXT)")
        for read_only in (False, True):
            with pytest.raises(LibraryDamaged, match="another program"):
                open_library(place, read_only=read_only)
        tables = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = %s", (schema,)
        ).fetchall()
    assert tables == [("bookmarks",)]


def test_a_library_of_a_later_format_is_refused_with_what_to_type(place: str) -> None:
    open_library(place).close()
    with raw(place) as connection:
        connection.execute("UPDATE library SET format = format + 1")
    with pytest.raises(LibraryTooNew, match="pip install --upgrade"):
        open_library(place)


def test_the_tables_have_the_columns_that_sqlite_has(place: str, folder_library: Library) -> None:
    from video_vlm.memory.row_copy import ALL_TABLES

    open_library(place).close()
    with raw(place) as connection, folder_library._database.read() as sqlite:
        for name in {table.name for table in ALL_TABLES} | {"files"}:
            theirs = connection.execute(f"SELECT * FROM {name}").description
            assert {column.name for column in theirs} == {
                row["name"] for row in sqlite.execute(f"PRAGMA table_info({name})")
            }, name


def test_who_may_only_read_reads(place: str, film: Film) -> None:
    with open_library(place) as library:
        film.write(library)
    schema, role = Address.parse(place).schema, f"reader_{Address.parse(place).schema}"
    with raw(place) as connection:
        connection.execute(f"CREATE ROLE {role} LOGIN")
        connection.execute(f"GRANT USAGE ON SCHEMA {schema} TO {role}")
        connection.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {role}")
    try:
        as_reader = place.replace("postgres:@", f"{role}:@")
        assert as_reader != place
        with open_library(as_reader, read_only=True) as library:
            assert library.search("alarm")[0].text == film.lines[4]
            assert library.verify() == ()
        with open_library(as_reader) as library, pytest.raises(LibraryReadOnly, match="read_only=True"):
            library.remove("film")
    finally:
        with raw(place) as connection:
            connection.execute(f"DROP OWNED BY {role}; DROP ROLE {role}")


def write_until_it_fails(film: Film, library: Library) -> int:
    """Returns how many segments were surely written."""
    build = film.start(library)
    written = len(build.segments())
    with suppress(LibraryError):
        for until in range(written + 1, len(film.lines)):
            film.go_on(build, until=until)
            written = until
    return written


def test_a_server_killed_while_it_is_written_to_has_all_that_was_written_and_nothing_half(film: Film) -> None:
    film = replace(film, lines=film.lines * 20)
    with start_postgres() as server, open_library(server.url) as library, open_library(server.url) as reader:
        for _ in range(3):
            killer = threading.Timer(0.5, server.kill)
            killer.start()
            written = write_until_it_fails(film, library)
            killer.join()
            with pytest.raises(LibraryError, match="cannot be reached") as caught:
                reader.videos()
            assert "\n" not in str(caught.value)
            server.start_again()
            stored = len(reader.memory("film").nodes(Level.SEGMENT))
            assert written <= stored <= written + 1 < len(film.lines)
            assert reader.verify() == ()
        film.write(library)
        with open_library(f"{server.url}&schema=straight") as straight:
            film.write(straight)
            assert library.dump("film") == straight.dump("film")


def test_a_lost_connection_is_made_again(place: str, film: Film) -> None:
    with open_library(place) as library:
        film.write(library)
        with raw(place) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
                " AND query LIKE 'COMMIT%' AND usename = current_user"
            )
        assert library.search("alarm")[0].text == film.lines[4]


def test_a_reader_sees_one_state_while_others_write(place: str, film: Film) -> None:
    with open_library(place) as library, open_library(place) as other:
        film.write(library, until=2)
        with library._database.read() as connection:
            before = connection.execute("SELECT count(*) FROM nodes").fetchone()[0]
            film.write(other)
            assert connection.execute("SELECT count(*) FROM nodes").fetchone()[0] == before
        assert len(library.memory("film").nodes(Level.SEGMENT)) == 6


class Scattered:
    """Sentences as random unit vectors that depend on their text alone, at cosines of about a half to each
    other."""

    name, dimension = "scattered", 48

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        rows = [np.random.default_rng(list(text.encode())).standard_normal(self.dimension) for text in texts]
        shared = np.ones(self.dimension) / np.sqrt(self.dimension)
        mixed = [shared + row / np.linalg.norm(row) for row in rows]
        return np.array([row / np.linalg.norm(row) for row in mixed], np.float32)


@pytest.fixture(scope="module")
def crowd(postgres: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """A library with more vectors than are searched exactly: four videos, one of them with a line on
    screen."""
    from tests.memory.conftest import Film
    from video_vlm.memory.postgres import open_postgres

    url = f"{postgres}&schema=crowd"
    with open_postgres(url, encoder=Scattered(), exact_up_to=500) as library:
        for number in range(4):
            lines = tuple(f"sentence {number} {line}" for line in range(300))
            Film(f"film-{number}", lines=lines).write(library)
        yield library


def indexes(library: Library) -> list[str]:
    with raw(str(library.storage.place)) as connection:
        rows = connection.execute(
            "SELECT indexname FROM pg_indexes WHERE indexname LIKE '%_hnsw_%'"
        ).fetchall()
    return [name for (name,) in rows]


def found(library: Library, query: str, **filters: Any) -> list[str]:
    """Texts: many say the same, and which of those is found is all the same."""
    return [hit.text for hit in library.search(query, limit=10, **filters)]


def exactly(library: Library, query: str, **filters: Any) -> list[str]:
    """By reading all vectors and multiplying."""
    return found(library, query, content_ids=[f"film-{number}" for number in range(4)], **filters)


QUERIES = [f"zz{chr(97 + number)}" for number in range(20)]
"""No word of them is in any film: they are searched by their vectors alone."""


def test_a_long_list_is_searched_by_hnsw_and_finds_what_exact_search_finds(crowd: Library) -> None:
    assert len(indexes(crowd)) == 1
    same = sum((Counter(exactly(crowd, query)) & Counter(found(crowd, query))).total() for query in QUERIES)
    assert same >= 0.98 * 10 * len(QUERIES)


@pytest.mark.parametrize(
    "filters",
    [
        {"span": Span(100, 103)},
        {"span": Span(2990, 3000), "kinds": [ObservationKind.SUBTITLE]},
        {"kinds": [ObservationKind.LOOK]},
    ],
)
def test_a_filter_never_starves_a_search_by_hnsw(crowd: Library, filters: dict[str, Any]) -> None:
    for query in QUERIES:
        wanted = exactly(crowd, query, **filters)
        assert found(crowd, query, **filters) == wanted
        assert len(wanted) == 10 or "span" in filters


def test_an_index_that_was_not_finished_is_made_again(crowd: Library) -> None:
    (name,) = indexes(crowd)
    with raw(str(crowd.storage.place)) as connection:
        connection.execute(
            "UPDATE pg_index SET indisvalid = false WHERE indexrelid = %s::regclass", (f'"{name}"',)
        )
        assert found(crowd, "zzz") == exactly(crowd, "zzz"), "searched exactly meanwhile"
        from tests.memory.conftest import Film

        Film("film-4", lines=("one more",)).write(crowd)
        (valid,) = connection.execute(
            "SELECT indisvalid FROM pg_index WHERE indexrelid = %s::regclass", (f'"{name}"',)
        ).fetchone()
    assert valid
    crowd.remove("film-4")


def test_words_are_weighed_by_how_rare_they_are(place: str, film: Film) -> None:
    lines = (
        *(f"The guard of gate {number} sleeps." for number in range(30)),
        "A heron sleeps by the water of the gate.",
    )
    talk = ("tea tea tea tea", "tea and a long talk of many other things besides", "no")
    with open_library(place) as library, open_library(place + "_2") as other:
        replace(film, lines=lines).write(library)
        assert library.search("guard heron gate")[0].text == lines[-1]
        replace(film, lines=talk).write(other)
        assert [hit.text for hit in other.search("tea")] == list(talk[:2])


def test_words_out_of_step_are_found_and_rebuilt(place: str, film: Film) -> None:
    with open_library(place) as library, raw(place) as connection:
        film.write(library)
        connection.execute("DELETE FROM word_index WHERE passage = (SELECT min(passage) FROM word_index)")
        connection.execute(
            "UPDATE word_index SET words = '' WHERE passage = (SELECT min(passage) FROM word_index)"
        )
        (problem,) = library.verify()
        assert "1 passages missing, 1 with other words" in problem.what
        library.rebuild_derived()
        assert library.verify() == ()


@pytest.mark.parametrize(
    ("added", "what"),
    [
        (
            "CREATE TRIGGER evil AFTER INSERT ON nodes FOR EACH ROW EXECUTE FUNCTION passage_unchangeable()",
            "trigger 'evil' on nodes",
        ),
        ("CREATE RULE evil AS ON INSERT TO memories DO ALSO DELETE FROM nodes", "rule 'evil' on memories"),
    ],
)
def test_what_others_added_to_the_tables_is_named(place: str, film: Film, added: str, what: str) -> None:
    with open_library(place) as library, raw(place) as connection:
        film.write(library)
        assert library.verify() == ()
        connection.execute(added)
        (problem,) = library.verify()
        assert what in problem.what


def test_a_tree_out_of_order_is_named(place: str, film: Film) -> None:
    with open_library(place) as library, raw(place) as connection:
        film.write(library)
        connection.execute("UPDATE nodes SET parent = NULL WHERE level = 'scene' AND start = 0")
        assert "scene at 0:00–0:20 has no parent" in str(library.verify()[0])


def test_signs_of_addresses_and_paths_do_not_hide_words(place: str, film: Film) -> None:
    lines = (
        "See www.harbour.org/maps, or write to captain@harbour.org.",
        "The rôle of tea/coffee: “splendid”.",
    )
    with open_library(place) as library:
        replace(film, lines=lines).write(library)
        for query, line in (
            ("maps", 0),
            ("captain", 0),
            ("harbour", 0),
            ("coffee", 1),
            ("role", 1),
            ("splendid", 1),
        ):
            assert library.search(query)[0].text == lines[line], query


def test_what_it_takes_is_told_in_bytes(place: str, film: Film) -> None:
    with open_library(place) as library:
        empty = library.storage.num_bytes()
        replace(film, lines=film.lines * 20).write(library)
        assert library.storage.num_bytes() > empty > 0
