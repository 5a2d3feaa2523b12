"""Many files side by side: the same library as one by one, whatever happens to a file or to a process."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.batch import QUICKLY, draw, index
from video_vlm.errors import ReaderLost, UnknownName, UnreadableVideo
from video_vlm.index import IndexOutcome, index_many
from video_vlm.index.memory_estimate import OWN_BYTES, file_bytes, reader_bytes
from video_vlm.media.cpu_count import num_cores
from video_vlm.memory import open_library
from video_vlm.protocols import ProgressEvent
from video_vlm.settings import IndexSettings

Dumps = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def films(
    film: Path, write_video: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory
) -> list[Path]:
    """Four different films and a copy of one."""
    folder = tmp_path_factory.mktemp("films")
    chance = np.random.default_rng(0)
    made = [
        write_video(folder / f"{number}.mp4", [np.full((48, 64, 3), chance.integers(255), np.uint8)] * 40)
        for number in range(3)
    ]
    return [film, *made, Path(shutil.copy(film, folder / "copy.mp4"))]


@pytest.fixture(scope="module")
def one_by_one(films: list[Path], settings: IndexSettings, tmp_path_factory: pytest.TempPathFactory) -> Dumps:
    folder = tmp_path_factory.mktemp("one-by-one")
    with open_library(folder) as library:
        list(index_many(films, library, settings=settings, jobs=1))
    return dumps(folder)


def dumps(folder: Path) -> Dumps:
    """All that a library holds, once it is known to be sound."""
    with open_library(folder) as library:
        assert library.verify() == ()
        return {stored.video.content_id: library.dump(stored.video.content_id) for stored in library.videos()}


def failures(outcomes: list[IndexOutcome]) -> dict[str, Exception]:
    return {outcome.path.name: outcome.error for outcome in outcomes if outcome.error is not None}


def test_files_read_side_by_side_leave_the_library_they_leave_one_by_one(
    films: list[Path], settings: IndexSettings, one_by_one: Dumps, tmp_path: Path
) -> None:
    events: list[ProgressEvent] = []
    with open_library(tmp_path) as library:
        outcomes = list(index_many(films, library, settings=settings, progress=events.append, jobs=3))
    assert {outcome.path for outcome in outcomes} == set(films)
    assert failures(outcomes) == {}
    assert {event.path for event in events} == set(films)
    assert dumps(tmp_path) == one_by_one
    assert multiprocessing.active_children() == []


def test_a_bad_file_costs_only_itself(films: list[Path], settings: IndexSettings, tmp_path: Path) -> None:
    bad = tmp_path / "bad.mp4"
    bad.write_text("this is no video", encoding="utf-8")
    with open_library(tmp_path / "library") as library:
        outcomes = list(
            index_many([bad, films[1], tmp_path / "gone.mp4"], library, settings=settings, jobs=2)
        )
    assert {name: type(error) for name, error in failures(outcomes).items()} == {
        "bad.mp4": UnreadableVideo,
        "gone.mp4": UnreadableVideo,
    }
    assert len(dumps(tmp_path / "library")) == 1


def test_files_whose_processes_are_killed_are_named_and_the_others_are_read(
    films: list[Path], settings: IndexSettings, one_by_one: Dumps, tmp_path: Path
) -> None:
    killed: list[int | None] = []

    def kill_once(event: ProgressEvent) -> None:
        if not killed:
            for child in multiprocessing.active_children():
                child.kill()
                killed.append(child.pid)

    with open_library(tmp_path) as library:
        outcomes = list(index_many(films, library, settings=settings, progress=kill_once, jobs=2))
        lost = failures(outcomes)
        assert sorted(outcome.path for outcome in outcomes) == sorted(films)
        assert 1 <= len(lost) <= 2
        assert {type(error) for error in lost.values()} == {ReaderLost}
        assert library.verify() == ()
        list(index_many(films, library, settings=settings, jobs=2))
    assert dumps(tmp_path) == one_by_one


def test_an_interrupt_leaves_no_process_and_a_library_to_go_on_with(
    films: list[Path], settings: IndexSettings, one_by_one: Dumps, tmp_path: Path
) -> None:
    def interrupt(event: ProgressEvent) -> None:
        if event.done > 1.0:
            raise KeyboardInterrupt

    with open_library(tmp_path) as library:
        with pytest.raises(KeyboardInterrupt):
            list(index_many(films, library, settings=settings, progress=interrupt, jobs=2))
        assert multiprocessing.active_children() == []
        assert library.verify() == ()
        list(index_many(films, library, settings=settings, jobs=2))
    assert dumps(tmp_path) == one_by_one


def test_closing_stops_what_is_not_done(films: list[Path], settings: IndexSettings, tmp_path: Path) -> None:
    with open_library(tmp_path) as library:
        with contextlib.closing(index_many(films, library, settings=settings, jobs=2)) as outcomes:
            assert next(outcomes).error is None
        assert multiprocessing.active_children() == []


def test_what_is_known_needs_no_process(films: list[Path], settings: IndexSettings, tmp_path: Path) -> None:
    with open_library(tmp_path) as library:
        list(index_many(films[1:3], library, settings=settings, jobs=1))
        outcomes = index_many(films[1:3], library, settings=settings, jobs=2)
        for outcome in outcomes:
            assert outcome.report is not None
            assert outcome.report.reused
            assert multiprocessing.active_children() == []


@pytest.mark.parametrize("jobs", [1, 2])
def test_what_is_wrong_for_every_file_is_raised(films: list[Path], tmp_path: Path, jobs: int) -> None:
    with open_library(tmp_path) as library, pytest.raises(UnknownName, match="Did you mean 'look'"):
        list(index_many(films, library, settings=IndexSettings(observers=("lock",)), jobs=jobs))


def test_files_side_by_side_fit_the_memory_that_is_allowed(
    films: list[Path], settings: IndexSettings, one_by_one: Dumps, tmp_path: Path
) -> None:
    """Room for two processes, and for the pictures of the largest film, or of all the small ones."""
    sizes = {path: file_bytes(path, threads=max(1, num_cores() // 2)) for path in films}
    room = max(sizes.values())
    assert sum(sizes.values()) > 2 * room
    in_hand: set[Path] = set()
    taken = [0]

    def note(event: ProgressEvent) -> None:
        if event.path is not None:
            in_hand.add(event.path)
            taken.append(sum(sizes[path] for path in in_hand))

    allowed = OWN_BYTES + 2 * reader_bytes(settings, sees=False) + room
    with open_library(tmp_path) as library:
        for outcome in index_many(
            films, library, settings=settings, progress=note, jobs=2, memory_bytes=allowed
        ):
            in_hand.discard(outcome.path)
    assert max(taken) == room
    assert dumps(tmp_path) == one_by_one


def test_a_file_larger_than_the_memory_that_is_allowed_is_read_by_itself(
    films: list[Path], settings: IndexSettings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    allowed = OWN_BYTES + 2 * reader_bytes(settings, sees=False)
    with open_library(tmp_path) as library:
        outcomes = list(index_many(films[:2], library, settings=settings, jobs=2, memory_bytes=allowed))
    assert failures(outcomes) == {}
    assert caplog.text.count("it is read by itself") == 2


@pytest.mark.skipif(sys.platform != "linux", reason="memory and open files are read from /proc")
def test_many_files_and_some_broken_ones_give_results_and_reasons_and_nothing_grows(tmp_path: Path) -> None:
    """A small ``bench/batch.py``."""
    folder = tmp_path / "films"
    folder.mkdir()
    broken = draw(folder, 30, seed=1)
    run = index(folder, tmp_path / "library", "--jobs", "2", *QUICKLY)
    assert (run.code, run.num_read, sorted(run.reasons)) == (3, 27, broken)
    assert len(set(run.reasons.values())) == 3
    assert run.growth("num_files") <= 1.1
    assert run.growth("num_bytes") <= 1.2
    with open_library(tmp_path / "library") as library:
        assert library.verify() == ()
        assert len(library.videos()) == 27


def test_no_jobs_at_all_is_a_mistake(tmp_path: Path) -> None:
    with open_library(tmp_path) as library, pytest.raises(ValueError, match="at least 1"):
        list(index_many([], library, jobs=0))


def test_workers_do_not_outlive_a_parent_that_is_killed(films: list[Path], tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent(f"""
            import multiprocessing, os, signal
            from pathlib import Path
            from video_vlm.index import index_many
            from video_vlm.memory import open_library
            from video_vlm.settings import IndexSettings

            def die(event):
                print(*(child.pid for child in multiprocessing.active_children()), flush=True)
                os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))

            if __name__ == "__main__":
                films = [Path(name) for name in {[str(path) for path in films]!r}]
                with open_library(Path({str(tmp_path / "library")!r})) as library:
                    list(index_many(films, library, settings=IndexSettings(observers=()), progress=die, jobs=2))
        """),
        encoding="utf-8",
    )
    run = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=False)
    workers = [int(pid) for pid in run.stdout.split()]
    assert len(workers) == 2, run.stderr
    deadline = time.monotonic() + 60
    while any(is_alive(pid) for pid in workers) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(is_alive(pid) for pid in workers)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    status = Path(f"/proc/{pid}/stat")
    return not status.exists() or status.read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"


def _hear_ctrl_c() -> None:
    """A test run in the background of a shell inherits an ignored Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.skipif(sys.platform == "win32", reason="a console's Ctrl-C is another thing there")
def test_ctrl_c_stops_everything_at_once_and_says_so(films: list[Path], tmp_path: Path) -> None:
    """As a terminal sends it: to the command and its workers alike."""
    library = tmp_path / "library"
    command = [
        sys.executable,
        "-m",
        "video_vlm.cli",
        "--library",
        str(library),
        "--set",
        "index.observers=look",
    ]
    command += ["index", *map(str, films), "--jobs", "2", "--progress", "json"]
    with subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, start_new_session=True, preexec_fn=_hear_ctrl_c
    ) as run:
        assert run.stderr is not None
        said = [run.stderr.readline()]
        os.killpg(run.pid, signal.SIGINT)
        said += run.stderr.readlines()
    assert run.returncode == 130
    assert [line for line in said if not line.startswith("{")] == [
        "videoqa: interrupted; what was finished is kept\n"
    ]
    with open_library(library) as opened:
        assert opened.verify() == ()
