"""A server that goes on for ever is given up when the answer's time is over, wherever it drips."""

from __future__ import annotations

import time
import zlib

import numpy as np
import pytest

from tests.models.server.raw import Drip, Raw
from video_vlm.chat import Turn
from video_vlm.errors import ModelError
from video_vlm.models.server import ServerChat, ServerSettings
from video_vlm.records import Frame

pytest.importorskip("httpx2", reason="models behind a server need the extra [server]")

ANSWER_SECONDS = 0.6
SETTINGS = ServerSettings(
    read_seconds=30.0, answer_seconds=ANSWER_SECONDS, first_wait_seconds=0.01, num_tries=3
)
TURNS = (Turn("user", ("What is this?",)),)

OK = b"HTTP/1.1 200 OK\r\n"
JSON = OK + b"Content-Type: application/json\r\n"
EVENTS = OK + b"Content-Type: text/event-stream\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"
LONG = b"Content-Length: 1000000\r\n\r\n"
ERROR = b"HTTP/1.1 503 Busy\r\nContent-Type: application/json\r\n"
REFUSED = b"HTTP/1.1 401 No\r\nContent-Type: text/plain\r\n"

ENDLESS: dict[str, tuple[bytes | Drip, ...]] = {
    "nothing at all": (Drip(b""),),
    "status line": (b"HTTP/1.1 200 ", Drip(b"O")),
    "header's name": (OK, Drip(b"x")),
    "header's value": (OK + b"X-Note: ", Drip(b" ")),
    "more headers": (OK, Drip(b"X-Note: a\r\n")),
    "go on, go on": (Drip(b"HTTP/1.1 100 Continue\r\n\r\n"),),
    "blanks in a JSON body": (JSON + LONG, Drip(b" ")),
    "blanks in a JSON body without a length": (JSON + b"\r\n", Drip(b" ")),
    "blanks in chunks": (JSON + CHUNKED, Drip(b"1\r\n \r\n")),
    "a chunk's size": (JSON + CHUNKED, Drip(b"0")),
    "a chunk's extension": (JSON + CHUNKED + b"1;", Drip(b"x")),
    "trailers": (JSON + CHUNKED + b"0\r\n", Drip(b"X-Note: a\r\n")),
    "an answer that is whole already": (
        JSON + LONG + b'{"choices": [{"message": {"content": "A"}}]}',
        Drip(b" "),
    ),
    "comments": (EVENTS + b"\r\n", Drip(b": ping\n\n")),
    "events without an end": (
        EVENTS + b"\r\n",
        Drip(b'data: {"choices": [{"delta": {"content": "A"}}]}\n\n'),
    ),
    "empty events": (EVENTS + b"\r\n", Drip(b'data: {"choices": []}\n\n')),
    "a line without an end": (EVENTS + b"\r\n", Drip(b"x")),
    "blanks in the body of an error": (ERROR + LONG, Drip(b" ")),
    "an error without a length": (ERROR + b"\r\n", Drip(b" ")),
    "a refusal": (REFUSED + CHUNKED, Drip(b"1\r\nx\r\n")),
    "where it sends on to": (b"HTTP/1.1 307 Elsewhere\r\nLocation: http://127.0.0.1/", Drip(b"a")),
}


def told(chat: ServerChat, turns: tuple[Turn, ...] = TURNS) -> tuple[str, float]:
    """What is said of it, and after how long."""
    began = time.monotonic()
    with pytest.raises(ModelError) as caught:
        list(chat.stream(turns))
    return str(caught.value), time.monotonic() - began


@pytest.mark.parametrize("name", ENDLESS)
def test_what_does_not_end_is_given_up(name: str) -> None:
    with Raw(ENDLESS[name]) as server:
        said, seconds = told(ServerChat("tiny", server.url, settings=SETTINGS))
    assert said.startswith(f"{server.url} was not done after 0.6 s; it was cut off")
    assert "\n" not in said
    assert ANSWER_SECONDS * 0.9 <= seconds < ANSWER_SECONDS * 20
    assert server.num_asked == 1


def test_a_request_that_is_not_read_is_given_up() -> None:
    pictures = [
        Frame(at, float(at), np.random.default_rng(at).integers(0, 255, (700, 700, 3), np.uint8))
        for at in range(24)
    ]
    with Raw((), reads=False) as server:
        said, _ = told(ServerChat("tiny", server.url, settings=SETTINGS), (Turn("user", tuple(pictures)),))
    assert "was not done after" in said


def test_the_time_is_over_all_tries() -> None:
    """Each answer is short of the time, and all of them together are not."""
    busy = (ERROR + b"Retry-After: 0.4\r\nContent-Length: 0\r\n\r\n",)
    with Raw(busy) as server:
        said, seconds = told(ServerChat("tiny", server.url, settings=SETTINGS))
    assert "answered 503" in said
    assert seconds < 20 * ANSWER_SECONDS
    assert server.num_asked == 2


def test_an_answer_in_time_is_an_answer() -> None:
    body = b'{"choices": [{"message": {"content": "A red star."}}]}'
    with Raw((JSON + b"Content-Length: %d\r\n\r\n" % len(body), body)) as server:
        assert "".join(ServerChat("tiny", server.url, settings=SETTINGS).stream(TURNS)) == "A red star."


def bomb(coding: str) -> bytes:
    """Fifty megabytes of blanks in an answer, packed."""
    packer = zlib.compressobj(wbits=31 if coding == "gzip" else 15)
    return (
        packer.compress(b'{"choices": [{"message": {"content": "' + b" " * 50_000_000 + b'"}}]}')
        + packer.flush()
    )


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
@pytest.mark.parametrize("head", [JSON, ERROR])
def test_what_is_packed_is_not_unpacked(coding: str, head: bytes) -> None:
    body = bomb(coding)
    header = f"Content-Encoding: {coding}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    with Raw((head + header, body)) as server:
        said, _ = told(ServerChat("tiny", server.url, settings=SETTINGS))
    assert f"compressed ({coding}) unasked" in said
