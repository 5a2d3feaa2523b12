"""Indexes many files, several at a time, each in a process of its own, so that one cannot harm the others.

Every worker writes to the same library, a transaction at a time, and a memory depends on its file and the
settings alone: in whatever order files are done, the library ends up the same.
"""

from __future__ import annotations

import hashlib
import logging
import math
import os
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from logging import LogRecord
from multiprocessing.connection import wait
from pathlib import Path

from video_vlm.errors import MediaError, ReaderLost, VideoQAError
from video_vlm.index.index_mode import IndexModes, index_modes
from video_vlm.index.known_video import add_meaning, known_report
from video_vlm.index.memory_estimate import OWN_BYTES, file_bytes, reader_bytes, reading_jobs
from video_vlm.index.one_file import index_one
from video_vlm.index.report import IndexOutcome, IndexReport
from video_vlm.index.worker import Worker, WorkerSetup
from video_vlm.media.cpu_count import num_cores
from video_vlm.memory import Library
from video_vlm.protocols import Progress, ProgressEvent, silent
from video_vlm.settings import IndexSettings

__all__ = ["default_jobs", "index_many", "resemblance"]

logger = logging.getLogger(__name__)

_MOST_JOBS = 8
_SNIFF_BYTES = 1 << 16
_MOST_FALSE_STARTS = 3


def default_jobs() -> int:
    """The default number of processes: one for each core, eight at most, because each holds the frames of a
    video in memory."""
    return min(num_cores(), _MOST_JOBS)


