"""Reading a table off the screen: the row with the largest of a column, the cell of a row."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from video_vlm.language.passages import Passage, Passages
from video_vlm.language.query import Query
from video_vlm.language.word_forms import alike, readings, words
from video_vlm.models.builtin.draft import Draft, draft
from video_vlm.records import Claim, clock

__all__ = ["find_extreme"]

_MOST = re.compile(r"\b(?:most|maximum|max|top|(?!west|rest|best|test|least)[a-z]{3,}est)\b", re.I)
_LEAST = re.compile(
    r"\b(?:smallest|lowest|least|fewest|shortest|lightest|slowest|minimum|min|cheapest|earliest|oldest)\b",
    re.I,
)
_NUMBER = re.compile(r"\d[\d,.]*")


@dataclass(frozen=True, slots=True)
class _Row:
    passage: Passage
    cells: tuple[str, ...]


def _is_most(word: str) -> bool:
    """Whether a word is "most", or the highest degree of anything but what is little: "widest", no "forest"."""
    if _LEAST.fullmatch(word):
        return False
    bases = readings(word).get("ADJ", ())
    return not word.casefold().endswith("est") or any(base != word.casefold() for base in bases)


def find_extreme(query: Query, passages: Passages) -> Draft | None:
    """The row whose cell in the column asked for is largest or smallest, in the fullest view of the table."""
    least = _LEAST.search(query.parsed.target)
    most = next((found for found in _MOST.finditer(query.parsed.target) if _is_most(found[0])), None)
    if bool(most) == bool(least):
        return None
    skip = (most or least)[0].casefold()  # type: ignore[index]
    asked = {word.stem for word in words(query.focus)}
    column_words = [
        word.stem
        for word in words(query.parsed.target)
        if word.text.casefold() != skip and word.stem not in asked
    ]
    rows = _fullest_table(passages)
    for place, header in enumerate(rows):
        column = _column(header, column_words)
        if column is None:
            continue
        values = [
            (value, row) for row in rows[place + 1 :] if (value := _value(row, header, column)) is not None
        ]
        values = [pair for pair in values if not re.match(r"(?<!\W)\W*totals?\b", pair[1].cells[0], re.I)]
        if len(values) >= 2:
            value, row = (max if most else min)(values, key=lambda pair: pair[0])
            name = header.cells[column].casefold()
            claim = Claim(
                f"{', '.join(row.cells)}: the {skip} {name} of {len(values)} rows on screen at "
                f"{clock(row.passage.span.start)}.",
                (row.passage.cite(), header.passage.cite()),
            )
            return draft([claim], 0.85, "table")
    return None


def _fullest_table(passages: Passages) -> list[_Row]:
    """The rows of two and more cells on screen together, at the moment when most of them are."""
    rows = [_Row(passage, cells) for passage in passages.screen if len(cells := _cells(passage.text)) >= 2]
    moments = sorted({row.passage.span.start for row in rows})
    views = [[row for row in rows if row.passage.span.contains(moment)] for moment in moments]
    fullest: list[_Row] = max(views, key=len) if views else []
    return sorted(fullest, key=rows.index)


def _cells(text: str) -> tuple[str, ...]:
    return tuple(cell.strip() for cell in text.split(" | ") if cell.strip())


def _column(header: _Row, wanted: Sequence[str]) -> int | None:
    """The column whose title shares most with what is asked."""
    if any(_NUMBER.search(cell) for cell in header.cells):
        return None
    shares = [
        sum(any(alike(term, word.stem) >= 0.8 for term in wanted) for word in words(cell))
        / max(len(words(cell)), 1)
        for cell in header.cells
    ]
    best = max(range(len(shares)), key=lambda index: shares[index])
    return best if shares[best] >= 0.5 else None


def _value(row: _Row, header: _Row, column: int) -> float | None:
    """The number under a column title; cells are counted from the right, where a split first cell does no
    harm."""
    index = column - len(header.cells)
    if -index > len(row.cells):
        return None
    found = _NUMBER.search(row.cells[index])
    return float(re.sub(r"[,.](?=\d{3})", "", found[0]).rstrip(".,")) if found else None
