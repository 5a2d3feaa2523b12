"""Looks: frames that were shown to an observer for a question, kept beside the observations of the video."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from video_vlm.memory.row_checksums import seal_look
from video_vlm.memory.row_codec import decoding, observation_of, span_of
from video_vlm.memory.searchable_text import add_seen
from video_vlm.memory.typed_json import clean
from video_vlm.records import Observation, Span

__all__ = ["CAPTIONER", "StoredLook", "add_look", "drop_looks", "drop_stale_looks", "looks_at"]

CAPTIONER: Final = "caption:"
"""Prefix of the names of observers that write captions: these are made ahead, without a question."""


_COLUMNS: Final = ("observer", "digest", "question", "reason", "max_side", "looked_at")


@dataclass(frozen=True, slots=True)
class StoredLook:
    """Frames that one observer was shown for one question, and its observations.

    ``digest`` is the observer's: another one would read the same frames differently. ``frames`` are their
    spans in seconds, each from the frame's own time to the next one's; ``max_side`` is the longest side in
    pixels. ``looked_at`` (ISO 8601, UTC) is set when the look is kept.
    """

    observer: str
    digest: str
    question: str
    reason: str
    max_side: int
    frames: tuple[Span, ...]
    observations: tuple[Observation, ...] = ()
    looked_at: str = ""

    def __post_init__(self) -> None:
        if not self.frames:
            raise ValueError(f"a look needs a picture that was looked at: {self.reason!r}")
        if self.max_side < 1:
            raise ValueError(f"max_side must be at least 1 pixel, got {self.max_side}")

    @property
    def is_caption(self) -> bool:
        return self.observer.startswith(CAPTIONER)

    @property
    def span(self) -> Span:
        return self.frames[0].cover(self.frames[-1])

    @property
    def pictures_per_second(self) -> float | None:
        """Frames a second, on average; None for a single frame."""
        seconds = self.frames[-1].start - self.frames[0].start
        return (len(self.frames) - 1) / seconds if seconds else None


def add_look(connection: sqlite3.Connection, look: StoredLook, *, content_id: str, written_at: str) -> int:
    """Keep a look; return how many observations that added. Those the memory has already are not added."""
    question = clean(look.question)
    cursor = connection.execute(
        "INSERT INTO looks (content_id, observer, digest, question, reason, max_side, looked_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (content_id, look.observer, look.digest, question, clean(look.reason), look.max_side, written_at),
    )
    frames = {one.start: one.end for one in look.frames}
    connection.executemany(
        "INSERT INTO looked_pictures VALUES (?, ?, ?)",
        [(cursor.lastrowid, start, end) for start, end in frames.items()],
    )
    owner = {"content_id": content_id, "look": cursor.lastrowid, "observer": look.observer}
    added = add_seen(connection, look.observations, {**owner, "question": question, "written_at": written_at})
    if cursor.lastrowid is not None:
        seal_look(connection, cursor.lastrowid)
    return added


def looks_at(connection: sqlite3.Connection, content_id: str) -> tuple[StoredLook, ...]:
    """The looks at one video, in the order they were taken."""
    whose = "look IN (SELECT id FROM looks WHERE content_id = ?)"
    frames, seen = defaultdict(list), defaultdict(list)
    pictures = f"SELECT * FROM looked_pictures WHERE {whose} ORDER BY start"
    for row in connection.execute(pictures, (content_id,)):
        frames[row["look"]].append(span_of(row))
    passages = f'SELECT * FROM passages WHERE {whose} ORDER BY start, "end", id'
    for row in connection.execute(passages, (content_id,)):
        seen[row["look"]].append(observation_of(row))
    rows = connection.execute("SELECT * FROM looks WHERE content_id = ? ORDER BY id", (content_id,))
    with decoding("look"):
        return tuple(
            StoredLook(
                **{name: row[name] for name in _COLUMNS},
                frames=tuple(frames[row["id"]]),
                observations=tuple(seen[row["id"]]),
            )
            for row in rows
        )


def drop_looks(connection: sqlite3.Connection, content_id: str) -> int:
    """Delete all looks at one video with their observations; return how many looks."""
    return connection.execute("DELETE FROM looks WHERE content_id = ?", (content_id,)).rowcount


def drop_stale_looks(connection: sqlite3.Connection, content_id: str, digests: Mapping[str, str]) -> int:
    """Delete the looks of the observers in ``digests`` that have another digest; return how many."""
    return sum(
        connection.execute(
            "DELETE FROM looks WHERE content_id = ? AND observer = ? AND digest <> ?",
            (content_id, observer, digest),
        ).rowcount
        for observer, digest in digests.items()
    )
