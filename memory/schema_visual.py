"""The migration that adds visual vectors.

``sights`` holds one vector for a node and an image-text encoder (computed for frames, and means of these for
segments and scenes), and ``posters`` the time of each frame's image.
"""

from __future__ import annotations

from typing import Final

__all__ = ["ADD_SIGHT"]

ADD_SIGHT: Final = (
    "ALTER TABLE posters ADD COLUMN pts_seconds REAL",
    # Rows have ids, never given twice: they are what a derived index knows a vector by.
    """
    CREATE TABLE sights (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        memory INTEGER NOT NULL,
        node TEXT NOT NULL,
        encoder TEXT NOT NULL REFERENCES encoders ON DELETE CASCADE,
        vector BLOB NOT NULL,
        UNIQUE (memory, node, encoder),
        FOREIGN KEY (memory, node) REFERENCES nodes (memory, id) ON DELETE CASCADE
    )
    """,
    # With the column names of a filter over passages; a filter by kind excludes all visual vectors.
    """
    CREATE VIEW readable_sights AS
    SELECT s.id, s.encoder, s.vector, s.memory, m.content_id, n.id AS node, n.level, n.parent, n.start, n."end",
        NULL AS kind
    FROM readable_memories AS m JOIN nodes AS n ON n.memory = m.id
    JOIN sights AS s ON s.memory = n.memory AND s.node = n.id
    """,
    """
    CREATE TRIGGER sight_added AFTER INSERT ON sights BEGIN
        UPDATE encoders SET revision = lower(hex(randomblob(12))) WHERE name = new.encoder;
    END
    """,
    """
    CREATE TRIGGER sight_deleted AFTER DELETE ON sights BEGIN
        UPDATE encoders SET revision = lower(hex(randomblob(12))) WHERE name = old.encoder;
    END
    """,
)
