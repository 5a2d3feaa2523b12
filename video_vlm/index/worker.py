"""A process that reads videos, one after the other.

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
    """What a worker process needs: where the library is, the settings, the number of threads, the log level,
    and the image-text tower."""

    library: Path | str
    settings: IndexSettings
    threads: int
    log_level: int
    sight: ImageTextEncoder | None = None


class Worker:
    """One process that reads videos. ``path`` is the file it is reading."""

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
        """Gives the process a file to read. A process that has ended is noticed by :meth:`hear`."""
        self.path = path
        with suppress(OSError):
            self.connection.send(path)

    def hear(self) -> Message:
        """The next message of the process; waits for it. ``"gone"`` where the process ended without a
        file."""
        try:
            message: Message = self.connection.recv()
        except (EOFError, OSError):
            self._process.join(_LAST_SECONDS)
            path, self.path = self.path, None
            if path is None:
                return "gone"
            code = self._process.exitcode
            how = f"ended with exit code {code}"
            if code is not None and code < 0:
                how = f"was ended by signal {-code} (was there enough memory?)"
            why = f"the process reading it {how}; index it by itself"
            return IndexOutcome(path, error=ReaderLost(path, why))
        if message == "ready":
            self.is_ready = True
        elif isinstance(message, IndexOutcome):
            self.path = None
        return message

    def stop(self) -> None:
        """Ends the process, whatever it is doing. It may be called twice."""
        self.connection.close()
        self._process.terminate()
        self._process.join(_LAST_SECONDS)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()


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
    logger = logging.getLogger("video_vlm")
    logger.setLevel(desk.log_level)
    logger.addHandler(_Forward(connection))
    logger.propagate = False
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
    """The outcome with an error that can be pickled: errors of other packages become a RuntimeError with
    their text."""
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
    """Sends log records to the parent process; they are lost once it has closed the connection."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(SimpleQueue())
        self._connection = connection

    def enqueue(self, record: LogRecord) -> None:
        with suppress(OSError):
            self._connection.send(record)
