"""Records as columns of a row, and back: JSON where a column holds more than one value."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any, Final

from video_vlm.errors import LibraryDamaged
from video_vlm.memory.typed_json import clean, from_json, loads, number
from video_vlm.records import (
    Box,
    Damage,
    Level,
    Node,
    Observation,
    ObservationKind,
    Sentence,
    Span,
    Video,
)

__all__ = [
    "REPAIR",
    "blob",
    "damage_from_json",
    "damage_to_json",
    "decoding",
    "kind_of",
    "names_from_json",
    "names_to_json",
    "node_columns",
    "node_of",
    "observation_columns",
    "observation_of",
    "span_of",
    "video_from_json",
    "video_to_json",
    "without_remedy",
]


_LARGEST_SIDE: Final = 65_536
_LARGEST_BOX: Final = 16.0
"""A box is in fractions of the frame; what detectors find may stick out, but not far."""
_WHOLE: Final = 1 + 1e-6
REPAIR: Final = "type: videoqa library repair"
"""The advice in messages about damaged rows."""
_REMEDY: Final = f"; {REPAIR}"
_MOST_WHY: Final = 200
_NUM_SIDES: Final = 4


def video_to_json(video: Video) -> str:
    """JSON with fractions and paths as text; ASCII, so that a file name that is not valid text survives."""
    return json.dumps(asdict(video), default=str, sort_keys=True)


def video_from_json(text: str) -> Video:
    """The video that :func:`video_to_json` wrote.

    Raises:
        LibraryDamaged: the text is not valid.
    """
    with decoding("video"):
        video = from_json(Video, text)
        _check_video(video)
        return video


def _check_video(video: Video) -> None:
    if video.rotation not in (0, 90, 180, 270):
        raise ValueError(f"rotation must be 0, 90, 180 or 270, got {video.rotation}")
    for name in ("duration_seconds", "num_frames", "fps", "stream"):
        value = getattr(video, name)
        if value is not None:
            number(value, name, least=0)
    for side in video.size:
        number(side, "size", least=0, most=_LARGEST_SIDE)


def damage_to_json(damage: Sequence[Damage]) -> str:
    """``[[start, end, reason], ...]``, in seconds."""
    return json.dumps([[one.span.start, one.span.end, one.reason] for one in damage])


def damage_from_json(text: str) -> tuple[Damage, ...]:
    """The damage that :func:`damage_to_json` wrote.

    Raises:
        LibraryDamaged: the text is not valid.
    """
    with decoding("damage"):
        found = from_json(tuple[tuple[float, float, str], ...], text)
        return tuple(Damage(Span(start, end), reason) for start, end, reason in found)


def names_to_json(names: Sequence[str]) -> str:
    """``["subtitles", ...]``."""
    return json.dumps(list(names))


def names_from_json(text: str) -> tuple[str, ...]:
    """The names that :func:`names_to_json` wrote.

    Raises:
        LibraryDamaged: the text is not valid.
    """
    with decoding("names"):
        return from_json(tuple[str, ...], text)


def node_columns(node: Node) -> dict[str, object]:
    """The columns of a row of ``nodes``; the summary as ``[[sentence, [cited ids]], ...]``."""
    return {
        "id": node.id,
        "level": node.level.value,
        "start": node.span.start,
        "end": node.span.end,
        "parent": node.parent,
        "summary": json.dumps([[sentence.text, list(sentence.cites)] for sentence in node.summary]),
        "title": None if node.title is None else clean(node.title),
        "coverage": node.coverage,
        "provenance": node.provenance,
    }


def node_of(row: sqlite3.Row, content_id: str) -> Node:
    """The node in a row of ``nodes``; the content id is in the memory's row.

    Raises:
        LibraryDamaged: the row is not valid.
    """
    with decoding("node"):
        return Node(
            id=row["id"],
            content_id=content_id,
            level=Level(row["level"]),
            span=span_of(row),
            parent=row["parent"],
            summary=tuple(map(_sentence, loads(row["summary"]))),
            title=None if row["title"] is None else _text(row, "title"),
            coverage=number(row["coverage"], "coverage", least=0, most=_WHOLE),
            provenance=row["provenance"],
        )


def observation_columns(observation: Observation) -> dict[str, object]:
    """The columns of an observation in a row of ``passages``."""
    return {
        "kind": observation.kind.value,
        "start": observation.span.start,
        "end": observation.span.end,
        "text": clean(observation.text),
        "source": clean(observation.source),
        "confidence": observation.confidence,
        "box": None if observation.box is None else json.dumps(observation.box),
    }


def observation_of(row: sqlite3.Row) -> Observation:
    """The observation in a row of ``passages`` that is not a summary.

    Raises:
        LibraryDamaged: the row is not valid.
    """
    with decoding("observation"):
        return Observation(
            span=span_of(row),
            kind=kind_of(row["kind"]),
            text=_text(row, "text"),
            source=_text(row, "source"),
            confidence=number(row["confidence"], "confidence"),
            box=None if row["box"] is None else _box(row["box"]),
        )


def span_of(row: sqlite3.Row) -> Span:
    """The span from a row's ``start`` to its ``end``, in seconds.

    Raises:
        LibraryDamaged: they are not numbers in range.
    """
    with decoding("stretch of time"):
        return Span(number(row["start"], "start"), number(row["end"], "end"))


def _box(text: str) -> Box:
    sides = loads(text)
    if not isinstance(sides, list) or len(sides) != _NUM_SIDES:
        raise ValueError("box must be a list of four numbers")
    left, top, right, bottom = (number(side, "box", least=-_LARGEST_BOX, most=_LARGEST_BOX) for side in sides)
    return left, top, right, bottom


def _sentence(data: Any) -> Sentence:
    text, cites = data
    is_list = isinstance(cites, list) and all(isinstance(one, str) for one in cites)
    if not isinstance(text, str) or not is_list:
        raise ValueError("a summary must be a list of sentences, each with the ids it cites")
    return Sentence(clean(text), tuple(cites))


def _text(row: sqlite3.Row, column: str) -> str:
    value = row[column]
    if not isinstance(value, str):
        raise ValueError(f"{column} must be text")  # noqa: TRY004 - what a row says, not a program
    return value


@contextmanager
def decoding(what: str) -> Iterator[None]:
    """Inside the block, errors in the data of a ``what`` become errors of the library.

    Raises:
        LibraryDamaged: the data are not valid.
    """
    try:
        yield
    except (KeyError, TypeError, ValueError) as error:
        why = f"{error}"[:_MOST_WHY]
        raise LibraryDamaged(f"the library holds a {what} that cannot be read ({why}){_REMEDY}") from error


def kind_of(value: object) -> ObservationKind:
    """The kind that a column names.

    Raises:
        LibraryDamaged: there is no such kind.
    """
    with decoding("kind of observation"):
        return ObservationKind(str(value))


def blob(value: object, what: str) -> bytes:
    """The bytes in a column; SQLite allows any type there.

    Raises:
        LibraryDamaged: the value is of another type.
    """
    with decoding(what):
        if not isinstance(value, bytes):
            raise TypeError("it is not made of bytes")
    return value


def without_remedy(error: LibraryDamaged) -> str:
    """The message of :func:`decoding` without its advice, where another one is given."""
    return str(error).removesuffix(_REMEDY)
