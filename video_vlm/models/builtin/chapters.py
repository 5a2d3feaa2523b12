"""Questions about the chapters that a file marks: which there are, which one it is at a time, and when each
begins."""

from __future__ import annotations

import re
from collections.abc import Sequence

from video_vlm.language.anchors import ORDINALS, reach
from video_vlm.language.lexicon import NUMBER_WORDS
from video_vlm.language.passages import Passages
from video_vlm.language.query import Query
from video_vlm.language.time_operators import OperatorKind
from video_vlm.models.builtin.draft import Draft, draft
from video_vlm.protocols import VideoMemory
from video_vlm.records import Citation, Claim, ObservationKind, Span, clock

__all__ = ["find_chapter", "marked_chapters"]

_NTH = (
    rf"(?:the\s+)?(?:(?P<ordinal>{'|'.join(ORDINALS)}|\d+(?:st|nd|rd|th))\s+chapter"
    rf"|chapter\s+(?:number\s+|no\.?\s*|#)?(?P<number>\d+|{'|'.join(NUMBER_WORDS)}))"
)
_LIST = re.compile(
    r"^\W*(?:(?:please\s+)?(?:list|name|show|give|tell)\b.{0,30}?\bchapters?\b|chapters|chapter\s+list|table\s+of\s+contents"
    r"|what(?:'s|\s+is|\s+are)\s+(?:all\s+)?(?:the\s+)?(?:names?\s+of\s+|titles?\s+of\s+)?(?:all\s+)?(?:the\s+)?chapters"
    r"(?:\s+(?:called|named|titles|names))?|(?:what|which)\s+chapters\s+(?:are|does|do)\b.{0,30})\W*$",
    re.I,
)
_WHICH = re.compile(r"\b(?:which|what)\s+chapter\b|\b(?:title|name)\s+of\s+the\s+chapter\b", re.I)
_TITLE = re.compile(
    rf"^\W*what(?:'s|\s+is|\s+was)\s+(?:(?:the\s+)?(?:title|name)\s+of\s+)?{_NTH}(?:'s\s+(?:title|name))?(?:\s+(?:called|named|titled))?\W*$",
    re.I,
)
_EDGE = r"(?P<edge>start|begin|open|end|finish|stop|over)(?:s|ing)?"
_WHEN = r"^\W*(?:when|at\s+(?:what|which)\s+(?:time|second)|where)\s+(?:does|do|is|did|will)\s+"
_WHEN_NTH = re.compile(rf"{_WHEN}{_NTH}\s+{_EDGE}\W*$", re.I)
_HOW_LONG = re.compile(rf"^\W*how\s+long\s+(?:is|does|was)\s+{_NTH}(?:\s+(?:last|take|go on))?\W*$", re.I)
_ENDS = frozenset({"end", "finish", "stop", "over"})
_CONFIDENCE = 0.95


def find_chapter(query: Query, memory: VideoMemory, passages: Passages, whole: Span) -> Draft | None:
    """An answer out of the chapter marks alone; None where they are not asked for, or there are none."""
    chapters = marked_chapters(memory)
    text = query.parsed.text
    if not chapters:
        return None
    if _LIST.search(text):
        return draft([_told(one) for one in chapters], _CONFIDENCE, "chapters")
    if asked := _TITLE.search(text):
        return _draft([_told(one) for one in _nth(asked, chapters)])
    if asked := _HOW_LONG.search(text):
        return _draft([_length(one) for one in _nth(asked, chapters)])
    if asked := _WHEN_NTH.search(text):
        return _draft([_edge(one, asked["edge"]) for one in _nth(asked, chapters)])
    for one in chapters:
        if asked := re.search(
            rf"{_WHEN}(?:the\s+)?(?:chapter\W+)?{_titled(one)}\W*\s{_EDGE}\W*$", text, re.I
        ):
            return _draft([_edge(one, asked["edge"])])
    return _during(query, passages, chapters, whole) if _WHICH.search(query.parsed.target) else None


def marked_chapters(memory: VideoMemory) -> Sequence[Citation]:
    """The chapters of the container, in order; none where it marks none."""
    marks = memory.observations(kinds=[ObservationKind.CHAPTER])
    return [Citation(one.span, one.text, one.kind) for one in sorted(marks, key=lambda one: one.span)]


def _during(query: Query, passages: Passages, chapters: Sequence[Citation], whole: Span) -> Draft | None:
    """The chapter at a time that the question gives."""
    if query.parsed.operator.kind is not OperatorKind.WITHIN:
        return None
    span = reach(query, passages, whole)
    return _draft([_told(one) for one in chapters if span is not None and one.span.contains(span.start)])


def _nth(asked: re.Match[str], chapters: Sequence[Citation]) -> Sequence[Citation]:
    written = (asked["ordinal"] or asked["number"]).lower()
    if written in ORDINALS:
        place = ORDINALS[written]
    elif written in NUMBER_WORDS:
        place = NUMBER_WORDS[written] - 1
    else:
        place = int(written.rstrip("stndrh")[:6]) - 1
    return chapters[-1:] if place < 0 else chapters[place : place + 1]


def _titled(chapter: Citation) -> str:
    """A pattern for the title, whatever stands between its words."""
    return r"\W+".join(map(re.escape, re.findall(r"\w+", chapter.quote))) or r"(?!)"


def _told(chapter: Citation) -> Claim:
    return Claim(f"At {clock(chapter.span.start)}: the chapter “{chapter.quote}”.", (chapter,))


def _length(chapter: Citation) -> Claim:
    seconds = chapter.span.duration_seconds
    return Claim(f"The chapter “{chapter.quote}” lasts {clock(seconds)}, from {chapter.span}.", (chapter,))


def _edge(chapter: Citation, edge: str) -> Claim:
    if edge.lower() in _ENDS:
        return Claim(f"The chapter “{chapter.quote}” ends at {clock(chapter.span.end)}.", (chapter,))
    return _told(chapter)


def _draft(claims: Sequence[Claim]) -> Draft | None:
    return draft(list(claims), _CONFIDENCE, "chapter") if claims else None
