"""Records as columns, and back: plain JSON where a column holds more than one value."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from fractions import Fraction
from pathlib import Path
from typing import Any

from video_vlm.errors import LibraryDamaged
from video_vlm.records import (
    Chapter,
    Damage,
    Level,
    Node,
    Observation,
    ObservationKind,
    Sentence,
    Span,
    Stream,
    Video,
)

__all__ = [
    "clean",
    "damage_from_json",
    "damage_to_json",
    "names_from_json",
    "names_to_json",
    "node_columns",
    "node_of",
    "observation_columns",
    "observation_of",
    "video_from_json",
    "video_to_json",
]


def clean(text: str) -> str:
    """Text that SQLite can hold: half surrogate pairs, which mis-decoded files leave, become U+FFFD."""
    return text.encode("utf-8", "replace").decode() if not text.isascii() else text


def video_to_json(video: Video) -> str:
    """Fractions and paths as text; ASCII, so that even a file name that is no valid text survives."""
    return json.dumps(asdict(video), default=str, sort_keys=True)


def video_from_json(text: str) -> Video:
    """What :func:`video_to_json` wrote."""
    with _decoding("video"):
        data: dict[str, Any] = json.loads(text)
        return Video(
            **{
                **data,
                "path": Path(data["path"]),
                "size": tuple(data["size"]),
                "streams": tuple(_stream(stream) for stream in data["streams"]),
                "chapters": tuple(Chapter(Span(**one["span"]), one["title"]) for one in data["chapters"]),
            }
        )


def _stream(data: dict[str, Any]) -> Stream:
    time_base = data["time_base"]
    return Stream(**{**data, "time_base": None if time_base is None else Fraction(time_base)})


def damage_to_json(damage: Sequence[Damage]) -> str:
    """``[[start, end, reason], ...]``."""
    return json.dumps([[one.span.start, one.span.end, one.reason] for one in damage])


def damage_from_json(text: str) -> tuple[Damage, ...]:
    """What :func:`damage_to_json` wrote."""
    with _decoding("damage"):
        return tuple(Damage(Span(start, end), reason) for start, end, reason in json.loads(text))


def names_to_json(names: Sequence[str]) -> str:
    """``["subtitles", ...]``."""
    return json.dumps(list(names))


def names_from_json(text: str) -> tuple[str, ...]:
    """What :func:`names_to_json` wrote."""
    with _decoding("names"):
        return tuple(json.loads(text))


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
    with _decoding("node"):
        return Node(
            id=row["id"],
            content_id=content_id,
            level=Level(row["level"]),
            span=Span(row["start"], row["end"]),
            parent=row["parent"],
            summary=tuple(Sentence(text, tuple(cites)) for text, cites in json.loads(row["summary"])),
            title=row["title"],
            coverage=row["coverage"],
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
    with _decoding("observation"):
        return Observation(
            span=Span(row["start"], row["end"]),
            kind=ObservationKind(row["kind"]),
            text=row["text"],
            source=row["source"],
            confidence=row["confidence"],
            box=None if row["box"] is None else tuple(json.loads(row["box"])),
        )


@contextmanager
def _decoding(what: str) -> Iterator[None]:
    try:
        yield
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise LibraryDamaged(
            f"the library holds a {what} that cannot be read ({error}); type: videoqa library repair"
        ) from error
