"""Search in memories: by words (BM25), by meaning (text vectors) and by sight (visual vectors), fused."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias

from video_vlm.memory.database_protocol import DatabaseConnection
from video_vlm.memory.fts_query import match_query
from video_vlm.memory.fusion import Fused, apart, fuse
from video_vlm.memory.row_codec import kind_of
from video_vlm.records import Evidence, ObservationKind, Span

__all__ = [
    "FUSED",
    "WITHIN",
    "WITHIN_TEXT",
    "ByWords",
    "Filter",
    "FrameNeighbour",
    "Meaning",
    "Ranking",
    "TextNeighbour",
    "by_words",
    "pool_for",
    "search_moments",
]

WITHIN: Final = """
    (:contents IS NULL OR p.content_id IN (SELECT value FROM json_each(:contents)))
    AND (:kinds IS NULL OR p.kind IN (SELECT value FROM json_each(:kinds)))
    AND (:start IS NULL OR p.start = :start OR (p.start < :end AND p."end" > :start))
"""
"""SQL for :class:`Filter` over ``passages AS p``; the last line is ``Span.overlaps``."""

WITHIN_TEXT: Final = f"{WITHIN} AND (:looks = 1 OR p.look IS NULL)"
"""The same for passages alone: frames come from no look."""

_BY_WORDS: Final = f"""
    SELECT p.id, bm25(word_index) AS rank FROM word_index JOIN readable_passages AS p ON p.id = word_index.rowid
    WHERE word_index MATCH :query AND word_index.rowid BETWEEN :first AND :last AND {WITHIN_TEXT}
    ORDER BY rank, p.start, p.id LIMIT :limit
"""

_BEST_BY_WORDS: Final = """
    SELECT p.id, found.rank FROM (
        SELECT rowid AS id, rank FROM word_index WHERE word_index MATCH :query ORDER BY rank LIMIT :deep
    ) AS found CROSS JOIN readable_passages AS p ON p.id = found.id
    ORDER BY found.rank, p.start, p.id LIMIT :limit
