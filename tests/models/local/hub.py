"""A hub of one model on this machine, for what fetches models."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final
from urllib.parse import unquote

__all__ = ["COMMIT", "Hub"]

COMMIT: Final = "c" * 40


class Hub(ThreadingHTTPServer):
    """Serves the files of ``owner/tiny``, and refuses ``owner/gated`` until a licence is accepted."""

    daemon_threads = True

    def __init__(self, files: Mapping[str, bytes]) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.files = files
        self.fetched: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Answer(BaseHTTPRequestHandler):
    server: Hub

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def log_message(self, *_: object) -> None:
        pass

    def _answer(self, *, body: bool) -> None:
        path = unquote(self.path.split("?")[0])
        if "/owner/gated" in path:
            return self._send(403, b"{}", {"X-Error-Code": "GatedRepo"})
        if "/owner/tiny" not in path:
            return self._send(404, b"{}", {"X-Error-Code": "RepoNotFound"})
        if "/tree/" in path:
            tree = [
                {"type": "file", "path": name, "size": len(data), "oid": hashlib.sha1(data).hexdigest()}
                for name, data in self.server.files.items()
            ]
            return self._send(200, json.dumps(tree).encode())
        if path.startswith("/api/"):
            siblings = [{"rfilename": name} for name in self.server.files]
            about = {"id": "owner/tiny", "modelId": "owner/tiny", "sha": COMMIT, "siblings": siblings}
            return self._send(200, json.dumps(about).encode())
        name = path.split(f"/resolve/{COMMIT}/")[-1]
        data = self.server.files[name]
        if body:
            self.server.fetched.append(name)
        tag = hashlib.sha256(data).hexdigest()
        return self._send(200, data, {"ETag": f'"{tag}"', "X-Repo-Commit": COMMIT}, body=body)

    def _send(
        self, code: int, data: bytes, headers: Mapping[str, str] | None = None, *, body: bool = True
    ) -> None:
        self.send_response(code)
        self.send_header("Content-Length", str(len(data)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        if body:
            self.wfile.write(data)
