"""What is added to a screen that fills up: rows that appear beside one that was there before and stays.

A table, a list or a terminal is not replaced by the next card but grows. "After the last row" then means
after that row *appeared*, while it is still there, not after it is gone. When a row appeared is known only as
finely as pictures were read around it; an answer that rests on a coarse reading is unsure of itself, so that
it is looked into.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from video_vlm.language.anchors import locate
from video_vlm.language.passages import Passage, Passages
from video_vlm.language.query import Query
from video_vlm.language.time_operators import OperatorKind
from video_vlm.models.builtin.draft import Draft, draft, quoted_claim
from video_vlm.protocols import VideoMemory
from video_vlm.records import Level, ObservationKind

__all__ = ["find_added"]

_ADDED = re.compile(r"\b(?:added|adds?|appears?|appended|inserted|comes?\s+up|filled\s+in|follows?)\b", re.I)
_ROW = re.compile(
    r"\b(?P<which>first|last|final)\b[^,?]{0,300}\b(?:rows?|lines?|entry|entries|items?|bullets?|points?)\b",
    re.I,
)
_FEWEST_ROWS = 3
_TOGETHER_SECONDS = 0.75
_FINE_SECONDS = 0.6
"""Pictures this close say when something appeared."""

_SURE, _COARSE = 0.75, 0.55
_MOST_ROWS = 3


def find_added(query: Query, passages: Passages, memory: VideoMemory) -> Draft | None:
    """The rows that first appear after the anchor row did, while that is still on screen."""
    operator = query.parsed.operator
    if (
        operator.kind is not OperatorKind.AFTER
        or not operator.anchors
        or not _ADDED.search(query.parsed.target)
    ):
        return None
    anchor = _anchor(operator.anchors[0], query, passages)
    added = _added(anchor, passages.screen) if anchor else []
    if not anchor or not added:
        return None
    coarse = _unread_before(added[0].span.start, memory)
    reason = f"added after {anchor.text[:40]!r}, seen to within {coarse:.1f} s"
    sure = _SURE if coarse <= _FINE_SECONDS else _COARSE
    return draft([quoted_claim(row) for row in added[:_MOST_ROWS]], sure, reason)


def _anchor(phrase: str, query: Query, passages: Passages) -> Passage | None:
    """The row a phrase names: by its place ("the last row"), else by its words."""
    placed = _ROW.search(phrase)
    if placed:
        rows = _rows_of_a_kind(passages.screen)
        return (rows[0] if placed["which"].casefold() == "first" else rows[-1]) if rows else None
    return next(
        (
            item.passage
            for item in locate(query, passages)
            if item.passage.kind is ObservationKind.SCREEN_TEXT
        ),
        None,
    )


def _rows_of_a_kind(screen: Sequence[Passage]) -> list[Passage]:
    """The body of the fullest table on screen, from top to bottom: rows of as many cells as most of them
    have."""
    rows = [row for row in screen if " | " in row.text]
    views = [
        [row for row in rows if row.span.contains(moment)]
        for moment in sorted({row.span.start for row in rows})
    ]
    view = max(views, key=len, default=[])
    if len(view) < _FEWEST_ROWS:
        return []
    usual, count = Counter(_num_cells(row) for row in view).most_common(1)[0]
    alike = sorted((row for row in view if _num_cells(row) == usual), key=lambda row: row.top)
    return alike if count >= _FEWEST_ROWS else []


def _num_cells(row: Passage) -> int:
    return row.text.count(" | ") + 1


def _added(anchor: Passage, screen: Sequence[Passage]) -> list[Passage]:
    """The nearest new rows in time that share the screen with the anchor."""
    later = [row for row in screen if anchor.span.start < row.span.start < anchor.span.end]
    edge = min((row.span.start for row in later), default=0.0)
    return sorted(
        (row for row in later if row.span.start <= edge + _TOGETHER_SECONDS), key=lambda row: row.top
    )


def _unread_before(seconds: float, memory: VideoMemory) -> float:
    """How long before a time no picture was read."""
    return seconds - max(
        (node.span.start for node in memory.nodes(Level.FRAME) if node.span.start < seconds - 1e-6),
        default=0.0,
    )
