"""The migration that makes the levels of the hierarchy rows: a name and a rank, the finest first.

A level is one entry in :class:`~video_vlm.records.Level` and a migration that inserts its row; ranks leave
room for new levels. Until format 5 the names were in a ``CHECK``.
"""

from __future__ import annotations

from typing import Final

__all__ = ["ADD_LEVELS"]

ADD_LEVELS: Final = (
    "CREATE TABLE levels (name TEXT PRIMARY KEY, rank INTEGER NOT NULL UNIQUE) WITHOUT ROWID",
    "INSERT INTO levels VALUES ('frame', 10), ('segment', 20), ('scene', 30), ('chapter', 40), ('video', 50)",
    # SQLite drops no CHECK: the table is made again.
    "DROP VIEW readable_sights",
    """
    CREATE TABLE nodes_anew (
        memory INTEGER NOT NULL REFERENCES memories ON DELETE CASCADE,
        id TEXT NOT NULL,
        level TEXT NOT NULL REFERENCES levels,
        start REAL NOT NULL,
        "end" REAL NOT NULL CHECK ("end" >= start),
        parent TEXT,
        summary TEXT NOT NULL,
        title TEXT,
        coverage REAL NOT NULL,
        provenance TEXT NOT NULL,
        PRIMARY KEY (memory, id),
        FOREIGN KEY (memory, parent) REFERENCES nodes_anew (memory, id) DEFERRABLE INITIALLY DEFERRED
    ) WITHOUT ROWID
    """,
    "INSERT INTO nodes_anew SELECT * FROM nodes",
    "DROP TABLE nodes",
    "ALTER TABLE nodes_anew RENAME TO nodes",
    'CREATE INDEX nodes_by_time ON nodes (memory, level, start, "end", id)',
    "CREATE INDEX nodes_by_parent ON nodes (memory, parent)",
    """
    CREATE VIEW readable_sights AS
    SELECT s.id, s.encoder, s.vector, s.memory, m.content_id, n.id AS node, n.level, n.parent, n.start, n."end",
        NULL AS kind
    FROM readable_memories AS m JOIN nodes AS n ON n.memory = m.id
    JOIN sights AS s ON s.memory = n.memory AND s.node = n.id
    """,
)
