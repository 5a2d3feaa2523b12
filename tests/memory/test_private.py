"""A library is its owner's: whatever the umask, nobody else reads what is made in it; what was there keeps
its mode."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.memory.conftest import CharacterGrams, Film
from video_vlm.memory import open_library, repair_library

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="folders inherit their rights there")


@contextmanager
def umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def modes(folder: Path) -> dict[str, int]:
    """By name, what lies in a folder and the folder itself."""
    return {
        str(path.relative_to(folder)): stat.S_IMODE(path.stat().st_mode)
        for path in (folder, *sorted(folder.rglob("*")))
    }


def filled(folder: Path, film: Film) -> dict[str, int]:
    """The modes in a library in use: with a journal, an index made from it, and what a model made of
    pictures."""
    with open_library(folder, encoder=CharacterGrams(), exact_up_to=5) as library:
        film.write(library)
        library.search("a crate of oranges")
        shelf = library.storage.feature_cache(1 << 20)
        assert shelf is not None
        shelf.write("model/picture", b"features")
        return modes(folder)


@pytest.mark.parametrize("mask", [0o000, 0o002, 0o022, 0o027, 0o077])
def test_nobody_else_reads_a_new_library(tmp_path: Path, film: Film, mask: int) -> None:
    with umask(mask):
        made = filled(tmp_path / "above" / "library", film)
    assert {
        "library.sqlite3",
        "library.sqlite3-wal",
        "library.sqlite3-shm",
        "vectors",
        "features/model/picture",
    } < set(made)
    assert any(name.startswith("vectors/") for name in made)
    assert {name: oct(mode) for name, mode in made.items() if mode & 0o077} == {}
    assert stat.S_IMODE((tmp_path / "above").stat().st_mode) == 0o777 & ~mask


@pytest.mark.parametrize("mask", [0o000, 0o022])
def test_a_folder_that_is_there_keeps_its_mode_and_its_files_theirs(
    tmp_path: Path, film: Film, mask: int
) -> None:
    folder = tmp_path / "shared"
    folder.mkdir()
    folder.chmod(0o770)
    database = folder / "library.sqlite3"
    database.touch()
    database.chmod(0o660)
    with umask(mask):
        made = filled(folder, film)
    assert (made["."], made["library.sqlite3"]) == (0o770, 0o660)


def test_a_repaired_library_is_read_by_whom_it_was_before(tmp_path: Path, film: Film) -> None:
    folder = tmp_path / "library"
    with open_library(folder) as library:
        film.write(library)
    database = folder / "library.sqlite3"
    database.chmod(0o640)
    damaged = bytearray(database.read_bytes())
    damaged[len(damaged) // 2 : len(damaged) // 2 + 4096] = bytes(4096)
    database.write_bytes(damaged)
    with umask(0o000):
        repair_library(folder)
    made = modes(folder)
    assert made.pop("library.sqlite3") == 0o640
    assert any(".damaged-" in name for name in made)
    assert {name for name, mode in made.items() if mode & 0o007} == set()
