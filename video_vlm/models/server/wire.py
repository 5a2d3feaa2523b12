"""Writes turns as a chat completions request: words, and images as data URLs behind their times.

Interleaved ``<12.5 seconds>`` and ``image_url`` is what every such server understands.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any

import cv2
import numpy as np

from video_vlm.chat import Tool, Turn
from video_vlm.errors import ModelError
from video_vlm.models.tool_protocol import described, messages
from video_vlm.records import Image

__all__ = ["estimated_tokens", "request", "stamp"]

_JPEG_QUALITY = 85
_LETTERS_PER_TOKEN = 2.5  # of English it is four: an upper estimate
_TURN_TOKENS = 8


def stamp(seconds: float) -> str:
    """How a picture's time stands in front of it: ``<12.5 seconds>``."""
    return f"<{seconds:.1f} seconds>"


def request(
    name: str,
    turns: Sequence[Turn],
    *,
    max_side: int,
    max_tokens: int,
    schema: Mapping[str, Any] | None = None,
    tools: Sequence[Tool] = (),
) -> dict[str, Any]:
    """The body of a request for a streamed answer; no side of a picture is above ``max_side`` pixels."""
    names = [tool.name for tool in tools]
    body: dict[str, Any] = {
        "model": name,
        "messages": messages(turns, lambda turn: _content(turn, max_side), tools=names),
        "max_tokens": max_tokens,
        "temperature": 0,
        "stream": True,
    }
    if tools:
        body["tools"] = described(tools)
    if schema is not None:
        body["response_format"] = {
            "type": "json_schema",
            "json_schema": {"name": "reply", "schema": dict(schema), "strict": False},
        }
    return body


def estimated_tokens(turns: Sequence[Turn], *, image_tokens: int, tools: Sequence[Tool] = ()) -> int:
    """An upper estimate, as the server's tokenizer is not here."""
    letters = sum(len(part) for turn in turns for part in turn.parts if isinstance(part, str))
    letters += len(json.dumps(described(tools))) if tools else 0
    pictures = sum(not isinstance(part, str) for turn in turns for part in turn.parts)
    return round(letters / _LETTERS_PER_TOKEN) + pictures * image_tokens + _TURN_TOKENS * len(turns)


def _content(turn: Turn, max_side: int) -> str | list[dict[str, Any]]:
    """Plain text where there is nothing else: some servers take no list from the system."""
    if all(isinstance(part, str) for part in turn.parts):
        return "\n".join(str(part) for part in turn.parts)
    pieces: list[dict[str, Any]] = []
    for part in turn.parts:
        pieces.append({"type": "text", "text": part if isinstance(part, str) else stamp(part.pts_seconds)})
        if not isinstance(part, str):
            pieces.append({"type": "image_url", "image_url": {"url": _data_url(part.image, max_side)}})
    return pieces


def _data_url(image: Image, max_side: int) -> str:
    height, width = image.shape[:2]
    scale = min(1.0, max_side / max(height, width))
    if scale < 1:
        size = max(1, round(width * scale)), max(1, round(height * scale))
        image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
    done, data = cv2.imencode(
        ".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY]
    )
    if not done:
        raise ModelError(f"a picture of {image.shape[1]}x{image.shape[0]} pixels cannot be sent as a JPEG")
    return "data:image/jpeg;base64," + base64.b64encode(np.asarray(data).tobytes()).decode("ascii")
