"""A model behind a server: what is sent, and what becomes of everything a server may answer."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import replace

import cv2
import numpy as np
import pytest

from tests.models.server.loopback import Says, Server, event, streamed
from video_vlm.chat import Tool, Turn
from video_vlm.errors import ModelError
from video_vlm.models.server import ServerChat, ServerSettings, open_ollama, open_server
from video_vlm.records import Frame

pytest.importorskip("httpx2", reason="models behind a server need the extra [server]")

Serve = Callable[..., Server]

QUICK = ServerSettings(
    api_key="sk-secret", read_seconds=0.4, answer_seconds=0.5, first_wait_seconds=0.25, num_tries=3
)
PATIENT = replace(QUICK, answer_seconds=600.0)
"""The waits between tries are part of an answer's time."""
TURNS = (Turn("system", ("Be brief.",)), Turn("user", ("What is this?",)))


def chat_with(
    server: Server, waited: list[float] | None = None, settings: ServerSettings = QUICK, path: str = ""
) -> ServerChat:
    return ServerChat(
        "tiny", server.url + path, settings=settings, wait=([] if waited is None else waited).append
    )


def said(server: Server, **options: object) -> str:
    return "".join(chat_with(server).stream(TURNS, **options))  # type: ignore[arg-type]


def test_an_answer_comes_in_pieces(serve: Serve) -> None:
    server = serve(streamed("A red ", "star."))
    assert list(chat_with(server).stream(TURNS)) == ["A red ", "star."]


def test_a_server_that_does_not_stream_is_understood(serve: Serve) -> None:
    whole = b'{"choices": [{"message": {"content": "A red star."}}]}'
    assert said(serve(Says((whole,), kind="application/json"))) == "A red star."


def test_words_go_as_they_are_and_the_key_goes_along(serve: Serve) -> None:
    server = serve(streamed("Yes."))
    said(server, max_tokens=7)
    (body,) = server.asked
    assert body["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "What is this?"},
    ]
    assert (body["model"], body["max_tokens"], body["stream"]) == ("tiny", 7, True)
    assert server.keys == ["Bearer sk-secret"]


def test_a_picture_goes_behind_its_time_and_no_larger_than_agreed(serve: Serve) -> None:
    server = serve(streamed("Yes."))
    picture = np.zeros((600, 1200, 3), np.uint8)
    picture[..., 0] = 200
    frame = Frame(1, 12.5, picture)
    list(chat_with(server).stream([Turn("user", ("Look:", frame, "What is it?"))]))
    words, stamp, image, question = server.asked[0]["messages"][0]["content"]
    assert (words["text"], stamp["text"], question["text"]) == ("Look:", "<12.5 seconds>", "What is it?")
    data = base64.b64decode(image["image_url"]["url"].removeprefix("data:image/jpeg;base64,"))
    sent = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert sent is not None
    assert sent.shape == (384, 768, 3)
    assert abs(int(sent[10, 10, 2]) - 200) < 5  # OpenCV reads blue, green, red


def test_the_server_says_when_to_ask_again(serve: Serve) -> None:
    server = serve(
        Says((b'{"error": {"message": "slow down"}}',), status=429, headers={"Retry-After": "3"}),
        streamed("Yes."),
    )
    waited: list[float] = []
    assert "".join(chat_with(server, waited, PATIENT).stream(TURNS)) == "Yes."
    assert waited == [3.0]


def test_without_a_word_on_when_the_waits_double_and_end(serve: Serve) -> None:
    server = serve(Says((b"overloaded",), status=503, kind="text/plain"))
    waited: list[float] = []
    with pytest.raises(ModelError, match=r"answered 503: overloaded \(3 tries\)"):
        list(chat_with(server, waited, PATIENT).stream(TURNS))
    assert waited == [0.25, 0.5]
    assert len(server.asked) == 3


def test_a_server_that_knows_no_schema_is_asked_without(serve: Serve) -> None:
    refusal = Says((b'{"error": "unknown field response_format"}',), status=400, kind="application/json")
    server = serve(refusal, streamed("{}"), streamed("{}"))
    chat = chat_with(server)
    for _ in range(2):
        assert "".join(chat.stream(TURNS, schema={"type": "object"})) == "{}"
    assert ["response_format" in body for body in server.asked] == [True, False, False]