"""
"""The same without a filter: only the best matches are fetched, not each passage with one of the words."""

_ANY_ID: Final = (0, (1 << 63) - 1)

_DEEPER: Final = 8
"""So many times more matches than wanted are ranked: some are of memories that were replaced."""

_MOMENT_SECONDS: Final = 30.0
"""A passage longer than this (a chapter's title) is not at one moment."""

_NO_SHARE, _FULL_SHARE = 0.4, 0.8
"""Shares of the best BM25 score. A match below the first has only a common word of the question, and its vote
is 0; from the second on the vote is 1."""

_POOL: Final = 50
"""The least depth of each ranking before fusion."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which passages and frames are searched; None means all. Applied before the ranking."""

    content_ids: tuple[str, ...] | None = None
    span: Span | None = None
    kinds: tuple[ObservationKind, ...] | None = None
    looks: bool = True
    """Whether passages that were seen in looks count."""

    def parameters(self) -> dict[str, object]:
        """The values of :data:`WITHIN`'s parameters."""
        return {
            "contents": None if self.content_ids is None else json.dumps(self.content_ids),
            "kinds": None if self.kinds is None else json.dumps(self.kinds),
            "start": None if self.span is None else self.span.start,
            "end": None if self.span is None else self.span.end,
            "looks": int(self.looks),
        }


@dataclass(frozen=True, slots=True)
class TextNeighbour:
    """The id of a passage, and the cosine of its vector to the query."""

    passage: int
    cosine: float


class Meaning(Protocol):
    """The search by text vectors."""

    def nearest(self, query: str, *, within: Filter, limit: int) -> Sequence[TextNeighbour]: ...


@dataclass(frozen=True, slots=True)
class FrameNeighbour:
    """A frame: its node, its video, its span, and the cosine of its vector to the query."""

    node: str
    content_id: str
    span: Span
    cosine: float


_Item: TypeAlias = int | FrameNeighbour
"""A result: the id of a passage, or a frame."""


class ByWords(Protocol):
    """The search by words: the ids of passages with any word of the query and their positive BM25 scores,
    best first."""

    def __call__(
        self, connection: sqlite3.Connection, query: str, *, within: Filter, limit: int
    ) -> list[tuple[int, float]]: ...


@dataclass(frozen=True, slots=True)
class Ranking:
    """How the result lists of one search are fused.

    ``lists`` names those that count (``words``, ``meaning``, ``sight``, ``like``; None for all); ``diverse``
    lowers the score of results at a moment that is in the result already.
    """

    lists: frozenset[str] | None = None
    diverse: bool = True

    def takes(self, name: str) -> bool:
        return self.lists is None or name in self.lists


FUSED: Final = Ranking()


def pool_for(limit: int) -> int:
    """The depth of each ranking for ``limit`` results: twice as many, at least 50.

    Raises:
        ValueError: ``limit`` is not positive.
    """
    if limit < 1:
        raise ValueError(f"limit must be at least 1, got {limit}")
    return max(_POOL, 2 * limit)


def search_moments(
    database: DatabaseConnection,
    query: str,
    *,
    within: Filter,
    limit: int,
    meaning: Meaning | None,
    seen: Mapping[str, Sequence[FrameNeighbour]] | None = None,
    ranking: Ranking = FUSED,
    words: ByWords | None = None,
) -> tuple[Evidence, ...]:
    """The evidence nearest to ``query``, best first.

    ``Evidence.score`` is the fused score and compares within one search only; ``why`` has the rank in each
    list. A frame in ``seen`` (by list) counts for the passage that was found at the same moment; where there
    is none it is a result of its own.

    Raises:
        ValueError: ``limit`` is not positive.
    """
    pool = pool_for(limit)
    meant = meaning if query.strip() and ranking.takes("meaning") else None
    neighbours = meant.nearest(query, within=within, limit=pool) if meant else ()
    near = [one.passage for one in neighbours]
    with database.read() as connection:
        find = words or by_words
        worded = find(connection, query, within=within, limit=pool) if ranking.takes("words") else []
        rows = _rows(connection, [*(passage for passage, _ in worded), *near])
    votes = {"words": [_vote(score / worded[0][1]) for _, score in worded]}
    rankings: dict[str, Sequence[_Item]] = {"words": [passage for passage, _ in worded], "meaning": near}
    cosines: dict[tuple[str, _Item], float] = {("meaning", one.passage): one.cosine for one in neighbours}
    ranked = fuse(rankings, votes=votes)
    texts = [rows[one.item] for one in ranked if isinstance(one.item, int) and one.item in rows]
    for name, moments in (seen or {}).items():
        items = _joined(moments, texts)
        cosines |= {(name, item): one.cosine for item, one in zip(items, moments, strict=True)}
        rankings[name] = items
    ranked = fuse(rankings, votes=votes)
    found = [one for one in ranked if isinstance(one.item, FrameNeighbour) or one.item in rows]
    if ranking.diverse:
        found = apart(found, {one.item: _when(one.item, rows) for one in found}, limit=limit)
    return tuple(_evidence(one, rows, cosines) for one in found[:limit])


def _vote(share: float) -> float:
    """The vote of a match by words, in ``[0, 1]``, by its share of the best score."""
    return min(max((share - _NO_SHARE) / (_FULL_SHARE - _NO_SHARE), 0.0), 1.0)


def _joined(moments: Sequence[FrameNeighbour], texts: Sequence[sqlite3.Row]) -> list[_Item]:
    """For each frame the best passage of up to 30 s that overlaps it; the frame itself where there is
    none."""
    free = [row for row in texts if row["kind"] is not None and row["end"] - row["start"] <= _MOMENT_SECONDS]
    items: list[_Item] = []
    for one in moments:
        there = (row for row in free if row["content_id"] == one.content_id and _span(row).overlaps(one.span))
        row = next(there, None)
        items.append(one if row is None else int(row["id"]))
        free = [other for other in free if other is not row]
    return items


def by_words(
    connection: sqlite3.Connection, query: str, *, within: Filter, limit: int
) -> list[tuple[int, float]]:
    """The ids of passages with any word of ``query``, and their positive BM25 scores, best first; from
    SQLite's full-text index."""
    match = match_query(query)
    if match is None:
        return []
    if within == Filter():
        deep = _DEEPER * limit
        found = connection.execute(_BEST_BY_WORDS, {"query": match, "deep": deep, "limit": limit}).fetchall()
        if len(found) == limit:
            return [(row["id"], -row["rank"]) for row in found]
    first, last = _id_range(connection, within)
    parameters = {**within.parameters(), "query": match, "limit": limit, "first": first, "last": last}
    return [(row["id"], -row["rank"]) for row in connection.execute(_BY_WORDS, parameters)]


def _id_range(connection: sqlite3.Connection, within: Filter) -> tuple[int, int]:
    """The least and the greatest id of the videos' passages: the index skips all others."""
    if within.content_ids is None:
        return _ANY_ID
    row = connection.execute(
        "SELECT min(p.id), max(p.id) FROM json_each(?) AS c CROSS JOIN passages AS p ON p.content_id = "
        "c.value",
        (json.dumps(within.content_ids),),
    ).fetchone()
    return (row[0], row[1]) if row[0] is not None else (0, -1)


def _rows(connection: sqlite3.Connection, passages: Iterable[int]) -> dict[int, sqlite3.Row]:
    """Passages by id; those deleted since they were found are left out."""
    rows = connection.execute(
        "SELECT * FROM readable_passages WHERE id IN (SELECT CAST(value AS BIGINT) FROM json_each(?))",
        (json.dumps(list(passages)),),
    )
    return {row["id"]: row for row in rows}


def _evidence(
    fused: Fused[_Item], rows: Mapping[int, sqlite3.Row], cosines: Mapping[tuple[str, _Item], float]
) -> Evidence:
    item, by = fused.item, tuple(fused.ranks)
    reasons = []  # ``words #1``, ``meaning #3 (0.71)``
    for name, rank in fused.ranks.items():
        cosine = cosines.get((name, item))
        reasons.append(f"{name} #{rank}" + ("" if cosine is None else f" ({cosine:.2f})"))
    why = ", ".join(reasons)
    if isinstance(item, FrameNeighbour):
        return Evidence(item.span, fused.score, why, node=item.node, content_id=item.content_id, found_by=by)
    row = rows[item]
    return Evidence(
        span=_span(row),
        score=fused.score,
        why=why,
        text=row["text"],
        kind=None if row["kind"] is None else kind_of(row["kind"]),
        node=row["node"] or row["segment"],
        content_id=row["content_id"],
        found_by=by,
    )


def _when(item: _Item, rows: Mapping[int, sqlite3.Row]) -> tuple[str, Span]:
    if isinstance(item, FrameNeighbour):
        return item.content_id, item.span
    return rows[item]["content_id"], _span(rows[item])


def _span(row: sqlite3.Row) -> Span:
    return Span(row["start"], row["end"])
