"""A server on this machine that sends bytes as they are, well-formed or not, and may go on for ever."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Self

__all__ = ["Drip", "Raw"]


@dataclass(frozen=True)
class Drip:
    """These bytes again and again, each time after a pause, until nobody listens any more."""

    data: bytes
    pause_seconds: float = 0.05


class Raw:
    """Answers every request with the same bytes; a context manager.

    Args:
        script: What is sent, in order.
        reads: Whether requests are read at all.
        in_turn: Each part of the script answers one request, the last one all that follow.
    """

    def __init__(self, script: Iterable[bytes | Drip], *, reads: bool = True, in_turn: bool = False) -> None:
        self._script = tuple(script)
        self._in_turn = in_turn
        self._reads = reads
        self._stopped = threading.Event()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/v1"
        self.num_asked = 0

    def __enter__(self) -> Self:
        threading.Thread(target=self._listen, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self._stopped.set()
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _listen(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            last = min(self.num_asked, len(self._script) - 1)
            script = self._script[last : last + 1] if self._in_turn else self._script
            self.num_asked += 1
            threading.Thread(target=self._answer, args=(connection, script), daemon=True).start()

    def _answer(self, connection: socket.socket, script: Iterable[bytes | Drip]) -> None:
        with connection, suppress(OSError):
            if not self._reads:
                self._stopped.wait()
                return
            _read_request(connection)
            for part in script:
                if isinstance(part, bytes):
                    connection.sendall(part)
                    continue
                while not self._stopped.wait(part.pause_seconds):
                    connection.sendall(part.data)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(1 << 16):  # else what was sent may be lost with what was not read
                pass


def _read_request(connection: socket.socket) -> None:
    connection.settimeout(10)
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(1 << 16)
    head, _, body = data.partition(b"\r\n\r\n")
    length = next(
        int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")
    )
    while len(body) < length:
        body += connection.recv(1 << 16)
