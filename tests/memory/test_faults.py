"""A disk that is full, or fails, at any write: what was committed stays, nothing half-written is seen, work
goes on."""

from __future__ import annotations

import errno
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bench.faults import Faults, Kind, NoFaults, faults
from tests.mounts import run_mounted
from video_vlm.errors import LibraryError, NotIndexed
from video_vlm.memory import Library, StoredLook, open_library, repair_library
from video_vlm.records import Level, Observation, ObservationKind, Span

if TYPE_CHECKING:
    from tests.memory.conftest import CharacterGrams, Film

QUESTION = "is there a cat?"
SEEN = Observation(Span(1, 2), ObservationKind.SCREEN_TEXT, "a cat crosses", "screen-text", 0.9)
LOOK = StoredLook("screen-text", "v1", QUESTION, "close look", 640, (Span(1, 2),), (SEEN,))


@pytest.fixture(scope="module")
def disk() -> Iterator[Faults]:
    try:
        with faults() as made:
            yield made
    except NoFaults as error:
        pytest.skip(str(error))


@dataclass
class Work:
    """Everything that writes, over a short film; ``done`` is what was said to be on the disk."""

    film: Film
    encoder: CharacterGrams
    done: list[str] = field(default_factory=list)

    def __call__(self, folder: Path) -> None:
        with open_library(folder, encoder=self.encoder) as library:
            self.on(library)

    def on(self, library: Library) -> None:
        build = self.film.start(library)
        if not build.complete:
            for until in range(1, len(self.film.lines) + 1):
                self.film.go_on(build, until=until)
                self.done.append(f"segment {until}")
            self.film.finish(build)
        self.done.append("finished")
        if not library.looks.of("film"):
            library.looks.keep("film", [LOOK])
        self.done.append("looked")
        library.vectors.embed()
        assert library.search("cat")


@pytest.fixture
def work(film: Film, encoder: CharacterGrams) -> Work:
    film = type(film)(lines=film.lines[:1])
    return Work(film, type(encoder)(dimension=16))


def everything(folder: Path) -> tuple[dict[str, Any], tuple[tuple[str, tuple[Observation, ...]], ...]]:
    with open_library(folder) as library:
        assert library.verify() == ()
        return library.dump("film"), tuple(
            (one.question, one.observations) for one in library.looks.of("film")
        )


def check_kept(folder: Path, done: list[str]) -> None:
    """Sound right after the fault, with all that was said to be done."""
    with open_library(folder) as library:
        assert library.verify() == ()
        try:
            memory = library.memory("film")
        except NotIndexed:
            assert done == []
            return
        assert len(memory.nodes(Level.SEGMENT)) >= sum(one.startswith("segment") for one in done)
        assert memory.stored.complete or "finished" not in done
        assert library.looks.of("film") or "looked" not in done


