"""Search filters in PostgreSQL's syntax."""

from __future__ import annotations

from typing import Final

from video_vlm.memory import search
from video_vlm.memory.postgres.dialect import translated

__all__ = ["INSIDE", "WITHIN", "WITHIN_TEXT"]

WITHIN: Final = translated(search.WITHIN).decode()
"""For :class:`~video_vlm.memory.search.Filter` over ``passages AS p``."""

WITHIN_TEXT: Final = translated(search.WITHIN_TEXT).decode()
"""The same for passages alone: frames come from no look."""

INSIDE: Final = f"""
    inside AS MATERIALIZED (
        SELECT p.id, p.start FROM listed(%(contents)s) AS c JOIN readable_passages AS p ON p.content_id = c.value
        WHERE {WITHIN_TEXT}
    )
"""
"""A common table expression: the passages of the named videos."""