MISBEHAVIOURS = {
    "key refused": (
        Says((b'{"error": {"message": "bad key"}}',), status=401),
        r"refused the key \(bad key\)",
    ),
    "no such model": (Says((b'{"error": "model not found"}',), status=404), "knows no model tiny"),
    "wrong request": (
        Says((b'{"error": {"message": "too many images"}}',), status=400),
        "400: too many images",
    ),
    "server error": (Says(status=500), r"answered 500: no reason given \(\d tr(y|ies)\)"),
    "redirect": (
        Says(status=307, headers={"Location": "http://elsewhere/"}),
        "sends on to http://elsewhere/",
    ),
    "a page": (Says((b"<html>",), kind="text/html"), "answered with text/html"),
    "no type": (Says((b"hello",), kind=""), "answered with nothing"),
    "stall before a word": (Says((1.5,)), "said nothing for"),
    "stall in the middle": (Says((event("A"), 1.5, event("B"))), "said nothing for"),
    "slow drip": (Says(tuple(piece for _ in range(20) for piece in (event("A"), 0.1))), "was not done after"),
    "connection dropped": (Says((event("A"),), length=10_000), "broke off"),
    "end without an end": (Says((event("A"),)), "broke off in the middle"),
    "truncated JSON": (Says((b'data: {"choices": [{"del\n\n',)), "does not speak JSON here"),
    "whole answer truncated": (
        Says((b'{"choices": [{"mess',), kind="application/json"),
        "does not speak JSON",
    ),
    "ten megabytes": (Says((b"data: " + b"x" * (10 << 20),)), "more than 4 MB"),
    "ten megabytes at once": (Says((b" " * (10 << 20),), kind="application/json"), "more than 4 MB"),
    "no choices": (Says((b'{"choices": []}',), kind="application/json"), "gave no answer"),
    "an event without choices": (Says((b'data: {"id": 1}\n\ndata: [DONE]\n\n',)), "without choices"),
    "a list": (Says((b"[1, 2]",), kind="application/json"), "JSON that is no answer"),
    "wrong schema": (Says((b'{"choices": [{"text": 1}]}',), kind="application/json"), "without words"),
    "error in the stream": (
        Says((event("A"), b'data: {"error": {"message": "out of memory"}}\n\n')),
        "out of memory",
    ),
}


@pytest.mark.parametrize("name", MISBEHAVIOURS)
def test_whatever_a_server_does_is_an_error_in_one_line(serve: Serve, name: str) -> None:
    says, told = MISBEHAVIOURS[name]
    with pytest.raises(ModelError, match=told) as caught:
        said(serve(says))
    assert "\n" not in str(caught.value)
    assert "sk-secret" not in str(caught.value)


def test_letters_that_are_none_do_not_stop_an_answer(serve: Serve) -> None:
    broken = event("caf\u00e9").replace(b"caf\\u00e9", b"caf\xe9")
    assert said(serve(Says((broken, event(finish="stop"))))) == "caf\ufffd"


def test_nobody_there_is_said_with_the_address() -> None:
    chat = ServerChat("tiny", "http://127.0.0.1:9/v1", settings=QUICK, wait=lambda _: None)
    with pytest.raises(
        ModelError, match=r"http://127\.0\.0\.1:9/v1 cannot be reached: is the server running\?"
    ):
        list(chat.stream(TURNS))


def test_an_answer_that_nobody_wants_any_more_is_not_waited_for(serve: Serve) -> None:
    server = serve(Says((event("A"), event("B"), 0.2, event("C"))))
    answer = iter(chat_with(server).stream(TURNS))
    assert next(answer) == "A"
    answer.close()  # type: ignore[attr-defined]


def test_a_target_names_model_and_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-1")
    monkeypatch.setenv("OLLAMA_HOST", "10.0.0.7:11434")
    assert open_server("qwen@http://box:8000/v1/").name == "openai:qwen@http://box:8000/v1"
    assert open_server("gpt-x").name == "openai:gpt-x@https://api.openai.com/v1"
    assert open_ollama("llava:7b").name == "ollama:llava:7b"
    for wrong in ("qwen@box:8000", "@http://box/v1", ""):
        with pytest.raises(ModelError, match="names no server"):
            open_server(wrong)
    with pytest.raises(ModelError, match="names no model"):
        open_ollama("")


def test_tokens_are_estimated_from_above() -> None:
    chat = ServerChat("tiny", "http://box/v1")
    turns = [Turn("user", ("hello " * 100, Frame(0, 0.0, np.zeros((8, 8, 3), np.uint8))))]
    assert chat.num_tokens(turns) > 100 * 1.3 + 1000


