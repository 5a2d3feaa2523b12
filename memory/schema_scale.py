"""The step that keeps a large library quick, and lets a part of a memory be made again.

Views ask of one row at a time whether it may be read: listing the memories that may, for every search, cost
more than the search in a library of ten thousand. ``index_marks`` says which states of the vectors this
library went through a
derived index was made from: such an index is brought up to date instead of made again. ``memories.stages``
tells what each stage of indexing was made with (see :mod:`video_vlm.index.stages`).
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
