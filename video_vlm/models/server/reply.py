"""Reads a server's reply: the pieces of a streamed answer, or a whole answer.

Servers differ and break. What is clear is taken: words in parts, a call whose arguments are an object, an
``error`` that is null. What does not fit is an error in one line that names the server, never a guess.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NoReturn

from video_vlm.errors import ModelError
from video_vlm.models.tool_protocol import called, parsed
from video_vlm.redaction import redacted

__all__ = ["MOST_BYTES", "complaint", "pieces", "pieces_of_whole", "shortened"]

MOST_BYTES: Final = 4 << 20
"""An answer longer than this is no answer. A turn of a thousand tokens, streamed word by word, takes a tenth
of it."""

_DONE: Final = "[DONE]"
_LONGEST_COMPLAINT: Final = 200
_KINDS: Final = {
    dict: "an object",
    list: "a list",
    str: "text",
    bool: "true or false",
    int: "a number",
    float: "a number",
}


def pieces(lines: Iterator[str], *, where: str) -> Iterator[str]:
    """The text in a stream of server-sent events, as it comes; a tool call as one JSON object, once it is
    whole.

    Raises:
        ModelError: the stream says something else, says nothing, or ends before it is done.
    """
    is_done = said = False
    call = _Call(where)
    for line in lines:
        if not line.startswith("data:"):
            continue
        data = line.removeprefix("data:").strip()
        if data == _DONE:
            is_done = True
            break
        event = _object(data, where)
        if event.get("error"):
            raise ModelError(f"{where} stopped: {complaint(event)}")
        choices = _choices(event, where)
        said = said or bool(choices)
        for choice in _first(choices, where):
            is_done = is_done or choice.get("finish_reason") is not None
            delta = _mapping(choice.get("delta"), "delta", where)
            call.add(delta.get("tool_calls"))
            if text := _words(delta.get("content"), where):
                yield text
    if not said:
        raise ModelError(f"{where} gave no answer: an event stream without choices")
    if not is_done:
        raise ModelError(f"{where} broke off in the middle of its answer; ask again")
    yield from call.whole()


def pieces_of_whole(text: str, *, where: str) -> Iterator[str]:
    """The text of an answer that was not streamed, as :func:`pieces` gives it."""
    body = _object(text, where)
    choices = _choices(body, where)
    if not choices:
        raise ModelError(f"{where} gave no answer: {complaint(body)}")
    message = _mapping(next(_first(choices, where), {}).get("message"), "message", where)
    content, call = message.get("content"), _Call(where)
    call.add(message.get("tool_calls"))
    if content is None and not call.name:
        raise ModelError(f"{where} gave an answer without words")
    if text_said := _words(content, where):
        yield text_said
    yield from call.whole()


class _Call:
    """The first call of a tool in an answer; its name and arguments come in pieces, or whole."""

    def __init__(self, where: str) -> None:
        self.name = ""
        self._where = where
        self._arguments = ""
        self._num_named = 0

    def add(self, some: object) -> None:
        """Adds the parts of calls that one event holds."""
        calls = [some] if isinstance(some, Mapping) and some else some or []
        if not isinstance(calls, list):
            _unfit("tool_calls", some, self._where)
        for one in calls:
            call = _mapping(one, "tool_calls", self._where)
            if self._is_first(call):
                function = _mapping(call.get("function"), "function", self._where)
                name, arguments = function.get("name"), function.get("arguments")
                if not isinstance(name, str | None):
                    _unfit("name of a tool", name, self._where)
                self.name += name or ""
                self._arguments += (
                    json.dumps(arguments) if isinstance(arguments, Mapping) else str(arguments or "")
                )

    def _is_first(self, call: Mapping[str, Any]) -> bool:
        """By its number; where it has none, a second name begins a second call."""
        if (number := call.get("index")) is not None:
            return number in (0, "0")
        function = call.get("function")
        self._num_named += bool(isinstance(function, Mapping) and function.get("name"))
        return self._num_named < 2

    def whole(self) -> Iterator[str]:
        """The call as JSON; arguments that are no JSON are left out."""
        if self.name:
            try:
                arguments = parsed(self._arguments or "{}")
            except ValueError:
                arguments = {}
            yield f"\n{called(self.name, arguments)}"


def complaint(body: object) -> str:
    """The server's error message in one line, shortened, without the key it was sent."""
    error = (
        body.get("error") or body.get("detail") or body.get("message") if isinstance(body, Mapping) else None
    )
    said = error.get("message") if isinstance(error, Mapping) else error
    return shortened(said) if isinstance(said, str) and said.strip() else "no reason given"


def shortened(text: str, longest: int = _LONGEST_COMPLAINT) -> str:
    """One line of what a server sent, ``longest`` letters at most; secrets are removed first, so that no half
    of one is left at the end."""
    return redacted(" ".join(text[: 50 * longest].split()))[:longest]


def _object(text: str, where: str) -> Mapping[str, Any]:
    try:
        found = parsed(text)
    except ValueError as error:
        raise ModelError(f"{where} does not speak JSON here: {shortened(text, 80)!r}") from error
    if not isinstance(found, dict):
        raise ModelError(f"{where} sent JSON that is no answer: {shortened(text, 80)!r}")
    return found


def _choices(body: Mapping[str, Any], where: str) -> list[Any]:
    choices = body.get("choices")
    if not isinstance(choices, list | None):
        _unfit("choices", choices, where)
    return choices or []


def _first(choices: Iterable[object], where: str) -> Iterator[Mapping[str, Any]]:
    """One answer was asked for; more than one would be mixed up."""
    for choice in choices:
        found = _mapping(choice, "choices", where)
        if found.get("index") in (None, 0, "0"):
            yield found


def _mapping(found: object, name: str, where: str) -> Mapping[str, Any]:
    if not isinstance(found, dict | None):
        _unfit(name, found, where)
    return found or {}


def _words(content: object, where: str) -> str:
    """Text, or the text among parts."""
    if isinstance(content, str | None):
        return content or ""
    if not isinstance(content, list) or not all(isinstance(part, dict | str) for part in content):
        _unfit("content", content, where)
    texts = [part if isinstance(part, str) else part.get("text", "") for part in content]
    if not all(isinstance(text, str) for text in texts):
        _unfit("content", content, where)
    return "".join(texts)


def _unfit(name: str, found: object, where: str) -> NoReturn:
    kind = _KINDS.get(type(found), "something else")
    raise ModelError(
        f"{where} sent no answer of this kind: its {name} has {kind}; is this the address up to /v1?"
    )
