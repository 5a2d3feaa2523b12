"""The step that gives every memory and every look checksums of its own rows.

SQLite finds broken pages, not a letter that was turned over inside a text. ``memories.seal`` and
``looks.seal`` are null until they are given, which opening the library for writing does; ``seals`` holds
those of a memory's parts.
"""

from __future__ import annotations

from typing import Final

__all__ = ["ADD_SEALS"]

ADD_SEALS: Final = (
    "ALTER TABLE memories ADD COLUMN seal TEXT",
    "ALTER TABLE looks ADD COLUMN seal TEXT",
    "CREATE INDEX passages_by_segment ON passages (segment) WHERE segment IS NOT NULL",
    "CREATE INDEX unsealed_memories ON memories (id) WHERE seal IS NULL",
    "CREATE INDEX unsealed_looks ON looks (id) WHERE seal IS NULL",
    """
    CREATE TABLE seals (
        memory INTEGER NOT NULL REFERENCES memories ON DELETE CASCADE,
        part TEXT NOT NULL,
        checksum TEXT NOT NULL,
        PRIMARY KEY (memory, part)
    ) WITHOUT ROWID
    """,
)
