"""Checking a library in PostgreSQL: its triggers, rows and indexes. The server checks pages and foreign
keys."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from video_vlm.memory.postgres.database import PostgresDatabase
from video_vlm.memory.verify import Problem, row_problems

__all__ = ["rebuild_words", "verify"]

_REBUILD: Final = "rebuild what is derived (Library.rebuild_derived)"
_REINDEX: Final = "remove the video from the library and index it again"

_OURS: Final = frozenset(("trigger", name, "passages") for name in ("passages_added", "passage_unchangeable"))
"""The triggers of ``schema.py``."""


def verify(database: PostgresDatabase) -> tuple[Problem, ...]:
    """All problems of the library; none if it is sound."""
    with database.read() as connection:
        added = tuple(_added(database))
        if added:  # They are not run.
            return added
        rows = tuple(row_problems(connection))
    return (*rows, *_words(database), *_vectors(database))


def _added(database: PostgresDatabase) -> Iterator[Problem]:
    """Triggers and rules on the library's tables that are not this package's: the server runs them at each
    write."""
    with database.reading() as connection:
        rows = connection.ask(
            "SELECT 'trigger' AS kind, t.tgname AS name, c.relname AS place FROM pg_trigger AS t"
            " JOIN pg_class AS c ON c.oid = t.tgrelid WHERE NOT t.tgisinternal"
            " AND c.relnamespace = CAST(current_schema() AS REGNAMESPACE) UNION ALL"
            " SELECT 'rule', r.rulename, c.relname FROM pg_rewrite AS r"
            " JOIN pg_class AS c ON c.oid = r.ev_class WHERE r.rulename <> '_RETURN'"
            " AND c.relnamespace = CAST(current_schema() AS REGNAMESPACE) ORDER BY 1, 2"
        )
    for row in rows:
        if (row["kind"], row["name"], row["place"]) not in _OURS:
            what = f"the {row['kind']} {row['name']!r} on {row['place']} is not the library's"
            remedy = f"drop it (DROP {row['kind'].upper()}), or restore a backup"
            yield Problem("the library's tables", what, remedy)


def rebuild_words(database: PostgresDatabase) -> None:
    """Build the full-text index again from the passages."""
    with database.write() as connection:
        connection.execute("DELETE FROM word_index")
        connection.execute("SELECT index_words(id, coalesce(words, text)) FROM passages")


def _words(database: PostgresDatabase) -> Iterator[Problem]:
    with database.reading() as connection:
        (row,) = connection.ask(
            "SELECT count(*) FILTER (WHERE w.passage IS NULL) AS missing, count(w.passage) FILTER ("
            " WHERE w.words <> to_tsvector('words', plain(coalesce(p.words, p.text)))) AS others"
            " FROM passages AS p LEFT JOIN word_index AS w ON w.passage = p.id"
        )
    if row["missing"] or row["others"]:
        what = f"{row['missing']} passages missing, {row['others']} with other words than their text has"
        yield Problem("full-text index", what, _REBUILD, is_derived=True)


def _vectors(database: PostgresDatabase) -> Iterator[Problem]:
    with database.reading() as connection:
        rows = connection.ask(
            "SELECT e.name, count(*) AS wrong FROM ("
            "SELECT encoder, vector FROM vectors UNION ALL SELECT encoder, vector FROM sights"
            ") AS v JOIN encoders AS e ON e.name = v.encoder"
            " WHERE vector_dims(v.vector) <> e.dimension GROUP BY e.name ORDER BY e.name"
        )
    for row in rows:
        yield Problem(f"vectors of {row['name']}", f"{row['wrong']} have the wrong size", _REINDEX)