def fresh(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    return folder


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Path]:
    """In memory where this machine has a folder there: some hundred libraries are made and synced."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else tmp_path) as folder:
        yield Path(folder)


@pytest.fixture
def num_writes(disk: Faults, work: Work, shelf: Path) -> int:
    disk.arm(-1, "EIO")
    work(shelf / "count")
    disk.disarm()
    work.done.clear()
    return disk.count


def test_a_disk_that_fails_at_any_write_loses_nothing_that_was_committed(
    disk: Faults, work: Work, num_writes: int, shelf: Path
) -> None:
    """Full from every other write on, failing once at those between; ``bench/survival.py`` does it to whole
    runs."""
    work(shelf / "straight")
    truth = everything(shelf / "straight")
    assert num_writes > 50
    for at in range(num_writes):
        kind: Kind = "EIO" if at % 2 else "ENOSPC"
        work.done.clear()
        disk.arm(at, kind, stays=kind == "ENOSPC")
        folder = fresh(shelf / "library")
        try:
            work(folder)
        except LibraryError as error:
            assert "\n" not in str(error)  # noqa: PT017 - the fault may also have harmed nothing
        finally:
            disk.disarm()
        assert disk.happened
        check_kept(folder, work.done)
        work(folder)
        assert everything(folder) == truth, f"{kind} at write {at}"


def test_an_open_library_goes_on_once_there_is_room(
    disk: Faults, work: Work, num_writes: int, shelf: Path
) -> None:
    work(shelf / "straight")
    truth = everything(shelf / "straight")
    for at in range(0, num_writes, 7):
        with open_library(fresh(shelf / "library"), encoder=work.encoder) as library:
            disk.arm(at, "ENOSPC")
            try:
                work.on(library)
            except LibraryError:
                pass
            finally:
                disk.disarm()
            work.on(library)
        assert everything(shelf / "library") == truth, f"at write {at}"


def test_a_full_disk_is_told_from_a_broken_one(disk: Faults, work: Work, tmp_path: Path) -> None:
    said = {}
    for kind in ("ENOSPC", "EIO"):
        with open_library(fresh(tmp_path / "library")) as library:
            disk.arm(0, kind)
            with pytest.raises(LibraryError) as caught:
                work.on(library)
            disk.disarm()
            said[kind] = str(caught.value)
    assert "the disk is full" in said["ENOSPC"]
    assert "the disk failed" in said["EIO"]
    assert all("go on" in text for text in said.values())


def test_a_repair_that_fails_leaves_the_library_as_it_was(disk: Faults, work: Work, tmp_path: Path) -> None:
    folder = tmp_path / "library"
    work(folder)
    path = folder / "library.sqlite3"
    damaged = path.read_bytes().replace(b"a cat crosses", b"a rat crosses")
    path.write_bytes(damaged)
    for at in range(0, 400, 7):
        disk.arm(at, "ENOSPC", stays=True)
        try:
            made = repair_library(folder)
        except LibraryError as error:
            assert "\n" not in str(error)  # noqa: PT017 - it may have been through already
            assert path.read_bytes() == damaged
            assert not list(folder.glob(".repair*"))
            continue
        finally:
            disk.disarm()
        assert made.num_lost_looks == 1
        break
    else:
        pytest.fail("the repair never went through")
    assert at > 20
    with open_library(folder) as library:
        assert library.verify() == ()


class Refusing:
    """One step of a file's way to the disk, which fails."""

    def __init__(self, error: int) -> None:
        self.error = error

    def __call__(self, *_: object, **__: object) -> Any:
        raise OSError(self.error, os.strerror(self.error))


@pytest.mark.parametrize("step", ["tempfile.mkstemp", "os.fdopen", "os.fsync", "pathlib.Path.replace"])
def test_an_index_that_cannot_be_written_costs_nothing_but_itself(
    work: Work, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "library"
    work(folder)
    with open_library(folder, encoder=work.encoder) as library:
        found = library.search("cat")
    for error in (errno.ENOSPC, errno.EIO):
        for file in (folder / "vectors").iterdir():
            file.unlink()
        with open_library(folder, encoder=work.encoder) as library, monkeypatch.context() as broken:
            broken.setattr(step, Refusing(error))
            assert library.search("cat") == found
        assert "the search index stays in memory" in caplog.text
        assert [one.name for one in (folder / "vectors").iterdir() if one.suffix != ".faiss"] == []
    assert everything(folder)


TINY = """
import os, sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from conftest import CharacterGrams, Film
from video_vlm.errors import LibraryError
from video_vlm.memory import open_library
from video_vlm.records import Level
place = Path({place!r})
film = Film(lines=tuple(f"line {{number}}" for number in range(200)))
try:
    with open_library(place / "library", encoder=CharacterGrams(dimension=64)) as library:
        film.write(library)
except LibraryError as error:
    print("library:", error)
(place / "ballast").unlink()
with open_library(place / "library", encoder=CharacterGrams(dimension=64)) as library:
    print("problems:", library.verify())
    before = len(library.memory("film").nodes(Level.SEGMENT))
    film.write(library)
    print("went on:", 0 < before < 200, library.memory("film").stored.complete)
    print("found:", library.search("line")[0].text.startswith("line"))
    print("problems:", library.verify())
"""


@pytest.mark.parametrize("kilobytes", [250, 400, 600])
def test_a_file_system_that_is_really_full(tmp_path: Path, kilobytes: int) -> None:
    ballast = f"(Path({str(tmp_path)!r}) / 'ballast').write_bytes(bytes({(8000 - kilobytes) * 1000}))"
    script = f"from pathlib import Path\n{ballast}\n" + TINY.format(
        tests=str(Path(__file__).parent), place=str(tmp_path)
    )
    run = run_mounted([sys.executable, "-c", script], tmp_path, "size=8000k")
    lines = run.stdout.splitlines()
    assert "the disk is full" in (lines or [""])[0], run.stderr
    assert lines[1:] == ["problems: ()", "went on: True True", "found: True", "problems: ()"], (
        run.stdout + run.stderr
    )
