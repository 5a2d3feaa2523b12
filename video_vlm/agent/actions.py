"""The actions of a model's turn, and how they are read: one JSON object a turn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from video_vlm.agent.injection import without_thoughts
from video_vlm.chat import Tool
from video_vlm.language.clock_times import parse_clock
from video_vlm.models.tool_protocol import objects
from video_vlm.records import Box, Span

__all__ = ["SCHEMA", "Action", "LookAction", "Said", "Say", "SearchAction", "read_action", "tools"]


@dataclass(frozen=True, slots=True)
class SearchAction:
    """Search the memory for ``query``, inside ``span`` (seconds) if given."""

    query: str
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class LookAction:
    """Decode ``num_frames`` frames of a span in seconds, cropped to shares of the frame, and find ``find`` in
    each."""

    span: Span
    num_frames: int = 4
    crop: Box | None = None
    find: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """One claim, and the spans in seconds at which it is seen or said."""

    text: str
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Say:
    """The answer; without claims it is not shown. ``confidence`` is in [0, 1]; ``seen`` holds what the model
    noted of frames, to be stored."""

    claims: tuple[Said, ...]
    confidence: float = 0.7
    seen: tuple[Said, ...] = ()


Action = SearchAction | LookAction | Say

_MOST_CLAIMS = 12
_MOST_TIMES = 32
"""Of one claim."""
_LONGEST_PHRASE = 80
_LONGEST_QUERY = 300
_LATEST = 1e7
"""Seconds: nearly four months. No video is as long."""
_SECONDS: Final = {"type": "number", "description": "seconds of the video"}
_CLAIMS: Final = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            "text": {"type": "string", "description": "one sentence"},
            "at": {
                "type": "array",
                "items": {"type": "array", "items": {"type": "number"}},
                "description": "[[from, to]]: the seconds at which it was shown",
            },
        },
        "required": ["text", "at"],
    },
}
_SEARCH: Final = {"query": {"type": "string", "description": "words"}, "from": _SECONDS, "to": _SECONDS}
_LOOK: Final = {
    "from": _SECONDS,
    "to": _SECONDS,
    "frames": {"type": "integer", "description": "how many pictures"},
    "crop": {
        "type": "array",
        "items": {"type": "number"},
        "description": "[left, top, right, bottom], shares of the picture",
    },
    "find": {"type": "string", "description": "a few words: where in each picture that is"},
}
_ANSWER: Final = {
    "claims": {**_CLAIMS, "description": "none where the answer is not shown"},
    "confidence": {"type": "number", "description": "0 to 1"},
    "seen": {**_CLAIMS, "description": "what pictures show, to be remembered"},
}
SCHEMA: Final[Mapping[str, Any]] = {
    "type": "object",
    "properties": {
        "action": {"type": "string", "enum": ["search", "look", "answer"]},
        **_SEARCH,
        **_LOOK,
        **_ANSWER,
    },
    "required": ["action"],
}
"""Of a turn, for models that can be held to one."""


def tools(*, detects: bool = False) -> tuple[Tool, ...]:
    """The tools a model may call. With ``detects``, a look may name a thing to find."""
    look = _LOOK if detects else {name: value for name, value in _LOOK.items() if name != "find"}
    return (
        _tool(
            "search",
            "Search what is known of the video: what is said, written and seen in it.",
            _SEARCH,
            "query",
        ),
        _tool("look", "Be shown pictures of a stretch of the video.", look, "from", "to"),
        _tool(
            "answer",
            "Answer the question, each claim with the seconds at which it was shown.",
            _ANSWER,
            "claims",
        ),
    )


def _tool(name: str, description: str, properties: Mapping[str, Any], *required: str) -> Tool:
    return Tool(
        name, description, {"type": "object", "properties": dict(properties), "required": list(required)}
    )


def read_action(text: str) -> Action:
    """The action in a model's turn.

    Raises:
        ValueError: there is none, or it is not complete; the message is for the model.
    """
    for found in objects(without_thoughts(text)):
        if isinstance(found.get("action"), str):
            return _action(found)
        if "claims" in found:
            return _answer(found)
    raise ValueError('your reply held no JSON object with an "action"')


def _action(found: Mapping[str, Any]) -> Action:
    name = found["action"].strip().lower()
    if name == "search":
        query = found.get("query")
        if not isinstance(query, str) or not query.strip():
            raise ValueError('"search" needs a "query" of words')
        span = _span(found.get("from"), found.get("to")) if "from" in found else None
        return SearchAction(" ".join(query.split())[:_LONGEST_QUERY], span)
    if name == "look":
        span = _span(found.get("from"), found.get("to"))
        num_frames = int(min(max(_seconds(found.get("frames", 4)), 1), 64))
        crop, phrase = _crop(found.get("crop")), found.get("find")
        find = " ".join(phrase.split())[:_LONGEST_PHRASE] if isinstance(phrase, str) else ""
        return LookAction(span, num_frames, crop, find)
    if name == "answer":
        return _answer(found)
    raise ValueError('"action" must be "search", "look" or "answer"')


def _answer(found: Mapping[str, Any]) -> Say:
    claims = found.get("claims", [])
    if not isinstance(claims, list):
        raise ValueError('"claims" must be a list')  # noqa: TRY004 - it is the model's mistake
    return Say(
        tuple(map(_claim, claims[:_MOST_CLAIMS])),
        _share(found.get("confidence", 0.7)),
        tuple(_notes(found.get("seen"))),
    )


def _claim(found: object) -> Said:
    if not isinstance(found, Mapping) or not isinstance(found.get("text"), str) or not found["text"].strip():
        raise ValueError('each claim needs a "text" of one sentence and "at", the seconds it rests on')
    return Said(" ".join(found["text"].split()), tuple(_times(found.get("at"))))


def _notes(found: object) -> Iterator[Said]:
    """What is not needed for the answer may be wrong without harm."""
    for one in found[:_MOST_CLAIMS] if isinstance(found, list) else []:
        try:
            yield _claim(one)
        except ValueError:
            continue


def _times(found: object) -> Iterator[Span]:
    """``[[12, 15], 20]``, ``[12, 15]`` (two moments), ``12`` and ``"0:12"`` alike."""
    for one in found[:_MOST_TIMES] if isinstance(found, list) else [found]:
        if isinstance(one, list) and one:
            yield _span(one[0], one[-1])
        elif one is not None and one != []:
            yield _span(one, one)


def _span(start: object, end: object) -> Span:
    first = _seconds(start)
    last = first if end is None else _seconds(end)
    return Span(min(first, last), max(first, last))


def _seconds(found: object) -> float:
    seconds = found
    if isinstance(found, str):
        with suppress(ValueError):
            seconds = parse_clock(found[:_LONGEST_PHRASE].strip("<>[] "))
    if (
        isinstance(seconds, bool)
        or not isinstance(seconds, (int, float))
        or not -_LATEST <= seconds <= _LATEST
    ):
        what = f"a {type(found).__name__}, or none that a video has"
        raise ValueError(f"not a time in seconds: {repr(found[:40]) if isinstance(found, str) else what}")
    return float(seconds)


def _share(found: object) -> float:
    return min(max(_seconds(found), 0.0), 1.0)


def _crop(found: object) -> Box | None:
    if found in (None, []):
        return None
    if not isinstance(found, list) or len(found) != 4:
        raise ValueError('"crop" must be [left, top, right, bottom], each from 0 to 1')
    left, top, right, bottom = map(_share, found)
    if right - left < 0.02 or bottom - top < 0.02:
        raise ValueError(
            '"crop" must leave something of the picture: [left, top, right, bottom], each from 0 to 1'
        )
    return left, top, right, bottom
