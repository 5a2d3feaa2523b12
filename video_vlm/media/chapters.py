"""The chapters of a container, from whatever kind of marks it holds.

A chapter begins exactly where it is marked and lasts until the next one begins, as players show them. Marks
may be in any order. Of several marks with one start the shortest counts; an empty one counts only where it is
the only one. Marks at or past the end of the film are left out by :func:`within`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import groupby, pairwise
from operator import attrgetter
from pathlib import Path

import av
from av.container import InputContainer

from video_vlm.media.container import open_container
from video_vlm.media.matroska_chapters import ChapterMark, matroska_marks
from video_vlm.media.nero_chapters import NeroMark, nero_marks
from video_vlm.records import Chapter, Span

__all__ = ["chapters_of", "in_one_reading", "marks_of", "unused_marks", "within"]

_MOST_TITLE_LETTERS = 1000
_MOST_CHAPTERS = 10_000


def chapters_of(container: InputContainer, path: Path, *, origin: Fraction) -> tuple[Chapter, ...]:
    """The chapters of an open file, in player's seconds, in order.

    Args:
        container: The file, open.
        path: Where it lies.
        origin: What a player takes for zero, in seconds on the container's clock.
    """
    return in_one_reading(marks_of(container, path), origin=origin)


def marks_of(container: InputContainer, path: Path) -> Sequence[ChapterMark]:
    """All marks in the order of the file, in seconds on the container's clock."""
    known = tuple(_mark(chapter) for chapter in container.chapters()[:_MOST_CHAPTERS])
    if "matroska" in container.format.name:
        every = matroska_marks(path)
        return every if len(every) > len(known) else known
    if "mp4" in container.format.name:
        nero = nero_marks(path)
        if len(nero) < len(known):
            return known
        over = None
        if container.duration is not None:
            over = Fraction(container.duration + container.start_time, av.time_base)
        return [_nero(mark, known, over=over) for mark in nero]
    return known


def _nero(mark: NeroMark, known: Sequence[ChapterMark], *, over: Fraction | None) -> ChapterMark:
    """A title that was cut is whole in FFmpeg's list, where there is also a text track."""
    whole = (other.title for other in known if mark.is_cut and other.title.startswith(mark.title))
    return ChapterMark(mark.start, over, next(whole, mark.title))


def _mark(chapter: av.container.core.Chapter) -> ChapterMark:
    base = chapter["time_base"] or Fraction(1, av.time_base)
    return ChapterMark(chapter["start"] * base, chapter["end"] * base, chapter["metadata"].get("title", ""))


def in_one_reading(marks: Iterable[ChapterMark], *, origin: Fraction = Fraction(0)) -> tuple[Chapter, ...]:
    """Marks as chapters that follow each other. One without a title is called by its number."""
    chosen = _chosen(marks)
    return tuple(
        Chapter(
            Span(float(mark.start - origin), float(end - origin)),
            " ".join(mark.title.split())[:_MOST_TITLE_LETTERS] or f"Chapter {number}",
        )
        for number, (mark, end) in enumerate(zip(chosen, _ends(chosen), strict=True), start=1)
    )


def within(chapters: Sequence[Chapter], film: Span) -> tuple[Chapter, ...]:
    """The chapters that overlap ``film``, cut to it; the last one lasts until its end."""
    inside = [one for one in chapters if one.span.start < film.end]
    edges = [*(max(one.span.start, film.start) for one in inside), film.end]
    spans = map(Span, edges, edges[1:])
    return tuple(
        Chapter(span, one.title) for span, one in zip(spans, inside, strict=False) if span.duration_seconds
    )


def unused_marks(path: Path) -> tuple[str, ...]:
    """The titles of the marks that count for nothing, as others begin at the same time."""
    with open_container(path) as container:
        marks = marks_of(container, path)
    return tuple(mark.title.strip() or "no title" for mark in marks if mark not in _chosen(marks))


def _chosen(marks: Iterable[ChapterMark]) -> list[ChapterMark]:
    ordered = sorted(marks, key=attrgetter("start"))
    return [min(some, key=_rank) for _, some in groupby(ordered, key=attrgetter("start"))]


def _rank(mark: ChapterMark) -> tuple[bool, Fraction, bool]:
    """What lasts before what is empty, then the shortest, then what has a title. Lowest first."""
    length = (mark.start if mark.end is None else mark.end) - mark.start
    return length <= 0, length, not mark.title.strip()


def _ends(marks: Sequence[ChapterMark]) -> Iterator[Fraction]:
    yield from (after.start for _, after in pairwise(marks))
    for last in marks[-1:]:
        yield max(last.start, last.end or last.start)