def index_many(
    paths: Iterable[Path],
    library: Library,
    *,
    settings: IndexSettings | None = None,
    progress: Progress = silent,
    jobs: int | None = None,
    memory_bytes: float | None = None,
) -> Generator[IndexOutcome]:
    """Index files side by side; gives an outcome for each as it is done. Close the iterator to stop early.

    A file that cannot be read, or that takes its process down, costs no other file anything.

    Args:
        paths: The files.
        library: Where the memories go.
        settings: The defaults if None.
        progress: Called with events of all files; their ``path`` says which.
        jobs: How many at a time; None for :func:`default_jobs`. With 1 they are read in this process, in
            order.
        memory_bytes: Fewer at a time where more would take more memory than this, as estimated from their
            headers. One is read always.

    Raises:
        VideoQAError: something that is wrong for every file, such as a full disk or an unknown observer.
    """
    settings = settings or IndexSettings()
    jobs = default_jobs() if jobs is None else jobs
    if jobs < 1:
        raise ValueError(f"jobs must be at least 1, got {jobs}")
    jobs = reading_jobs(memory_bytes, jobs, settings, sees=library.vectors.sight is not None)
    if jobs == 1:
        yield from (index_one(path, library, settings=settings, progress=progress) for path in paths)
        return
    unread, how = [], index_modes(settings, at_least=settings.speed)
    for path in paths:
        report = _known(path, library, how)
        if report is None or library.vectors.nodes_without(report.video.content_id):
            unread.append(path)
        else:
            add_meaning(library, report.video.content_id)
            yield IndexOutcome(path, report)
    if len(unread) == 1:
        yield index_one(unread[0], library, settings=settings, progress=progress)
    elif unread:
        jobs = min(jobs, len(unread))
        threads = max(1, num_cores() // jobs)
        tower = library.vectors.sight
        log_level = logging.getLogger("video_vlm").getEffectiveLevel()
        desk = WorkerSetup(library.storage.place, settings, threads, log_level, sight=tower)
        room = math.inf
        if memory_bytes is not None:
            room = memory_bytes - OWN_BYTES - jobs * reader_bytes(settings, sees=tower is not None)
        crew = _Crew(desk, library, progress=progress, num_workers=jobs, room_bytes=room)
        yield from crew.outcomes(unread)


def _known(path: Path, library: Library, how: IndexModes) -> IndexReport | None:
    """None for a file that cannot be read: a worker reports it, and the batch goes on."""
    try:
        return known_report(path, library, how)
    except (MediaError, OSError):
        return None


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A file that waits: the key that equal files share, and the bytes of memory it takes."""

    path: Path
    resembles: str
    num_bytes: int


class _Crew:
    """The workers, and what each has in hand. ``room_bytes`` is what all frames in hand may take
    together."""

    def __init__(
        self, desk: WorkerSetup, library: Library, *, progress: Progress, num_workers: int, room_bytes: float
    ) -> None:
        self._desk = desk
        self._library = library
        self._progress = progress
        self._num_workers = num_workers
        self._room_bytes = room_bytes
        self._waiting: list[_Waiting] = []
        self._in_hand: dict[Worker, _Waiting] = {}
        self._workers: list[Worker] = []
        self._false_starts = 0

    def outcomes(self, paths: Iterable[Path]) -> Iterator[IndexOutcome]:
        """The outcome of every file. However the iterator is left, the worker processes are ended."""
        for path in paths:
            # Headers are read only where there is a limit.
            is_limited = not math.isinf(self._room_bytes)
            num_bytes = file_bytes(path, threads=self._desk.threads) if is_limited else 0
            self._waiting.append(_Waiting(path, resemblance(path), num_bytes))
        try:
            self._workers += [Worker(self._desk) for _ in range(self._num_workers)]
            while self._waiting or self._in_hand:
                self._hand_out()
                ready = set(wait([worker.connection for worker in self._workers]))
                for worker in [one for one in self._workers if one.connection in ready]:
                    yield from self._hear(worker)
        finally:
            for worker in self._workers:
                worker.stop()

    def _hand_out(self) -> None:
        for worker in self._workers:
            if not worker.is_idle:
                continue
            one = self._next()
            if one is None:
                return
            self._waiting.remove(one)
            self._in_hand[worker] = one
            worker.give(one.path)

    def _next(self) -> _Waiting | None:
        """The first file that is no copy of one being read (two must not write the same memory at once) and
        that there is memory for; where none is being read there always is."""
        in_hand = {one.resembles for one in self._in_hand.values()}
        taken = sum(one.num_bytes for one in self._in_hand.values())
        for one in self._waiting:
            fits = taken + one.num_bytes <= self._room_bytes
            if one.resembles not in in_hand and (fits or not in_hand):
                if not fits:
                    logger.warning("%s may take more memory than is allowed: it is read by itself", one.path)
                return one
        return None

    def _hear(self, worker: Worker) -> Iterator[IndexOutcome]:
        said = worker.hear()
        if isinstance(said, ProgressEvent):
            self._progress(said)
        elif isinstance(said, LogRecord):
            logging.getLogger(said.name).handle(said)
        elif isinstance(said, VideoQAError):
            raise said
        elif isinstance(said, IndexOutcome):
            del self._in_hand[worker]
            if isinstance(said.error, ReaderLost):
                self._replace(worker)
            elif said.report is not None:
                self._library.vectors.embed(said.report.video.content_id)
            yield said
        elif said == "gone":
            self._false_starts += not worker.is_ready
            if self._false_starts >= _MOST_FALSE_STARTS:
                raise VideoQAError(
                    "the processes that read videos side by side end as soon as they are started: "
                    "in a script, call index_many under `if __name__ == '__main__':`, "
                    "or read one after the other (jobs=1)"
                )
            self._replace(worker)

    def _replace(self, worker: Worker) -> None:
        worker.stop()
        self._workers[self._workers.index(worker)] = Worker(self._desk)


def resemblance(path: Path) -> str:
    """A key that is equal for equal files and rarely for others: size in bytes, beginning and end."""
    try:
        if not path.is_file():
            return str(path)
        with path.open("rb") as file:
            head = file.read(_SNIFF_BYTES)
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - _SNIFF_BYTES))
            return f"{size} {hashlib.blake2b(head + file.read(), digest_size=16).hexdigest()}"
    except OSError:
        return str(path)
