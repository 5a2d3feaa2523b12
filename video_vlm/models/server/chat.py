"""A model behind a server, as a :class:`~video_vlm.chat.ChatModel`."""

from __future__ import annotations

import math
import os
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from video_vlm.chat import Tool, Turn
from video_vlm.errors import MissingExtra, ModelError
from video_vlm.models.server.deadline import Deadline
from video_vlm.models.server.endpoint import Endpoint, usable_key
from video_vlm.models.server.reply import MOST_BYTES, complaint, pieces, pieces_of_whole, shortened
from video_vlm.models.server.wire import estimated_tokens, request
from video_vlm.models.tool_protocol import parsed
from video_vlm.redaction import unsplit, without_login
from video_vlm.settings import AskSettings

__all__ = ["ServerChat", "ServerSettings", "open_ollama", "open_server", "server_settings"]

_OPENAI = "https://api.openai.com/v1"
_OLLAMA = "http://127.0.0.1:11434"
_AGAIN = frozenset({408, 409, 425, 429, 500, 502, 503, 504})
_UNKNOWN = frozenset({400, 404, 422})
"""What servers say to a ``response_format`` they do not know."""
_LETTERS_PER_TOKEN = 64
_LEAST_LETTERS = 1 << 16
"""A turn longer than so many letters for each token that was asked for is no turn: no tokenizer has such
tokens on average. Some servers count a model's thoughts apart, so a short turn may have as many letters as
one of 1024 tokens."""


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """Timeouts in seconds, tries and limits of one server. ``api_key`` never appears in messages."""

    api_key: str | None = field(default=None, repr=False)
    connect_seconds: float = 10.0
    read_seconds: float = 120.0
    """The longest silence."""
    answer_seconds: float = 600.0
    """The longest answer, from the question on, with all tries and however it drips."""
    num_tries: int = 4
    first_wait_seconds: float = 1.0
    """Before the second try; it doubles from there, unless the server says when."""
    longest_wait_seconds: float = 60.0
    max_side: int = 768
    """Pictures are sent no larger, in pixels."""
    max_images: int = 32
    image_tokens: int = 1100
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

    Raises:
        ModelError: the address or the key is none.
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
        self._endpoint = Endpoint.parse(url)
        self._url = self._endpoint.shown
        self._settings = settings or ServerSettings()
        self._key = usable_key(self._settings.api_key)
        self._wait = wait
        self._knows_schemas = True
        self.calls_tools = True
        self.name = label or f"openai:{name}@{self._url}"

    @property
    def max_images(self) -> int:
        return self._settings.max_images

    @property
    def max_parallel(self) -> int:
        return self._settings.max_parallel

    @property
    def context_tokens(self) -> int:
        return self._settings.context_tokens

    def num_tokens(self, turns: Sequence[Turn]) -> int:
        return estimated_tokens(turns, image_tokens=self._settings.image_tokens)

    def num_call_tokens(self, turns: Sequence[Turn], *, tools: Sequence[Tool]) -> int:
        """See :meth:`video_vlm.chat.CallsTools.num_call_tokens`."""
        return estimated_tokens(turns, image_tokens=self._settings.image_tokens, tools=tools)

    def stream(
        self, turns: Sequence[Turn], *, max_tokens: int = 1024, schema: Mapping[str, Any] | None = None
    ) -> Iterator[str]:
        """See :meth:`video_vlm.chat.ChatModel.stream`. A request that failed before the first words is sent
        again, a few times.

        Raises:
            ModelError: the server cannot be reached, refuses, or says what is no answer.
        """
        held = schema if self._knows_schemas else None
        try:
            yield from self._asked(self._request(turns, max_tokens, schema=held))
        except _Refused:
            self._knows_schemas = False
            yield from self._asked(self._request(turns, max_tokens))

    def stream_call(
        self, turns: Sequence[Turn], *, tools: Sequence[Tool], max_tokens: int = 1024
    ) -> Iterator[str]:
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
        until = time.monotonic() + self._settings.answer_seconds
        most = max(_LEAST_LETTERS, _LETTERS_PER_TOKEN * int(body["max_tokens"]))
        for attempt in range(self._settings.num_tries):
            try:
                yield from self._bounded(unsplit(self._answer(body, until)), most)
            except _TryAgain as again:
                wait = (
                    self._settings.first_wait_seconds * 2**attempt if again.seconds is None else again.seconds
                )
                if attempt + 1 == self._settings.num_tries or time.monotonic() + wait > until:
                    raise ModelError(f"{again} ({attempt + 1} tr{'ies' if attempt else 'y'})") from again
                self._wait(wait)
            else:
                return

    def _bounded(self, pieces: Iterator[str], most: int) -> Iterator[str]:
        num_letters = 0
        for piece in pieces:
            num_letters += len(piece)
            if num_letters > most:
                raise ModelError(
                    f"{self._url} wrote more than {most} letters in one turn; the model has lost its thread"
                )
            yield piece

    def _answer(self, body: Mapping[str, Any], until: float) -> Iterator[str]:
        httpx2 = _httpx()
        timeout = httpx2.Timeout(self._settings.read_seconds, connect=self._settings.connect_seconds)
        with Deadline(until - time.monotonic()) as deadline:
            try:
                with (
                    httpx2.Client(
                        timeout=timeout, follow_redirects=False, auth=self._endpoint.login
                    ) as client,
                    client.stream(
                        "POST",
                        self._endpoint.call("chat/completions"),
                        json=body,
                        headers=self._headers(),
                        extensions={"trace": deadline.heard},
                    ) as response,
                ):
                    self._check(response, body)
                    yield from self._pieces(response)
            except (httpx2.HTTPError, httpx2.InvalidURL, ModelError, _TryAgain, _Refused) as error:
                # A connection that was shut looks like an answer that ended, too.
                if deadline.is_over:
                    raise ModelError(
                        f"{self._url} was not done after {self._settings.answer_seconds:g} s; it was cut off "
                        "(a smaller model is faster, ask.answer_seconds allows more)"
                    ) from error
                raise self._named(error) from error

    def _named(self, error: Exception) -> Exception:
        """What an error of the connection means; ours are named already."""
        httpx2 = _httpx()
        if isinstance(error, ModelError | _TryAgain | _Refused):
            return error
        if isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout):
            return _TryAgain(f"{self._url} cannot be reached: is the server running?", None)
        if isinstance(error, httpx2.TimeoutException):
            return ModelError(
                f"{self._url} said nothing for {self._settings.read_seconds:g} s; "
                "a smaller model or picture is faster"
            )
        return ModelError(f"{self._url} broke off: {shortened(str(error)) or type(error).__name__}")

    def _pieces(self, response: Any) -> Iterator[str]:
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind == "text/event-stream":
            yield from pieces(self._lines(response), where=self._url)
        elif kind == "application/json":
            yield from pieces_of_whole(self._body(response), where=self._url)
        else:
            raise ModelError(
                f"{self._url} answered with {shortened(kind, 80) or 'nothing'}; "
                "is this the address up to /v1?"
            )

    def _lines(self, response: Any) -> Iterator[str]:
        """Lines as they come; neither one that never ends nor one that never comes is waited for."""
        rest = b""
        for chunk in self._chunks(response):
            *whole, rest = (rest + chunk).split(b"\n")
            yield from (line.decode("utf-8-sig", errors="replace").rstrip("\r") for line in whole)
        yield rest.decode("utf-8-sig", errors="replace")

    def _body(self, response: Any) -> str:
        """The body as text, read up to the limit: an error may be long, too."""
        return b"".join(self._chunks(response)).decode("utf-8-sig", errors="replace")

    def _chunks(self, response: Any) -> Iterator[bytes]:
        """The body as it was sent: compressed it may be a thousand times longer than it looks."""
        coding = response.headers.get("content-encoding", "identity").strip().lower()
        if coding not in ("", "identity"):
            raise ModelError(
                f"{self._url} sends its answers compressed ({shortened(coding, 40)}) unasked; "
                "turn that off there"
            )
        size = 0
        for chunk in response.iter_raw():
            size += len(chunk)
            if size > MOST_BYTES:
                raise ModelError(
                    f"{self._url} sent more than {MOST_BYTES >> 20} MB for one answer; it was cut off"
                )
            yield chunk

    def _check(self, response: Any, body: Mapping[str, Any]) -> None:
        """Raises what a status other than 200 means."""
        status = response.status_code
        if status == 200:
            return
        if 300 <= status < 400:
            raise ModelError(
                f"{self._url} sends on to {shortened(response.headers.get('location', 'nowhere'))}; "
                "give that address"
            )
        text = self._body(response)
        try:
            said = complaint(parsed(text))
        except ValueError:
            said = shortened(text, 120) or "no reason given"
        if status in (401, 403):
            raise ModelError(f"{self._url} refused the key ({said}); set OPENAI_API_KEY")
        if "response_format" in body and status in _UNKNOWN and "response_format" in said:
            raise _Refused
        if "tools" in body and "tool" in said.lower():
            raise _Refused
        if status == 404:
            raise ModelError(
                f"{self._url} knows no model {self._model}, or is not the address up to /v1: {said}"
            )
        if status in _AGAIN:
            raise _TryAgain(f"{self._url} answered {status}: {said}", self._retry_after(response))
        raise ModelError(f"{self._url} answered {status}: {said}")

    def _retry_after(self, response: Any) -> float | None:
        """Seconds the server asks for, where it does so in numbers; no longer than is bearable."""
        try:
            seconds = float(response.headers.get("retry-after", ""))
        except ValueError:
            return None
        if not math.isfinite(seconds):
            return None
        return min(max(seconds, 0.0), self._settings.longest_wait_seconds)

    def _headers(self) -> dict[str, str]:
        # A name and a password in the address stand in the place of a key.
        key = None if self._endpoint.login else self._key
        accepted = {"Accept": "text/event-stream", "Accept-Encoding": "identity"}
        return {**accepted, **({"Authorization": f"Bearer {key}"} if key else {})}


