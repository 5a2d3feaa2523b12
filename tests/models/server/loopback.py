"""A server on this machine that says, and breaks, what a test tells it to."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Says:
    """One answer of the server: its status, headers, and the pieces of its body; a number is a pause in
    seconds."""

    body: tuple[bytes | float, ...] = ()
    status: int = 200
    kind: str = "text/event-stream"
    headers: dict[str, str] = field(default_factory=dict)
    length: int | None = None
    """What it claims its body is long, in bytes."""


def event(text: str | None = None, *, finish: str | None = None) -> bytes:
    """One server-sent event of a streamed answer."""
    delta = {} if text is None else {"content": text}
    return f"data: {json.dumps({'choices': [{'delta': delta, 'finish_reason': finish}]})}\n\n".encode()


def streamed(*words: str) -> Says:
    """A whole streamed answer."""
    return Says((*map(event, words), event(finish="stop"), b"data: [DONE]\n\n"))


class Server(ThreadingHTTPServer):
    """Plays its answers in order, the last one for ever; keeps what it was asked."""

    def __init__(self, says: tuple[Says, ...]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.says = says
        self.asked: list[dict[str, Any]] = []
        self.keys: list[str | None] = []

    def handle_error(self, *_: object) -> None:
        """Whoever hangs up in the middle is part of the play."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        server = self.server
        assert isinstance(server, Server)
        says = server.says[min(len(server.asked), len(server.says) - 1)]
        server.asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        server.keys.append(self.headers["Authorization"])
        self.send_response(says.status)
        self.send_header("Content-Type", says.kind)
        for name, value in says.headers.items():
            self.send_header(name, value)
        if says.length is not None:
            self.send_header("Content-Length", str(says.length))
        self.end_headers()
        with suppress(OSError):
            for piece in says.body:
                if isinstance(piece, float):
                    time.sleep(piece)
                else:
                    self.wfile.write(piece)
                    self.wfile.flush()

    def log_message(self, *_: object) -> None:
        """Silent."""
