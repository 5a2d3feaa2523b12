"""A process of its own that reads videos, one after the other.

It is started anew (*spawned*), on every platform, and talks through one pipe: paths go in; progress, log
records and outcomes come back. It may be killed at any moment: what it wrote is a sound library. It never
outlives the process that started it.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from logging import LogRecord
from logging.handlers import QueueHandler
from multiprocessing.connection import Connection
from pathlib import Path
from queue import SimpleQueue
from typing import Literal, TypeAlias

from video_vlm.errors import ReaderLost, VideoQAError
from video_vlm.index.one_file import index_one
from video_vlm.index.report import IndexOutcome
from video_vlm.memory import open_library
from video_vlm.protocols import ImageTextEncoder, ProgressEvent
from video_vlm.settings import IndexSettings

__all__ = ["Message", "Worker", "WorkerSetup", "portable"]

Message: TypeAlias = ProgressEvent | LogRecord | IndexOutcome | VideoQAError | Literal["ready", "gone"]
"""What a worker says. An error is one that no other file would escape; ``"gone"`` is said for it when it has
ended."""

_LAST_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class WorkerSetup:
    """What a worker works with: where the library is, how videos are read, what is worth logging, and who
    sees."""

    library: Path | str
    settings: IndexSettings
    threads: int
    log_level: int
    sight: ImageTextEncoder | None = None


class Worker:
    """One process. ``path`` is the file it has in hand."""

    def __init__(self, desk: WorkerSetup) -> None:
        spawned = multiprocessing.get_context("spawn")
        self.connection, theirs = spawned.Pipe()
        self.path: Path | None = None
        self.is_ready = False
        self._process = spawned.Process(target=_work, args=(theirs, desk), name="videoqa-reader", daemon=True)
        with _interrupts_ignored():
            self._process.start()
        theirs.close()

    @property
    def is_idle(self) -> bool:
        return self.is_ready and self.path is None

    def give(self, path: Path) -> None:
        """Have it read a file; one that has died meanwhile is noticed when it is heard."""
        self.path = path
        with suppress(OSError):
            self.connection.send(path)

    def hear(self) -> Message:
        """The next thing it says. Waits for it."""
        try:
            message: Message = self.connection.recv()
        except (EOFError, OSError):
            return self._lost()
        if message == "ready":
            self.is_ready = True
        elif isinstance(message, IndexOutcome):
            self.path = None
        return message

    def stop(self) -> None:
        """End it, whatever it is doing. Stopping twice is fine."""
        self.connection.close()
        self._process.terminate()
        self._process.join(_LAST_SECONDS)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()

    def _lost(self) -> Message:
        self._process.join(_LAST_SECONDS)
        path, self.path = self.path, None
        if path is None:
            return "gone"
        return IndexOutcome(
            path, error=ReaderLost(path, f"{_how_it_ended(self._process.exitcode)}; index it by itself")
        )


def _how_it_ended(exit_code: int | None) -> str:
    if exit_code is not None and exit_code < 0:
        return f"the process reading it was ended by signal {-exit_code} (was there enough memory?)"
    return f"the process reading it ended with exit code {exit_code}"


@contextmanager
def _interrupts_ignored() -> Iterator[None]:
    """A process started meanwhile ignores Ctrl-C from its first moment: who started it will stop it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _work(connection: Connection, desk: WorkerSetup) -> None:
    """All that a worker process does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _log_to(connection, level=desk.log_level)
    with suppress(EOFError, BrokenPipeError, ConnectionResetError):
        try:
            _read_all(connection, desk)
        except VideoQAError as error:
            connection.send(error)


def _read_all(connection: Connection, desk: WorkerSetup) -> None:
    # Read when torch is loaded, which happens in here: each worker's tower keeps to the worker's cores.
    os.environ.setdefault("OMP_NUM_THREADS", str(desk.threads))
    with open_library(desk.library, sight=desk.sight) as library:
        connection.send("ready")
        while True:
            path = connection.recv()
            outcome = index_one(
                path, library, settings=desk.settings, progress=connection.send, threads=desk.threads
            )
            connection.send(portable(outcome))


def portable(outcome: IndexOutcome) -> IndexOutcome:
    """Errors of other packages may not survive the journey; their text does."""
    error = outcome.error
    is_plain = isinstance(error, OSError) and type(error).__module__ == "builtins"
    if error is None or is_plain or isinstance(error, VideoQAError):
        return outcome
    return IndexOutcome(outcome.path, error=RuntimeError(f"{type(error).__name__}: {error}"))


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


class _Forward(QueueHandler):
    """Sends log records home; where nobody listens any more they are lost."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(SimpleQueue())
        self._connection = connection

    def enqueue(self, record: LogRecord) -> None:
        with suppress(OSError):
            self._connection.send(record)


def _log_to(connection: Connection, *, level: int) -> None:
    logger = logging.getLogger("video_vlm")
    logger.setLevel(level)
    logger.addHandler(_Forward(connection))
    logger.propagate = False
