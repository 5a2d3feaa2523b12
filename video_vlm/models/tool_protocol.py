"""Tools as models know them: how they are told of them, and how a turn that called one is told again.

Whoever talks to a model reads one JSON object a turn, ``{"action": NAME, ...}``. To a model that was taught
to call tools the same turn is a call, and what it brought a tool's result; pictures among it are a user's
turn, as no such result may hold any.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, Final

from video_vlm.chat import Tool, Turn

__all__ = ["called", "described", "messages", "objects", "parsed"]

_BEGUN: Final = re.compile(r"\{\s*[\"}]")
"""What may be the beginning of an object: most braces in a text are not."""
_EFFORT_OF_A_TRY: Final = 1000
_MOST_EFFORT: Final = 5_000_000
"""In letters: five thousand beginnings that come to nothing, or fewer that each look like one for long."""

Content = Callable[[Turn], Any]
"""What a message says, as the model's side writes it."""


def described(tools: Sequence[Tool]) -> list[dict[str, Any]]:
    """Tools as a request, and a chat template, have them."""
    return [
        {
            "type": "function",
            "function": {
                "name": tool.name,
                "description": tool.description,
                "parameters": dict(tool.parameters),
            },
        }
        for tool in tools
    ]


def called(name: str, arguments: object) -> str:
    """A call as the JSON object that is read; arguments that are no object are left out."""
    given = dict(arguments) if isinstance(arguments, Mapping) else {}
    return json.dumps({**given, "action": name}, ensure_ascii=False)


def messages(
    turns: Sequence[Turn], content: Content, *, tools: Collection[str] = (), as_text: bool = True
) -> list[dict[str, Any]]:
    """Turns as messages; those that called one of ``tools``, and what it brought, as calls and results.

    Args:
        turns: The conversation.
        content: Writes what a turn says.
        tools: The names of the tools; none where the model knows none.
        as_text: Whether a call's arguments are JSON in a string, as over the wire, or an object, as in chat
            templates.
    """
    told: list[dict[str, Any]] = []
    waiting: str | None = None
    for number, turn in enumerate(turns):
        call = _call(turn, content) if tools else None
        if call is not None and call[0] in tools:
            name, arguments, said = call
            waiting = f"call_{number:05d}"
            given = json.dumps(arguments, ensure_ascii=False) if as_text else arguments
            function = {"name": name, "arguments": given}
            told.append(
                {
                    "role": "assistant",
                    "content": said,
                    "tool_calls": [{"id": waiting, "type": "function", "function": function}],
                }
            )
        elif waiting is not None and turn.role == "user":
            told += _result(turn, waiting, content)
            waiting = None
        else:
            told.append({"role": turn.role, "content": content(turn)})
    return told


def _result(turn: Turn, call: str, content: Content) -> Iterator[dict[str, Any]]:
    """The words of what was brought; all of it behind that where there are pictures in it, among their
    times."""
    has_images = not all(isinstance(part, str) for part in turn.parts)
    said = content(turn)
    yield {
        "role": "tool",
        "tool_call_id": call,
        "content": "The pictures follow." if has_images else _words(said),
    }
    if has_images:
        yield {"role": "user", "content": said}


def _call(turn: Turn, content: Content) -> tuple[str, dict[str, Any], str] | None:
    """What was called in a turn of the model's, how, and what it said before; None where it called
    nothing."""
    if turn.role != "assistant":
        return None
    before, _, last = _words(content(turn)).strip().rpartition("\n")
    try:
        found = parsed(last)
    except ValueError:
        return None
    if not isinstance(found, dict) or not isinstance(found.get("action"), str):
        return None
    return found["action"], {key: value for key, value in found.items() if key != "action"}, before.strip()


def _words(content: Any) -> str:
    """What a message says, pictures aside."""
    if isinstance(content, str):
        return content
    return "".join(piece["text"] for piece in content if "text" in piece)


def parsed(text: str) -> Any:
    """JSON of a stranger's.

    Raises:
        ValueError: it is none, or is nested deeper than anything that is meant.
    """
    try:
        return json.loads(text)
    except RecursionError as error:
        raise ValueError("nested too deep") from error


def objects(text: str) -> Iterator[Mapping[str, Any]]:
    """The JSON objects in a text, outermost first, in order; what opens thousands of braces and closes none
    is given up."""
    decoder, place, effort = json.JSONDecoder(), 0, 0
    while effort < _MOST_EFFORT and (begun := _BEGUN.search(text, place)):
        try:
            found, place = decoder.raw_decode(text, begun.start())
        except RecursionError:
            return
        except ValueError as error:
            effort += _EFFORT_OF_A_TRY + getattr(error, "pos", len(text)) - begun.start()
            place = begun.start() + 1
        else:
            yield found
