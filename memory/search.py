"""Finding passages: by words (BM25) and by meaning (vectors), the two rankings fused."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from video_vlm.memory.database import Database
from video_vlm.memory.fusion import Fused, fuse
from video_vlm.memory.words import match_query
from video_vlm.records import Evidence, ObservationKind, Span

__all__ = ["WITHIN", "Filter", "Meaning", "Neighbour", "search_passages"]

WITHIN: Final = """
    (:contents IS NULL OR p.content_id IN (SELECT value FROM json_each(:contents)))
    AND (:kinds IS NULL OR p.kind IN (SELECT value FROM json_each(:kinds)))
    AND (:start IS NULL OR p.start = :start OR (p.start < :end AND p."end" > :start))
"""
"""SQL for :class:`Filter` over ``passages AS p``; the last line is ``Span.overlaps``."""

_BY_WORDS: Final = f"""
    SELECT p.id FROM word_index JOIN readable_passages AS p ON p.id = word_index.rowid
    WHERE word_index MATCH :query AND {WITHIN}
    ORDER BY bm25(word_index), p.start, p.id LIMIT :limit
"""  # noqa: S608 - constants only

_POOL: Final = 50
"""Each ranking is this deep before fusing: what only one of them finds first must meet the other's tail."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Where to look at all. Applied before ranking, so that a full result is never thinned out afterwards."""

    content_ids: tuple[str, ...] | None = None
    span: Span | None = None
    kinds: tuple[ObservationKind, ...] | None = None

    def parameters(self) -> dict[str, object]:
        """For :data:`WITHIN`."""
        return {
            "contents": None if self.content_ids is None else json.dumps(self.content_ids),
            "kinds": None if self.kinds is None else json.dumps(self.kinds),
            "start": None if self.span is None else self.span.start,
            "end": None if self.span is None else self.span.end,
        }


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A passage near in meaning, and how near (cosine)."""

    passage: int
    cosine: float


class Meaning(Protocol):
    """The search by vectors, where there is an encoder."""

    def nearest(self, query: str, *, within: Filter, limit: int) -> Sequence[Neighbour]: ...


def search_passages(
    database: Database, query: str, *, within: Filter, limit: int, meaning: Meaning | None
) -> tuple[Evidence, ...]:
    """The passages nearest to ``query``, best first.

    ``Evidence.score`` is the fused score and compares within one search only; ``why`` says which
    ranking found it at which place.

    Raises:
        ValueError: ``limit`` is not positive.
    """
    if limit < 1:
        raise ValueError(f"limit must be at least 1, got {limit}")
    pool = max(_POOL, 2 * limit)
    neighbours = meaning.nearest(query, within=within, limit=pool) if meaning and query.strip() else ()
    with database.read() as connection:
        fused = fuse(
            {
                "words": _by_words(connection, query, within=within, limit=pool),
                "meaning": [one.passage for one in neighbours],
            }
        )
        cosines = {one.passage: one.cosine for one in neighbours}
        rows = _rows(connection, [one.item for one in fused])
    found = [one for one in fused if one.item in rows][:limit]
    return tuple(_evidence(rows[one.item], one, cosines.get(one.item)) for one in found)


def _by_words(connection: sqlite3.Connection, query: str, *, within: Filter, limit: int) -> list[int]:
    match = match_query(query)
    if match is None:
        return []
    rows = connection.execute(_BY_WORDS, {**within.parameters(), "query": match, "limit": limit})
    return [row["id"] for row in rows]


def _rows(connection: sqlite3.Connection, passages: Iterable[int]) -> dict[int, sqlite3.Row]:
    """Passages by id; those dropped since they were found are not there."""
    rows = connection.execute(
        "SELECT * FROM readable_passages WHERE id IN (SELECT value FROM json_each(?))", (json.dumps(list(passages)),)
    )
    return {row["id"]: row for row in rows}


def _evidence(row: sqlite3.Row, fused: Fused[int], cosine: float | None) -> Evidence:
    return Evidence(
        span=Span(row["start"], row["end"]),
        score=fused.score,
        why=", ".join(_reason(name, rank, cosine) for name, rank in fused.ranks.items()),
        text=row["text"],
        kind=None if row["kind"] is None else ObservationKind(row["kind"]),
        node=row["node"] or row["segment"],
        content_id=row["content_id"],
    )


def _reason(name: str, rank: int, cosine: float | None) -> str:
    """``words #1``, ``meaning #3 (0.71)``."""
    return f"{name} #{rank}" + (f" ({cosine:.2f})" if name == "meaning" and cosine is not None else "")
