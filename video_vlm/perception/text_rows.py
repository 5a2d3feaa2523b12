"""Joins pieces of text found in a picture to rows."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

__all__ = ["CELL_MARK", "Box", "TextRow", "legible", "rows_of", "tidy"]

Box = tuple[float, float, float, float]
"""Left, top, right, bottom."""

CELL_MARK = " | "
"""Between the cells of a row."""
_CELL_GAP = 0.4
"""Pieces further apart than this many line heights are cells of a row, not words of a phrase."""


@dataclass(frozen=True, slots=True)
class TextRow:
    """A piece or a row of text, the confidence in [0, 1], and its box in any one unit of length."""

    text: str
    confidence: float
    box: Box


def rows_of(pieces: Iterable[TextRow]) -> tuple[TextRow, ...]:
    """Join pieces that stand side by side into rows, from top to bottom.

    Words of a phrase are joined by a space, cells of a table by `` | ``: ``1928 | Foundations``. A row's
    confidence is the mean of its pieces', its box their union. Boxes must be in pixels (or anything else
    that is equally long both ways).
    """
    rows: list[list[TextRow]] = []
    for piece in sorted(pieces, key=lambda piece: (piece.box[1] + piece.box[3], piece.box)):
        row = next((row for row in reversed(rows) if _same_row(row, piece)), None)
        if row is None:
            rows.append([piece])
        else:
            row.append(piece)
    return tuple(sorted((_joined(row) for row in rows), key=lambda row: (row.box[1], row.box[0])))


def _height(piece: TextRow) -> float:
    return piece.box[3] - piece.box[1]


def _same_row(row: Sequence[TextRow], piece: TextRow) -> bool:
    """On one line with its nearest neighbour (a long row may lean), of similar size, and beside all."""
    nearest = min(row, key=lambda other: abs(other.box[0] - piece.box[0]))
    small, large = sorted((_height(nearest), _height(piece)))
    level = min(nearest.box[3], piece.box[3]) - max(nearest.box[1], piece.box[1]) >= 0.6 * small
    shared = (min(other.box[2], piece.box[2]) - max(other.box[0], piece.box[0]) for other in row)
    return level and large < 2 * small and all(width < 0.8 * small for width in shared)


def _joined(row: Sequence[TextRow]) -> TextRow:
    ordered = sorted(row, key=lambda piece: piece.box)
    text = ordered[0].text
    for left, right in pairwise(ordered):
        gap = right.box[0] - left.box[2]
        text += (CELL_MARK if gap > _CELL_GAP * min(_height(left), _height(right)) else " ") + right.text
    lefts, tops, rights, bottoms = zip(*(piece.box for piece in ordered), strict=True)
    confidence = sum(piece.confidence for piece in ordered) / len(ordered)
    return TextRow(text, confidence, (min(lefts), min(tops), max(rights), max(bottoms)))


def legible(text: str, confidence: float, *, min_confidence: float) -> bool:
    """Whether a reading is worth keeping. What has no letters is texture taken for text; so, mostly, is a
    single character, and above all a lone Chinese one: boxes and grids look like it."""
    letters = [character for character in text if character.isalnum()]
    if not letters or (len(letters) == 1 and _is_ideograph(letters[0])):
        return False
    needed = 0.9 if len(letters) == 1 else 0.75 if len(letters) < 4 else 0.0
    return confidence >= max(needed, min_confidence)


def tidy(text: str) -> str:
    """The text with single spaces, no bullet in front, and no full-width letters unless it is Chinese or
    Japanese."""
    if not any(_is_ideograph(character) or "\u3040" <= character <= "\u30ff" for character in text):
        text = "".join(unicodedata.normalize("NFKC", c) if "\uff01" <= c <= "\uff5e" else c for c in text)
    return " ".join(text.split()).lstrip("•·●▪◦‣○■□ ")


def _is_ideograph(character: str) -> bool:
    return "\u2e80" <= character <= "\u2fdf" or "\u3400" <= character <= "\u9fff"
