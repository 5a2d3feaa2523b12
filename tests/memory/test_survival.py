"""What is committed survives: kills, races, torn files, folders that cannot be written."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import tempfile
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.memory.write_film import start_writer
from video_vlm.errors import LibraryDamaged, LibraryError, LibraryReadOnly
from video_vlm.memory import Library, open_library
from video_vlm.records import Level

if TYPE_CHECKING:
    from tests.memory.conftest import Film


def long_film(film: Film, num_lines: int) -> Film:
    return replace(film, lines=tuple(film.lines[number % len(film.lines)] for number in range(num_lines)))


def test_a_killed_writer_loses_nothing_it_had_written(tmp_path: Path, film: Film) -> None:
    chance = random.Random(5)
    film = long_film(film, 150)
    for _ in range(4):
        with start_writer(tmp_path / "killed", "film", 150) as writer:
            assert writer.stdout is not None
            for _ in range(chance.randrange(1, 45)):
                writer.stdout.readline()
            writer.kill()
            written = writer.stdout.read().split()
        with open_library(tmp_path / "killed") as library:
            assert library.verify() == ()
            assert len(library.memory("film").nodes(Level.SEGMENT)) >= int(written[-1] if written else 0)
    with open_library(tmp_path / "killed") as killed, open_library(tmp_path / "straight") as straight:
        film.write(killed)
        film.write(straight)
        assert killed.dump("film") == straight.dump("film")
        assert killed.verify() == ()


def test_writers_and_readers_at_once_lose_nothing(tmp_path: Path, film: Film) -> None:
    folder = tmp_path / "library"
    writers = [start_writer(folder, content_id, 25) for content_id in ("one", "two", "same", "same")]
    seen = 0
    while any(writer.poll() is None for writer in writers):
        with open_library(folder) as library:
            for stored in library.videos():
                num_segments = len(library.memory(stored.video.content_id).nodes(Level.SEGMENT))
                assert num_segments >= round((stored.until_seconds or 0) / 10)
                seen += 1
    for writer in writers:
        output = writer.communicate()
        assert writer.returncode == 0, output
    assert seen
    with open_library(folder) as library:
        assert library.verify() == ()
        assert [stored.complete for stored in library.videos()] == [True] * 3
        for content_id in ("one", "two", "same"):
            with open_library(tmp_path / content_id) as straight:
                replace(long_film(film, 25), content_id=content_id).write(straight)
                assert library.dump(content_id) == straight.dump(content_id)


def test_threads_may_share_a_library(library: Library, film: Film) -> None:
    films = [replace(film, content_id=f"film-{number}") for number in range(4)]
    threads = [threading.Thread(target=one.write, args=(library,)) for one in films]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        library.search("guard")
    for thread in threads:
        thread.join()
    assert [stored.complete for stored in library.videos()] == [True] * 4
    assert library.verify() == ()


@pytest.mark.parametrize("keep", [100, 4096, 0.5, 0.9])
def test_a_torn_library_is_named_not_traced(tmp_path: Path, film: Film, keep: float) -> None:
    with open_library(tmp_path) as library:
        film.write(library)
    path = tmp_path / "library.sqlite3"
    whole = path.read_bytes()
    path.write_bytes(whole[: int(keep if keep > 1 else keep * len(whole))])
    try:
        with open_library(tmp_path) as library:
            said = [str(problem) for problem in library.verify()]
    except LibraryDamaged as error:
        said = [str(error)]
    assert said
    assert not any("\n" in one for one in said)


def test_flipped_bytes_are_found_or_harmless(tmp_path: Path, film: Film) -> None:
    with open_library(tmp_path / "library") as library:
        film.write(library)
        sound = library.dump("film")
    whole = (tmp_path / "library" / "library.sqlite3").read_bytes()
    chance = random.Random(1)
    for _ in range(25):
        torn = bytearray(whole)
        start = chance.randrange(len(torn))
        torn[start : start + 64] = chance.randbytes(len(torn[start : start + 64]))
        folder = tmp_path / "torn"
        folder.mkdir(exist_ok=True)
        (folder / "library.sqlite3").write_bytes(torn)
        try:
            with open_library(folder, read_only=True) as library:
                assert library.verify() or library.dump("film").keys() == sound.keys()
        except LibraryError as error:
            assert "\n" not in str(error)  # noqa: PT017 - either outcome will do


def test_another_programs_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "library.sqlite3"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE bookmarks (url TEXT)")
    before = path.read_bytes()
    for read_only in (False, True):
        with pytest.raises(LibraryDamaged, match="another program"):
            open_library(tmp_path, read_only=read_only)
    assert path.read_bytes() == before


def test_an_empty_file_left_by_a_kill_becomes_a_library(tmp_path: Path, film: Film) -> None:
    (tmp_path / "library.sqlite3").touch()
    with open_library(tmp_path) as library:
        film.write(library)
        assert library.verify() == ()


@pytest.fixture
def shelf(film: Film) -> Iterator[Path]:
    """A library below a folder that any user may enter."""
    top = Path(tempfile.mkdtemp())
    top.chmod(0o755)
    with open_library(top / "library") as library:
        film.write(library)
    yield top / "library"
    (top / "library").chmod(0o755)
    shutil.rmtree(top)


@contextmanager
def unwritable(folder: Path) -> Iterator[None]:
    if os.name == "nt":
        pytest.skip("a folder's read-only mark means nothing on Windows")
    for file in folder.iterdir():
        file.chmod(0o444)
    folder.chmod(0o555)
    root = os.geteuid() == 0  # Nothing is unwritable to root.
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)
        folder.chmod(0o755)


def test_a_library_on_a_read_only_file_system_is_read(shelf: Path, film: Film) -> None:
    with unwritable(shelf), open_library(shelf, read_only=True) as library:
        assert library.search("alarm")[0].text == film.lines[4]
        assert library.verify() == ()


def test_writing_on_a_read_only_file_system_is_refused_in_one_line(shelf: Path) -> None:
    with unwritable(shelf), pytest.raises(LibraryReadOnly, match="read_only=True"):
        open_library(shelf)


def test_an_unmerged_journal_on_a_read_only_file_system_is_not_passed_over(shelf: Path) -> None:
    (shelf / "library.sqlite3-wal").write_bytes(b"changes not yet merged")
    with unwritable(shelf), pytest.raises(LibraryReadOnly, match="not yet merged"):
        open_library(shelf, read_only=True)
