"""Search by words in PostgreSQL: matched with ``tsvector``, ranked by BM25.

The server's own ``ts_rank`` does not know how rare a word is: common words would rank as high as rare ones.
BM25 is Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", 2009, with the
constants and the inverse document frequency of SQLite's FTS5.
"""

from __future__ import annotations

import time
from typing import Final

from video_vlm.memory.fts_query import terms_of
from video_vlm.memory.postgres.connection import PostgresConnection
from video_vlm.memory.postgres.filters import INSIDE, WITHIN_TEXT
from video_vlm.memory.search import Filter

__all__ = ["Words"]

_ASKED: Final = """
    asked AS MATERIALIZED (
        SELECT query, lexeme, ln(greatest((n.docs - n.holders + 0.5) / (n.holders + 0.5), 1.000001)) AS idf
        FROM (
            SELECT one.query, one.lexeme, greatest(%(docs)s::float8, one.holders) AS docs, one.holders FROM (
                SELECT q.query, q.lexeme, (SELECT count(*) FROM word_index AS w WHERE w.words @@ q.query) AS holders
                FROM (
                    SELECT DISTINCT phraseto_tsquery('words', plain(term)) AS query, CASE
                        WHEN length(to_tsvector('words', plain(term))) = 1
                        THEN (tsvector_to_array(to_tsvector('words', plain(term))))[1]
                    END AS lexeme
                    FROM unnest(%(terms)s::text[]) AS term
                ) AS q WHERE numnode(q.query) > 0
            ) AS one
        ) AS n
    )
"""
"""The terms, each with its weight; ``lexeme`` is null for a phrase."""

_SCORE: Final = """
    sum(asked.idf * said.times * 2.2 / (said.times + 1.2 * (0.25 + 0.75 * w.num_words / %(length)s::float8)))
"""

_TIMES: Final = """
    CROSS JOIN LATERAL (
        SELECT CASE WHEN asked.lexeme IS NULL THEN 1 ELSE (
            SELECT coalesce(cardinality(each.positions), 1) FROM unnest(w.words) AS each
            WHERE each.lexeme = asked.lexeme
        ) END AS times
    ) AS said
"""

_ANYWHERE: Final = f"""
    WITH {_ASKED}
    SELECT p.id, {_SCORE} AS score FROM asked JOIN word_index AS w ON w.words @@ asked.query
    JOIN readable_passages AS p ON p.id = w.passage {_TIMES}
    WHERE {WITHIN_TEXT} GROUP BY p.id, p.start ORDER BY score DESC, p.start, p.id LIMIT %(limit)s
"""

_IN_VIDEOS: Final = f"""
    WITH {_ASKED}, {INSIDE}
    SELECT p.id, {_SCORE} AS score FROM inside AS p JOIN word_index AS w ON w.passage = p.id
    JOIN asked ON w.words @@ asked.query {_TIMES}
    GROUP BY p.id, p.start ORDER BY score DESC, p.start, p.id LIMIT %(limit)s
"""
"""Starts from the videos' own passages: the index would list those of all videos."""

_COUNTED_EACH_TIME: Final = 50_000
_GOOD_FOR_SECONDS: Final = 60.0


class Words:
    """The search by words in one library.

    The number of passages and their mean length (words) are counted for every search up to 50,000 passages,
    else once a minute: they only affect the weights of words.
    """

    def __init__(self) -> None:
        self._totals = (0, 1.0)
        self._counted_at = float("-inf")

    def find(
        self, connection: PostgresConnection, query: str, *, within: Filter, limit: int
    ) -> list[tuple[int, float]]:
        """The ids of up to ``limit`` passages with any word of ``query``, and their positive BM25 scores,
        best first."""
        terms = terms_of(query)
        if not terms:
            return []
        docs, length = self._counted(connection)
        statement = _ANYWHERE if within.content_ids is None else _IN_VIDEOS
        values = {**within.parameters(), "terms": terms, "docs": docs, "length": length, "limit": limit}
        return [(row["id"], float(row["score"])) for row in connection.ask(statement, **values)]

    def _counted(self, connection: PostgresConnection) -> tuple[int, float]:
        now = time.monotonic()
        if self._totals[0] <= _COUNTED_EACH_TIME or now - self._counted_at > _GOOD_FOR_SECONDS:
            (row,) = connection.ask(
                "SELECT count(*) AS docs, greatest(coalesce(avg(num_words), 1), 1)::float8 AS length"
                " FROM word_index"
            )
            self._totals, self._counted_at = (row["docs"], row["length"]), now
        return self._totals
