"""A shelf holds what may be thrown away: bounded, the least recently used gone first, and never in anybody's
way."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.memory.conftest import Film
from video_vlm.memory import DiskCache, open_library


def put(shelf: DiskCache, name: str, *, age: int, size: int = 100) -> None:
    """A file that was last used so many seconds ago."""
    shelf.write(name, bytes(size))
    used = 1_700_000_000 - age
    os.utime(shelf.folder / name, (used, used))


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_what_is_put_there_is_found_by_others(tmp_path: Path) -> None:
    DiskCache(tmp_path, most_bytes=1000).write("some/one", b"seen")

    assert DiskCache(tmp_path, most_bytes=1000).read("some/one") == b"seen"
    assert DiskCache(tmp_path, most_bytes=1000).read("some/other") is None
    assert names(tmp_path) == ["some/one"], "nothing half written is left"


def test_the_least_recently_used_goes_first(tmp_path: Path) -> None:
    shelf = DiskCache(tmp_path, most_bytes=300)
    for age, name in enumerate(["a/new", "b/older", "c/oldest"]):
        put(shelf, name, age=age)
    shelf.read("c/oldest")

    shelf.write("d/newest", bytes(100))

    assert names(tmp_path) == ["a/new", "c/oldest", "d/newest"]
    assert not (tmp_path / "b").exists()


def test_it_never_holds_more(tmp_path: Path) -> None:
    shelf = DiskCache(tmp_path, most_bytes=1000)
    for number in range(200):
        shelf.write(f"{number % 3}/{number}", bytes(7 + number % 90))
        assert shelf.num_bytes() <= 1000
    assert shelf.num_bytes() > 800
    shelf.write("larger", bytes(1001))
    assert shelf.read("larger") is None


def test_what_others_put_there_counts(tmp_path: Path) -> None:
    shelves = [DiskCache(tmp_path, most_bytes=1000) for _ in range(2)]
    for number in range(200):
        shelves[number % 2].write(str(number), bytes(20))
        assert shelves[0].num_bytes() <= 1000 + 1000 // 16


_WORK = """
import sys
from pathlib import Path
from video_vlm.memory import DiskCache

shelf, found = DiskCache(Path(sys.argv[1]), most_bytes=2000), 0
for number in range(400):
    name = f"{number % 2}/{number % 25}"
    shelf.write(name, name.encode() * 30)
    read = shelf.read(name)
    assert read in (None, name.encode() * 30), read
    found += read is not None
    shelf.num_bytes()
print(found)
"""


def test_several_processes_are_in_nobodys_way(tmp_path: Path) -> None:
    """They write and drop the same files; whoever finds one finds it whole."""
    command = [sys.executable, "-W", "error", "-c", _WORK, str(tmp_path)]
    workers = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8")
        for _ in range(3)
    ]
    said = [worker.communicate() for worker in workers]

    assert [worker.returncode for worker in workers] == [0, 0, 0], said
    assert all(int(out) > 200 for out, _ in said)
    assert DiskCache(tmp_path, most_bytes=0).num_bytes() <= 2000 + 3 * 2000 // 16


def test_open_to_be_read_nothing_changes(tmp_path: Path) -> None:
    put(DiskCache(tmp_path, most_bytes=1000), "one", age=5)
    used = (tmp_path / "one").stat().st_mtime_ns
    shelf = DiskCache(tmp_path, most_bytes=1000, read_only=True)

    shelf.write("other", b"seen")
    shelf.drop("one")
    shelf.clear()

    assert shelf.read("one") == bytes(100)
    assert names(tmp_path) == ["one"]
    assert (tmp_path / "one").stat().st_mtime_ns == used


def test_where_nothing_can_be_written_that_is_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "features").write_text("a file is no folder")
    shelf = DiskCache(tmp_path / "features", most_bytes=1000)

    with caplog.at_level(logging.WARNING):
        for name in ("some/one", "some/other"):
            shelf.write(name, b"seen")

    assert shelf.read("some/one") is None
    assert caplog.text.count("not kept for later") == 1


@pytest.mark.skipif(sys.platform == "win32", reason="files are limited as POSIX has it")
def test_what_cannot_be_written_whole_leaves_nothing(tmp_path: Path) -> None:
    import resource
    import signal

    before, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, before[1]))
    try:
        DiskCache(tmp_path, most_bytes=1 << 20).write("one", bytes(1 << 17))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)

    assert names(tmp_path) == []


def test_with_a_video_all_of_it_is_forgotten(tmp_path: Path, film: Film) -> None:
    with open_library(tmp_path) as library:
        film.write(library)
        shelf = library.storage.feature_cache(1000)
        assert shelf is not None
        shelf.write("model/picture", b"seen")
        assert library.facts().feature_bytes == 4

        assert not library.remove("nobody")
        assert shelf.read("model/picture") == b"seen"
        assert library.remove(film.content_id)

        assert library.facts().feature_bytes == 0
        assert library.verify() == ()


def test_a_library_open_to_be_read_has_it_to_be_read(tmp_path: Path, film: Film) -> None:
    with open_library(tmp_path) as library:
        film.write(library)
        shelf = library.storage.feature_cache(1000)
        assert shelf is not None
        shelf.write("model/picture", b"seen")
    with open_library(tmp_path, read_only=True) as library:
        shelf = library.storage.feature_cache(1000)
        assert shelf is not None
        shelf.write("model/other", b"seen")
        assert (shelf.read("model/picture"), shelf.read("model/other")) == (b"seen", None)
