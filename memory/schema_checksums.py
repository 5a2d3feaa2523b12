"""The migration that adds checksums of rows to memories and looks.

SQLite finds broken pages, but no changed letter inside a text. ``memories.seal`` and ``looks.seal`` are null
until the library is opened for writing, which computes them; ``seals`` holds those of a memory's parts.
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
