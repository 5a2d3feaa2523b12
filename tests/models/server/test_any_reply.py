"""Whatever a server answers is an answer with citations, none, or one line that names the server.

Good replies of every form are drawn, and one place in each is replaced by any JSON, as are the bytes around
it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.ask.spoken_film import SpokenFilm, said
from tests.models.server.raw import Raw
from video_vlm.agent import answer_with_model
from video_vlm.errors import ModelError
from video_vlm.models.server import ServerChat, ServerSettings
from video_vlm.records import Answer, Evidence, Span, Status
from video_vlm.settings import AskSettings

pytest.importorskip("httpx2", reason="models behind a server need the extra [server]")

Path = tuple[str | int, ...]


class Film(SpokenFilm):
    """One whose search finds everything."""

    def search(self, query: str, *, span: Span | None = None, **more: object) -> Sequence[Evidence]:
        return [Evidence(one.span, 1.0, "words", one.text, one.kind) for one in self.observations(span=span)]


FILM = Film(said(9, 15, "Our boat is called the Marigold."), said(20, 22, "The lamp goes out."))
SETTINGS = ServerSettings(read_seconds=20.0, first_wait_seconds=0.0, num_tries=2)
ACTIONS: tuple[dict[str, Any], ...] = (
    {"action": "answer", "claims": [{"text": "The lamp goes out.", "at": [[20, 22]]}], "confidence": 0.9},
    {
        "action": "answer",
        "claims": [{"text": "Dark.", "at": [20]}],
        "seen": [{"text": "a lamp", "at": [[20, 21]]}],
    },
    {"action": "search", "query": "lamp", "from": 3, "to": 40},
    {"action": "look", "from": 1, "to": 20, "frames": 2, "crop": [0, 0, 0.5, 1], "find": "a lamp"},
)

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**30), 10**30),
    st.sampled_from([0, -1, 10**400, -(10**400), 1e308, -0.0, math.nan, math.inf, -math.inf]),
    st.text(max_size=8),
    st.sampled_from(
        [
            "\ud800",
            "\udfff\ud83d",
            "\x00",
            "\u202e",
            "{" * 3000,
            "9" * 500 + " s",
            "1e999",
            "[DONE]",
            "<html>",
        ]
    ),
)
KEYS = [
    "action",
    "claims",
    "text",
    "at",
    "content",
    "function",
    "name",
    "arguments",
    "index",
    "error",
    "message",
    "choices",
]
ANY = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=6) | st.sampled_from(KEYS), inner, max_size=3)
    ),
    max_leaves=6,
)


def places(value: Any, path: Path = ()) -> Iterator[Path]:
    """Every place in a JSON value, the whole first."""
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        yield from places(one, (*path, key))


def replaced(value: Any, path: Path, by: Any) -> Any:
    if not path:
        return by
    head, rest = path[0], path[1:]
    if isinstance(value, dict):
        return {key: replaced(one, rest, by) if key == head else one for key, one in value.items()}
    return [replaced(one, rest, by) if place == head else one for place, one in enumerate(value)]


def test_good_replies_are_among_them() -> None:
    body = json.dumps({"choices": [{"message": {"content": json.dumps(ACTIONS[0])}}]}).encode()
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
    with Raw([head + body]) as server:
        answer, _ = outcome(ServerChat("tiny", server.url, settings=SETTINGS))
    assert answer is not None
    assert (answer.status, answer.text) == (Status.ANSWERED, "The lamp goes out.")


@st.composite
def bent(draw: st.DrawFn, value: Any) -> Any:
    """The value with one place of it, or none, replaced."""
    if draw(st.booleans()):
        return value
    return replaced(value, draw(st.sampled_from(list(places(value)))), draw(ANY))


@st.composite
def bodies(draw: st.DrawFn) -> tuple[str, bytes]:
    """A content type, and what comes with it: events or one object; words, or a call of a tool."""
    action = draw(bent(draw(st.sampled_from(ACTIONS))))
    if draw(st.booleans()):
        message: dict[str, Any] = {"role": "assistant", "content": json.dumps(action)}
    else:
        given = (
            {key: value for key, value in action.items() if key != "action"}
            if isinstance(action, dict)
            else action
        )
        function = {"name": "answer", "arguments": json.dumps(given)}
        message = {
            "content": None,
            "tool_calls": [{"index": 0, "id": "c1", "type": "function", "function": function}],
        }
    usage = {"prompt_tokens": 3, "completion_tokens": 4}
    if draw(st.booleans()):
        whole = draw(
            bent(
                {
                    "id": "1",
                    "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
                    "usage": usage,
                }
            )
        )
        return "application/json", json.dumps(whole).encode()
    events = draw(
        bent(
            [
                {"choices": [{"index": 0, "delta": message}]},
                {"choices": [{"delta": {}, "finish_reason": "stop"}]},
            ]
        )
    )
    events = events if isinstance(events, list) else [events]
    lines = [f"data: {json.dumps(one)}\n\n" for one in (*events, {"choices": [], "usage": usage})]
    return "text/event-stream", "".join([*lines, "data: [DONE]\n\n"]).encode()


@st.composite
def replies(draw: st.DrawFn) -> bytes:
    """All bytes of an answer: status and type are mostly right; the body is whole, cut, or has a byte
    changed."""
    kind, body = draw(bodies())
    status = draw(st.sampled_from([200] * 12 + [204, 299, 301, 400, 401, 404, 422, 500, 503, 1000, 99]))
    kind = draw(
        st.sampled_from(
            [kind] * 10 + [kind.upper() + "; charset=latin-1", "text/html", "", "application/x-ndjson"]
        )
    )
    if draw(st.integers(0, 5)) == 0:
        body = draw(st.sampled_from([b"\xef\xbb\xbf", b"\xff\xfe", b"\r\n"])) + body
    if draw(st.integers(0, 5)) == 0:
        body = body[: draw(st.integers(0, len(body)))]
    if body and draw(st.integers(0, 5)) == 0:
        at = draw(st.integers(0, len(body) - 1))
        body = body[:at] + draw(st.binary(min_size=1, max_size=2)) + body[at + 1 :]
    head = f"HTTP/1.1 {status} x\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\nRetry-After: nan\r\n\r\n"
    return head.encode() + body


@pytest.mark.parametrize("context_tokens", [32_768, 4000])
@settings(max_examples=150, suppress_health_check=list(HealthCheck))
@given(several=st.lists(replies(), min_size=1, max_size=3), verify=st.booleans())
def test_any_reply_is_an_answer_or_one_line(context_tokens: int, several: list[bytes], verify: bool) -> None:
    with Raw(several, in_turn=True) as server:
        chat = ServerChat("tiny", server.url, settings=replace(SETTINGS, context_tokens=context_tokens))
        answer, line = outcome(chat, verify=verify)
    if answer is not None:
        check(answer)
    else:
        assert server.url.removesuffix("/v1") in line
        assert len(line.splitlines()) == 1
        assert len(line.encode()) < 1200


def outcome(chat: ServerChat, *, verify: bool = False) -> tuple[Answer | None, str]:
    """The answer to a question, or what is said of the server."""
    asked = AskSettings(answer_tokens=256, verify=verify)
    try:
        return answer_with_model("What goes out?", FILM, chat, settings=asked).answer, ""
    except ModelError as error:
        return None, str(error)


def check(answer: Answer) -> None:
    assert answer.status in (Status.ANSWERED, Status.NOT_SHOWN)
    assert all(0 <= one.span.start <= one.span.end <= 120 for one in answer.citations)
    assert all(claim.citations for claim in answer.claims)
    assert '"action"' not in answer.text
    json.loads(answer.to_json(), parse_constant=pytest.fail)
    answer.to_json().encode()
