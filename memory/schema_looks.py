"""The migration that adds tables for looks: the observer, the frames, and the question.

The observations of a look are in ``passages`` (``memory`` null, ``look`` set), so that search finds them. A
look belongs to the video and to the digest of its observer: a rebuild with the same observers keeps it, one
with others deletes it.
"""

from __future__ import annotations

from typing import Final

__all__ = ["ADD_LOOKS"]

ADD_LOOKS: Final = (
    """
    CREATE TABLE looks (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        content_id TEXT NOT NULL REFERENCES videos ON DELETE CASCADE,
        observer TEXT NOT NULL,
        digest TEXT NOT NULL,
        question TEXT NOT NULL,
        reason TEXT NOT NULL,
        max_side INTEGER NOT NULL CHECK (max_side > 0),
        looked_at TEXT NOT NULL
    )
    """,
    "CREATE INDEX looks_by_content ON looks (content_id, observer, digest)",
    # `start` is the picture's own time, `end` where the next one of the look begins.
    """
    CREATE TABLE looked_pictures (
        look INTEGER NOT NULL REFERENCES looks ON DELETE CASCADE,
        start REAL NOT NULL,
        "end" REAL NOT NULL CHECK ("end" >= start),
        PRIMARY KEY (look, start)
    ) WITHOUT ROWID
    """,
    "ALTER TABLE passages ADD COLUMN look INTEGER REFERENCES looks ON DELETE CASCADE",
    "CREATE INDEX passages_by_look ON passages (look) WHERE look IS NOT NULL",
)
