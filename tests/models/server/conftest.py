"""A server on this machine, started for one test."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest

from tests.models.server.loopback import Says, Server


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    """``serve(*answers)``: a running server that plays them."""
    servers: list[Server] = []

    def start(*says: Says) -> Server:
        servers.append(Server(says))
        threading.Thread(
            target=servers[-1].serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        ).start()
        return servers[-1]

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()
