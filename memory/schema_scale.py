"""The migration that makes large libraries faster, and allows a part of a memory to be built again.

Views check for one row at a time whether it may be read: listing all readable memories for every search took
longer than the search itself in a library of ten thousand. ``index_marks`` has the earlier states of the
vectors from which derived indexes were built: such an index is updated instead of built again.
``memories.stages`` has the settings of each stage of indexing (see :mod:`video_vlm.index.stages`).
"""

from __future__ import annotations

from typing import Final

__all__ = ["ADD_SCALE"]

_MAY_BE_READ: Final = """(one.complete OR NOT EXISTS (
        SELECT 1 FROM memories AS other WHERE other.content_id = one.content_id AND other.complete
    ))"""

ADD_SCALE: Final = (
    "DROP VIEW readable_passages",
    f"""
    CREATE VIEW readable_passages AS
    SELECT * FROM passages WHERE memory IS NULL OR EXISTS (
        SELECT 1 FROM memories AS one WHERE one.id = passages.memory AND {_MAY_BE_READ}
    )
    """,
    """
    CREATE TABLE index_marks (
        list TEXT PRIMARY KEY,
        revision TEXT NOT NULL
    ) WITHOUT ROWID
    """,
    "ALTER TABLE memories ADD COLUMN stages TEXT NOT NULL DEFAULT '{}'",
)
