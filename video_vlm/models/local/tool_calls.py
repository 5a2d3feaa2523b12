"""Reads the tool calls of local models: each family writes them in its own way.

Where the tokenizer says how (``response_template``), transformers reads them. Else they are looked for as
they are written by most: JSON with a name and arguments (Qwen, Hermes, Llama, Mistral), ``<function=name>``
with ``<parameter=key>`` (Qwen3-Coder, Qwen3.5), and a name before ``<arg_key>`` and ``<arg_value>`` (GLM).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from video_vlm.models.tool_protocol import objects, parsed

__all__ = ["read_call"]

_THOUGHT = re.compile(r"^.*</think(?:ing)?>", re.DOTALL | re.I)
_FUNCTION = re.compile(r"<function=([\w.-]+)>(.*?)(?:</function>|\Z)", re.DOTALL)
_PARAMETER = re.compile(r"<parameter=([\w.-]+)>(.*?)(?:</parameter>|(?=<parameter=)|\Z)", re.DOTALL)
_NAME = re.compile(r"(?<![\w.-])([\w.-]+)\s*<arg_key>")
_PAIR = re.compile(r"<arg_key>(.*?)</arg_key>\s*<arg_value>(.*?)</arg_value>", re.DOTALL)


def read_call(text: str, tokenizer: Any, tools: list[dict[str, Any]]) -> tuple[str, Mapping[str, Any]] | None:
    """The name and the arguments of the first call in ``text``; None where there is none.

    Args:
        text: What the model wrote.
        tokenizer: Its tokenizer.
        tools: What it was told of, as :func:`~video_vlm.models.tool_protocol.described` has them.
    """
    names = {tool["function"]["name"] for tool in tools}
    told = _THOUGHT.sub("", text)
    calls = [*_by_template(text, tokenizer, tools)]
    for found in objects(told):
        calls += _named(found.get("function", found))
    for name, body in _FUNCTION.findall(told):
        calls.append((name, {key: _value(value) for key, value in _PARAMETER.findall(body)}))
    if pairs := _NAME.search(told):
        given = {key.strip(): _value(value) for key, value in _PAIR.findall(told, pairs.end(1))}
        calls.append((pairs[1], given))
    return next((call for call in calls if call[0] in names), None)


_Call = tuple[str, Mapping[str, Any]]


def _by_template(text: str, tokenizer: Any, tools: list[dict[str, Any]]) -> Iterator[_Call]:
    if getattr(tokenizer, "response_template", None) is None:
        return
    try:
        found = tokenizer.parse_response(text, tools=tools)
    except Exception:  # a template of the model's own: what it cannot read is read below
        return
    for one in (found.get("tool_calls") or ()) if isinstance(found, Mapping) else ():
        if isinstance(one, Mapping):
            yield from _named(one.get("function", one))


def _named(found: object) -> Iterator[_Call]:
    if not isinstance(found, Mapping) or not isinstance(found.get("name"), str):
        return
    given = found.get("arguments", found.get("parameters", {}))
    given = _value(given) if isinstance(given, str) else given
    yield found["name"], given if isinstance(given, Mapping) else {}


def _value(text: str) -> Any:
    """JSON where it is any, else the words."""
    try:
        return parsed(text)
    except ValueError:
        return text.strip()
