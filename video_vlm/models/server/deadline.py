"""A deadline for one request, for everything it waits for: name resolution, connection, header and body."""

from __future__ import annotations

import socket
import threading
from collections.abc import Mapping
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

__all__ = ["Deadline"]


class Deadline:
    """Shuts a request's connection when its time is over; a context manager around the request.

    The client's own timeouts are of one read each, and a server that sends a byte now and then never meets
    one. Between such bytes nothing of ours runs, so the end comes from a thread beside.

    Args:
        seconds: How long the request may take.
    """

    def __init__(self, seconds: float) -> None:
        self.is_over = False
        self._sockets: list[socket.socket] = []
        self._lock = threading.Lock()
        self._timer = threading.Timer(max(seconds, 0.0), self._end)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self._timer.cancel()

    def heard(self, event: str, info: Mapping[str, Any]) -> None:
        """Notes the sockets that the client opens; it is httpx's extension ``trace``."""
        if not event.endswith(("connect_tcp.complete", "start_tls.complete")):
            return
        with self._lock:
            # TLS takes the socket over: the later one is the one that is read.
            self._sockets.append(info["return_value"].get_extra_info("socket"))
            if self.is_over:
                self._shut()

    def _end(self) -> None:
        with self._lock:
            self.is_over = True
            self._shut()

    def _shut(self) -> None:
        for one in self._sockets:
            with suppress(OSError):
                # Of a TLS socket too: its own would take the session away from under a read.
                socket.socket.shutdown(one, socket.SHUT_RDWR)