class _TryAgain(Exception):
    """The same may work a little later: after ``seconds``, where the server said."""

    def __init__(self, message: str, seconds: float | None) -> None:
        super().__init__(message)
        self.seconds = seconds


class _Refused(Exception):
    """The server, or its model, knows no schemas or no tools."""


def server_settings(ask: AskSettings, *, api_key: str | None = None) -> ServerSettings:
    """The settings of a server, as far as a user may set them."""
    return ServerSettings(
        api_key=api_key,
        read_seconds=ask.silence_seconds,
        answer_seconds=ask.answer_seconds,
        context_tokens=ask.context_tokens,
    )


def open_server(target: str, *, settings: ServerSettings | None = None) -> ServerChat:
    """The model that ``NAME@URL`` names; ``NAME`` alone is one of OpenAI's own. The key is
    ``OPENAI_API_KEY``.

    Raises:
        MissingExtra: there is nothing to talk HTTP with.
        ModelError: the target is not of that form.
    """
    _httpx()
    # A model's name may hold an @, and so may a password.
    found = re.fullmatch(r"(?P<name>.+?)(?:@(?P<url>https?://.*))?", target, re.DOTALL)
    if found is None or (found["url"] is None and ("@" in target.lstrip("@") or "://" in target)):
        without_login(target)
        raise ModelError("what stands behind openai: names no server; write openai:MODEL@http://HOST:PORT/v1")
    settings = settings or ServerSettings(api_key=os.environ.get("OPENAI_API_KEY"))
    return ServerChat(found["name"], found["url"] or _OPENAI, settings=settings)


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