TOOL = Tool("look", "Be shown pictures.", {"type": "object", "properties": {"from": {"type": "number"}}})


def call(*pieces: str, name: str = "look") -> tuple[bytes, ...]:
    """The events of a call of a tool, its arguments in pieces."""
    first = {"index": 0, "id": "c1", "function": {"name": name, "arguments": ""}}
    more = [{"index": 0, "function": {"arguments": piece}} for piece in pieces]
    events = [
        {"choices": [{"delta": {"tool_calls": [one]}, "finish_reason": None}]} for one in (first, *more)
    ]
    return (*(f"data: {json.dumps(one)}\n\n".encode() for one in events), event(finish="tool_calls"))


def called(chat: ServerChat, turns: Sequence[Turn] = TURNS) -> str:
    return "".join(chat.stream_call(turns, tools=[TOOL]))


def test_a_call_of_a_tool_is_read_as_an_action(serve: Serve) -> None:
    server = serve(Says(call('{"fro', 'm": 12, "to": 15}')))
    assert json.loads(called(chat_with(server))) == {"action": "look", "from": 12, "to": 15}
    (body,) = server.asked
    assert body["tools"] == [
        {
            "type": "function",
            "function": {"name": "look", "description": "Be shown pictures.", "parameters": TOOL.parameters},
        }
    ]
    assert "response_format" not in body


def test_what_tells_of_tools_is_counted(serve: Serve) -> None:
    chat = chat_with(serve(streamed("Yes.")))
    assert chat.num_call_tokens(TURNS, tools=[TOOL]) > chat.num_tokens(TURNS) + 20


def test_a_call_that_is_not_streamed_is_read_too(serve: Serve) -> None:
    made = {"content": None, "tool_calls": [{"function": {"name": "look", "arguments": '{"from": 3}'}}]}
    whole = json.dumps({"choices": [{"message": made}]}).encode()
    server = serve(Says((whole,), kind="application/json"))
    assert json.loads(called(chat_with(server))) == {"action": "look", "from": 3}


def test_arguments_that_are_no_json_are_left_out(serve: Serve) -> None:
    assert json.loads(called(chat_with(serve(Says(call('{"from": 1')))))) == {"action": "look"}


def test_a_model_that_only_talks_is_heard(serve: Serve) -> None:
    assert called(chat_with(serve(streamed("It is ", "red.")))) == "It is red."


def test_what_was_called_is_told_again_as_a_call_and_its_result(serve: Serve) -> None:
    server = serve(streamed("Yes."))
    picture = Frame(1, 12.5, np.zeros((8, 8, 3), np.uint8))
    turns = (
        *TURNS,
        Turn("assistant", ('{"action": "look", "from": 12}',)),
        Turn("user", ("Look:", picture)),
        Turn("assistant", ('Later, then.\n{"action": "look", "from": 90}',)),
        Turn("user", ("Nothing new there.",)),
    )
    called(chat_with(server), turns)
    _, _, first, brought, shown, second, nothing = server.asked[0]["messages"]
    assert first["tool_calls"][0]["function"] == {"name": "look", "arguments": '{"from": 12}'}
    assert (brought["role"], brought["tool_call_id"]) == ("tool", first["tool_calls"][0]["id"])
    assert (shown["role"], [piece["type"] for piece in shown["content"]]) == (
        "user",
        ["text", "text", "image_url"],
    )
    assert second["tool_calls"][0]["id"] != first["tool_calls"][0]["id"]
    assert (first["content"], second["content"]) == ("", "Later, then.")
    assert (nothing["role"], nothing["content"]) == ("tool", "Nothing new there.")


@pytest.mark.parametrize(
    ("status", "why"),
    [
        (400, "registry: tiny does not support tools"),
        (500, "tools param requires --jinja flag"),
        (422, "extra: tools"),
    ],
)
def test_a_server_or_model_without_tools_is_not_asked_for_them_again(
    serve: Serve, status: int, why: str
) -> None:
    refusal = Says(
        (json.dumps({"error": {"message": why}}).encode(),), status=status, kind="application/json"
    )
    server = serve(refusal, streamed("{}"))
    chat = chat_with(server)
    knew = chat.calls_tools
    assert called(chat) == ""
    assert (knew, chat.calls_tools) == (True, False)
    assert "".join(chat.stream(TURNS)) == "{}"
    assert ["tools" in body for body in server.asked] == [True, False]
