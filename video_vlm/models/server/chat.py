"""A model behind a server, as a :class:`~video_vlm.chat.ChatModel`."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from video_vlm.chat import Tool, Turn
from video_vlm.errors import MissingExtra, ModelError
from video_vlm.models.server.reply import MOST_BYTES, complaint, pieces, pieces_of_whole
from video_vlm.models.server.wire import estimated_tokens, request

__all__ = ["ServerChat", "ServerSettings", "open_ollama", "open_server"]

_OPENAI = "https://api.openai.com/v1"
_OLLAMA = "http://127.0.0.1:11434"
_AGAIN = frozenset({408, 409, 425, 429, 500, 502, 503, 504})
_UNKNOWN = frozenset({400, 404, 422})
"""What servers say to a ``response_format`` they do not know."""


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """How a server is talked to. ``api_key`` never appears in messages."""

    api_key: str | None = None
    connect_seconds: float = 10.0
    read_seconds: float = 120.0
    """The longest silence."""
    answer_seconds: float = 600.0
    """The longest answer, however it drips."""
    num_tries: int = 4
    first_wait_seconds: float = 1.0
    """Before the second try; it doubles from there, unless the server says when."""
    longest_wait_seconds: float = 60.0
    max_side: int = 768
    """Pictures are sent no larger, in pixels."""
    max_pictures: int = 32
    picture_tokens: int = 1100
    """What a picture of that size costs at most."""
    context_tokens: int = 32_768
    max_parallel: int = 4
    """How many questions it is asked at a time where there are many."""


class ServerChat:
    """One model of one server. Thread-safe: every answer is a connection of its own.

    Args:
        name: The model, as the server calls it.
        url: The address up to and with ``/v1``.
        settings: How it is talked to.
        label: What stands on receipts.
        wait: Sleeps; given in tests.
    """

    def __init__(
        self,
        name: str,
        url: str,
        *,
        settings: ServerSettings | None = None,
        label: str | None = None,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self._model = name
        self._url = url.rstrip("/")
        self._settings = settings or ServerSettings()
        self._wait = wait
        self._knows_schemas = True
        self.calls_tools = True
        self.name = label or f"openai:{name}@{self._url}"

    @property
    def max_pictures(self) -> int:
        return self._settings.max_pictures

    @property
    def max_parallel(self) -> int:
        return self._settings.max_parallel

    @property
    def context_tokens(self) -> int:
        return self._settings.context_tokens

    def num_tokens(self, turns: Sequence[Turn]) -> int:
        return estimated_tokens(turns, picture_tokens=self._settings.picture_tokens)

    def num_call_tokens(self, turns: Sequence[Turn], *, tools: Sequence[Tool]) -> int:
        """See :meth:`video_vlm.chat.CallsTools.num_call_tokens`."""
        return estimated_tokens(turns, picture_tokens=self._settings.picture_tokens, tools=tools)

    def stream(
        self, turns: Sequence[Turn], *, max_tokens: int = 1024, schema: Mapping[str, Any] | None = None
    ) -> Iterator[str]:
        """See :meth:`video_vlm.chat.ChatModel.stream`. What was not answered yet is asked again, a few times.

        Raises:
            ModelError: the server cannot be reached, refuses, or says what is no answer.
        """
        held = schema if self._knows_schemas else None
        try:
            yield from self._asked(self._request(turns, max_tokens, schema=held))
        except _Refused:
            self._knows_schemas = False
            yield from self._asked(self._request(turns, max_tokens))

    def stream_call(self, turns: Sequence[Turn], *, tools: Sequence[Tool], max_tokens: int = 1024) -> Iterator[str]:
        """See :meth:`video_vlm.chat.CallsTools.stream_call`.

        Raises:
            ModelError: as of :meth:`stream`.
        """
        try:
            yield from self._asked(self._request(turns, max_tokens, tools=tools))
        except _Refused:
            self.calls_tools = False

    def _request(self, turns: Sequence[Turn], max_tokens: int, **more: Any) -> dict[str, Any]:
        return request(self._model, turns, max_side=self._settings.max_side, max_tokens=max_tokens, **more)

    def _asked(self, body: Mapping[str, Any]) -> Iterator[str]:
        for attempt in range(self._settings.num_tries):
            try:
                yield from self._answer(body)
            except _TryAgain as again:
                if attempt + 1 == self._settings.num_tries:
                    raise ModelError(f"{again} ({self._settings.num_tries} tries)") from again
                self._wait(
                    again.seconds if again.seconds is not None else self._settings.first_wait_seconds * 2**attempt
                )
            else:
                return

    def _answer(self, body: Mapping[str, Any]) -> Iterator[str]:
        httpx2 = _httpx()
        timeout = httpx2.Timeout(self._settings.read_seconds, connect=self._settings.connect_seconds)
        url = f"{self._url}/chat/completions"
        try:
            with (
                httpx2.Client(timeout=timeout, follow_redirects=False) as client,
                client.stream("POST", url, json=body, headers=self._headers()) as response,
            ):
                self._check(response, body)
                yield from self._pieces(response)
        except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
            raise _TryAgain(f"{self._url} cannot be reached: is the server running?", None) from error
        except httpx2.TimeoutException as error:
            silence = self._settings.read_seconds
            raise ModelError(
                f"{self._url} said nothing for {silence:.0f} s; a smaller model or picture is faster"
            ) from error
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise ModelError(
                f"{self._url} broke off: {' '.join(str(error).split()) or type(error).__name__}"
            ) from error

    def _pieces(self, response: Any) -> Iterator[str]:
        kind = response.headers.get("content-type", "").partition(";")[0].strip()
        if kind == "text/event-stream":
            yield from pieces(self._lines(response), where=self._url)
        elif kind == "application/json":
            yield from pieces_of_whole(_body(response), where=self._url)
        else:
            raise ModelError(f"{self._url} answered with {kind or 'nothing'}; is this the address up to /v1?")

    def _lines(self, response: Any) -> Iterator[str]:
        """Lines as they come; neither one that never ends nor one that never comes is waited for."""
        until, size, rest = time.monotonic() + self._settings.answer_seconds, 0, b""
        for chunk in response.iter_bytes():
            size += len(chunk)
            if size > MOST_BYTES:
                raise ModelError(_too_much(self._url))
            if time.monotonic() > until:
                raise ModelError(
                    f"{self._url} was not done after {self._settings.answer_seconds:.0f} s; it was cut off"
                )
            *whole, rest = (rest + chunk).split(b"\n")
            yield from (line.decode("utf-8", errors="replace").rstrip("\r") for line in whole)
        yield rest.decode("utf-8", errors="replace")

    def _check(self, response: Any, body: Mapping[str, Any]) -> None:
        """Raises what a status other than 200 means."""
        status = response.status_code
        if status == 200:
            return
        if 300 <= status < 400:
            raise ModelError(
                f"{self._url} sends on to {response.headers.get('location', 'nowhere')}; give that address"
            )
        said = _said(_body(response))
        if status in (401, 403):
            raise ModelError(f"{self._url} refused the key ({said}); set OPENAI_API_KEY")
        if "response_format" in body and status in _UNKNOWN and "response_format" in said:
            raise _Refused
        if "tools" in body and "tool" in said.lower():
            raise _Refused
        if status == 404:
            raise ModelError(f"{self._url} knows no model {self._model}, or is not the address up to /v1: {said}")
        if status in _AGAIN:
            raise _TryAgain(f"{self._url} answered {status}: {said}", self._retry_after(response))
        raise ModelError(f"{self._url} answered {status}: {said}")

    def _retry_after(self, response: Any) -> float | None:
        """Seconds the server asks for, where it does so in numbers; no longer than is bearable."""
        try:
            seconds = float(response.headers.get("retry-after", ""))
        except ValueError:
            return None
        return min(max(seconds, 0.0), self._settings.longest_wait_seconds)

    def _headers(self) -> dict[str, str]:
        key = self._settings.api_key
        return {"Accept": "text/event-stream", **({"Authorization": f"Bearer {key}"} if key else {})}


class _TryAgain(Exception):
    """The same may work a little later: after ``seconds``, where the server said."""

    def __init__(self, message: str, seconds: float | None) -> None:
        super().__init__(message)
        self.seconds = seconds


class _Refused(Exception):
    """The server, or its model, knows no schemas or no tools."""


def open_server(target: str, *, settings: ServerSettings | None = None) -> ServerChat:
    """The model that ``NAME@URL`` names; ``NAME`` alone is one of OpenAI's own. The key is ``OPENAI_API_KEY``.

    Raises:
        MissingExtra: there is nothing to talk HTTP with.
        ModelError: the target is not of that form.
    """
    _httpx()
    name, at, url = target.rpartition("@")
    name, url = (name, url) if at else (url, _OPENAI)
    if not name or not url.startswith(("http://", "https://")):
        raise ModelError(f"openai:{target} names no server; write openai:MODEL@http://HOST:PORT/v1")
    return ServerChat(name, url, settings=settings or ServerSettings(api_key=os.environ.get("OPENAI_API_KEY")))


def open_ollama(name: str, *, settings: ServerSettings | None = None) -> ServerChat:
    """A model of the Ollama that runs here, or where ``OLLAMA_HOST`` says.

    Raises:
        MissingExtra: there is nothing to talk HTTP with.
        ModelError: no name was given.
    """
    _httpx()
    if not name:
        raise ModelError("ollama: names no model; write ollama:NAME, as `ollama list` has it")
    host = os.environ.get("OLLAMA_HOST") or _OLLAMA
    host = host if "://" in host else f"http://{host}"
    return ServerChat(name, f"{host.rstrip('/')}/v1", settings=settings, label=f"ollama:{name}")


def _httpx() -> Any:
    try:
        import httpx2
    except ImportError as error:
        raise MissingExtra("talking to a server", "server") from error
    return httpx2


def _body(response: Any) -> str:
    """Read up to the limit: nobody says that an error is short."""
    data = bytearray()
    for chunk in response.iter_bytes():
        data += chunk
        if len(data) > MOST_BYTES:
            raise ModelError(_too_much(str(response.url.host)))
    return data.decode("utf-8", errors="replace")


def _too_much(where: str) -> str:
    return f"{where} sent more than {MOST_BYTES >> 20} MB for one answer; it was cut off"


def _said(body: str) -> str:
    try:
        return complaint(json.loads(body))
    except ValueError:
        return " ".join(body.split())[:120] or "no reason given"
