"""What comes back: the pieces of a streamed answer, or a whole one where the server does not stream.

Servers differ and break; what does not fit is an error in one line, never a guess.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from video_vlm.errors import ModelError
from video_vlm.models.calling import called

__all__ = ["MOST_BYTES", "complaint", "pieces", "pieces_of_whole"]

MOST_BYTES = 4 << 20
"""An answer longer than this is no answer."""

_DONE = "[DONE]"


def pieces(lines: Iterator[str], *, where: str) -> Iterator[str]:
    """The words in a stream of server-sent events, as they come; a call of a tool, once it is whole, as JSON.

    Raises:
        ModelError: the stream says something else, says nothing, or ends before it is done.
    """
    is_done = said = False
    call = _Call()
    for line in lines:
        if not line.startswith("data:"):
            continue
        data = line.removeprefix("data:").strip()
        if data == _DONE:
            is_done = True
            break
        event = _parsed(data, where)
        if "error" in event:
            raise ModelError(f"{where} stopped: {complaint(event)}")
        said = said or bool(event.get("choices"))
        for choice in event.get("choices") or ():
            is_done = is_done or choice.get("finish_reason") is not None
            delta = choice.get("delta") or {}
            call.add(delta.get("tool_calls"))
            if text := delta.get("content"):
                yield str(text)
    if not said:
        raise ModelError(f"{where} gave no answer: an event stream without choices")
    if not is_done:
        raise ModelError(f"{where} broke off in the middle of its answer; ask again")
    yield from call.whole()


def pieces_of_whole(text: str, *, where: str) -> Iterator[str]:
    """The answer in a body that was not streamed, as :func:`pieces` has it."""
    body = _parsed(text, where)
    choices = body.get("choices")
    if not isinstance(choices, list) or not choices:
        raise ModelError(f"{where} gave no answer: {complaint(body)}")
    message = (choices[0].get("message") or {}) if isinstance(choices[0], dict) else {}
    content, call = message.get("content"), _Call()
    call.add(message.get("tool_calls"))
    if not isinstance(content, str) and not call.name:
        raise ModelError(f"{where} gave an answer without words")
    if isinstance(content, str) and content:
        yield content
    yield from call.whole()


class _Call:
    """The first call of a tool in an answer; its name and arguments come in pieces."""

    def __init__(self) -> None:
        self.name = ""
        self._arguments = ""

    def add(self, some: object) -> None:
        """What the next event says of calls."""
        for one in some if isinstance(some, list) else ():
            if isinstance(one, dict) and not one.get("index") and isinstance(one.get("function"), dict):
                self.name += str(one["function"].get("name") or "")
                self._arguments += str(one["function"].get("arguments") or "")

    def whole(self) -> Iterator[str]:
        """The call, behind what was said; arguments that are no JSON are left out, and asked for by who reads it."""
        if self.name:
            try:
                arguments = json.loads(self._arguments or "{}")
            except ValueError:
                arguments = {}
            yield f"\n{called(self.name, arguments)}"


def complaint(body: object) -> str:
    """What a server says went wrong, short and on one line."""
    error = body.get("error") if isinstance(body, dict) else None
    said = error.get("message") if isinstance(error, dict) else error
    return " ".join(str(said or "no reason given").split())[:200]


def _parsed(text: str, where: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise ModelError(f"{where} does not speak JSON here: {' '.join(text.split())[:80]!r}") from error
    if not isinstance(found, dict):
        raise ModelError(f"{where} sent JSON that is no answer: {text[:80]!r}")
    return found
