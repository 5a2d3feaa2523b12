"""Checks of an imported memory: the size and range of every value, and references between rows.

Records and the tree are checked as those of any library (:mod:`video_vlm.memory.verify`). A memory that this
package wrote passes, unless a value is larger than is useful.
"""

from __future__ import annotations

import io
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np

from video_vlm.memory.typed_json import loads

__all__ = ["MOST_BYTES", "faults_in", "file_name_fault"]

MOST_BYTES: Final = 16_000_000
"""The largest value of any kind: a summary, a thumbnail, a container's metadata."""

_MOST_WORD_BYTES: Final = 4_000_000
"""The longest text of an observation, or title."""

_MOST_NAME: Final = 255
"""Characters of an id, a digest, the name of an observer or an encoder; bytes of a file's name."""

_MOST_SECONDS: Final = 1e12
"""About thirty thousand years: some cameras count seconds from 1970."""

_MOST_SIDE: Final = 65_536
_MOST_DIMENSIONS: Final = 65_536

_MOST_PIXELS: Final = 4_000_000
"""The largest thumbnail."""

_TIMES: Final = (
    ("nodes", "start"),
    ("nodes", "end"),
    ("passages", "start"),
    ("passages", "end"),
    ("looked_pictures", "start"),
    ("looked_pictures", "end"),
    ("memories", "until_seconds"),
    ("posters", "pts_seconds"),
)
_NAMES: Final = (
    ("videos", "content_id"),
    ("memories", "recipe"),
    ("memories", "indexed_at"),
    ("nodes", "id"),
    ("nodes", "provenance"),
    ("passages", "observer"),
    ("passages", "written_at"),
    ("encoders", "name"),
    ("encoders", "revision"),
    ("looks", "observer"),
    ("looks", "digest"),
    ("looks", "looked_at"),
)
_WORDS: Final = (
    ("nodes", "title"),
    ("passages", "text"),
    ("passages", "words"),
    ("passages", "source"),
    ("passages", "question"),
    ("passages", "box"),
    ("looks", "question"),
    ("looks", "reason"),
)
_NO_NODE: Final = (
    "{0} IS NOT NULL AND NOT EXISTS"
    " (SELECT 1 FROM nodes AS n WHERE n.memory = passages.memory AND n.id = passages.{0})"
)
_RULES: Final = (
    *((table, column, f'abs("{column}") > {_MOST_SECONDS}') for table, column in _TIMES),
    *((table, column, f'length("{column}") NOT BETWEEN 0 AND {_MOST_NAME}') for table, column in _NAMES),
    *((table, column, f'length("{column}") > {_MOST_WORD_BYTES}') for table, column in _WORDS),
    ("videos", "content_id", "content_id = ''"),
    ("nodes", "id", "id = ''"),
    ("encoders", "dimension", f"dimension NOT BETWEEN 1 AND {_MOST_DIMENSIONS}"),
    ("looks", "max_side", f"max_side NOT BETWEEN 1 AND {_MOST_SIDE}"),
    ("passages", "content_id", "content_id <> (SELECT content_id FROM memories)"),
    ("passages", "segment", _NO_NODE.format("segment")),
    ("passages", "node", _NO_NODE.format("node")),
    ("looks", "content_id", "content_id <> (SELECT content_id FROM memories)"),
)
"""Table, column, and a condition that no row may fulfil."""


def faults_in(source: sqlite3.Connection) -> Iterator[str]:
    """The faults in the values of an exported memory whose schema and types are right, by table and
    column."""
    for table, column, rule in _RULES:
        if source.execute(f"SELECT 1 FROM {table} WHERE {rule} LIMIT 1").fetchone():
            yield f"{table}.{column} is out of range, or of another video"
    yield from _notes(source)
    yield from _pictures(source)
    for table in ("vectors", "sights"):
        for (vector,) in source.execute(f"SELECT vector FROM {table}"):
            if not np.isfinite(np.frombuffer(vector, "<f4")).all():
                yield f"{table}.vector holds what is no number"


def file_name_fault(name: Path) -> str | None:
    """The fault in the name of the video's file: longer than 255 bytes, or no name; None if it has none."""
    if len(str(name).encode("utf-8", "surrogateescape")) > _MOST_NAME or str(name) in (".", ".."):
        return "memories.video names no file"
    return None


def _notes(source: sqlite3.Connection) -> Iterator[str]:
    """Faults in the indexer's own notes, from which it resumes."""
    for state, stages in source.execute("SELECT state, stages FROM memories"):
        for column, text, kinds in (("state", state or "0", (dict, list, int)), ("stages", stages, (dict,))):
            try:
                fits = isinstance(loads(text), kinds)
            except ValueError:
                fits = False
            if not fits:
                yield f"memories.{column} is not what an indexer notes"


def _pictures(source: sqlite3.Connection) -> Iterator[str]:
    from PIL import Image, UnidentifiedImageError

    for (jpeg,) in source.execute("SELECT jpeg FROM posters"):
        try:
            with Image.open(io.BytesIO(jpeg), formats=("JPEG",)) as frame:
                width, height = frame.size
        except (UnidentifiedImageError, OSError, ValueError, SyntaxError):
            continue  # It will not be decoded.
        if width * height > _MOST_PIXELS:
            yield f"posters.jpeg is a picture of {width}x{height}"
