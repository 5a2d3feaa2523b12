"""Records as columns, and back: plain JSON where a column holds more than one value."""

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
"""A box is in fractions of a picture; what detectors find may stick out of it, not by far."""
_WHOLE: Final = 1 + 1e-6
_REMEDY: Final = "; type: videoqa library repair"
_MOST_WHY: Final = 200
_NUM_SIDES: Final = 4


def video_to_json(video: Video) -> str:
    """Fractions and paths as text; ASCII, so that even a file name that is no valid text survives."""
    return json.dumps(asdict(video), default=str, sort_keys=True)


def video_from_json(text: str) -> Video:
    """What :func:`video_to_json` wrote."""
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
    """``[[start, end, reason], ...]``."""
    return json.dumps([[one.span.start, one.span.end, one.reason] for one in damage])


def damage_from_json(text: str) -> tuple[Damage, ...]:
    """What :func:`damage_to_json` wrote."""
    with decoding("damage"):
        found = from_json(tuple[tuple[float, float, str], ...], text)
        return tuple(Damage(Span(start, end), reason) for start, end, reason in found)


def names_to_json(names: Sequence[str]) -> str:
    """``["subtitles", ...]``."""
    return json.dumps(list(names))


def names_from_json(text: str) -> tuple[str, ...]:
    """What :func:`names_to_json` wrote."""
    with decoding("names"):
        return from_json(tuple[str, ...], text)


def node_columns(node: Node) -> dict[str, object]:
    """For ``nodes``; the summary as ``[[sentence, [cited ids]], ...]``."""
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
    """A row of ``nodes``; which video it is of stands in its memory's row."""
    with decoding("node"):
        return Node(
            id=row["id"],
            content_id=content_id,
            level=Level(row["level"]),
            span=span_of(row),
            parent=row["parent"],
            summary=_sentences(row["summary"]),
            title=None if row["title"] is None else _text(row, "title"),
            coverage=number(row["coverage"], "coverage", least=0, most=_WHOLE),
            provenance=row["provenance"],
        )


def observation_columns(observation: Observation) -> dict[str, object]:
    """For ``passages``."""
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
    """A row of ``passages`` that is not a summary."""
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
    """The stretch that a row's ``start`` and ``end`` say."""
    with decoding("stretch of time"):
        return Span(number(row["start"], "start"), number(row["end"], "end"))


def _box(text: str) -> Box:
    sides = loads(text)
    if not isinstance(sides, list) or len(sides) != _NUM_SIDES:
        raise ValueError("box must be a list of four numbers")
    left, top, right, bottom = (number(side, "box", least=-_LARGEST_BOX, most=_LARGEST_BOX) for side in sides)
    return left, top, right, bottom


def _sentences(text: str) -> tuple[Sentence, ...]:
    return tuple(_sentence(one) for one in loads(text))


def _sentence(data: Any) -> Sentence:
    text, cites = data
    if (
        not isinstance(text, str)
        or not isinstance(cites, list)
        or not all(isinstance(one, str) for one in cites)
    ):
        raise ValueError("a summary must be a list of sentences, each with the ids it cites")
    return Sentence(clean(text), tuple(cites))


def _text(row: sqlite3.Row, column: str) -> str:
    value = row[column]
    if not isinstance(value, str):
        raise ValueError(f"{column} must be text")  # noqa: TRY004 - what a row says, not a program
    return value


@contextmanager
def decoding(what: str) -> Iterator[None]:
    """Names what could not be read.

    Raises:
        LibraryDamaged: it could not.
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
    """A column of bytes; SQLite itself does not mind what stands in one.

    Raises:
        LibraryDamaged: something else stands there.
    """
    with decoding(what):
        if not isinstance(value, bytes):
            raise TypeError("it is not made of bytes")
    return value


def without_remedy(error: LibraryDamaged) -> str:
    """What :func:`decoding` found, where there is something else to do about it."""
    return str(error).removesuffix(_REMEDY)
