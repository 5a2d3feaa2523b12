"""Ranks the videos of a library for a question by the passages that match its words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from video_vlm.language.operator_parser import parse
from video_vlm.language.query import TELLING_WEIGHT, Term, read_query, terms
from video_vlm.language.word_forms import stems
from video_vlm.memory import Library
from video_vlm.records import Evidence
from video_vlm.retrieval import term_share

__all__ = ["Candidate", "question_terms", "rank_videos", "share"]

_POOL = 200
"""Passages looked at of the whole library."""

_COUNTED = 3
"""So many of a video's finds count, each half as much as the one before: a long video has more of
everything."""

_LEAST_SHARE = 0.34
"""Of a question's words, by weight: a video that has fewer has one that is in every video."""

_UNREAD_SHARE = 0.1
"""What was found by sight alone has no words to compare."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A video that may answer: its passages, best first, and a score that ranks it among the others."""

    content_id: str
    found: tuple[Evidence, ...]
    score: float


def question_terms(question: str) -> tuple[Term, ...]:
    """The words that decide a question, those of its anchors included; empty where it could be asked of any
    video, as "What is said first?"."""
    query = read_query(question)
    anchors = tuple(term for anchor in query.parsed.operator.anchors for term in terms(f"- {anchor}"))
    return tuple(term for term in (*query.terms, *anchors) if term.weight >= TELLING_WEIGHT)


def rank_videos(
    question: str, library: Library, content_ids: Sequence[str], *, all_videos: bool
) -> list[Candidate]:
    """The videos with passages that match a question, the likeliest first; all of them in their order where
    it names nothing to look for.

    Args:
        question: In plain English.
        library: Where they are.
        content_ids: Which may be asked.
        all_videos: Whether that is the whole library: it is then searched by its indexes.
    """
    wanted = question_terms(question)
    if not wanted:
        return [Candidate(one, (), 0.0) for one in content_ids]
    parsed = parse(question)
    phrases = dict.fromkeys(phrase for phrase in (parsed.target, *parsed.operator.anchors) if phrase)
    within = None if all_videos else content_ids
    found = [hit for phrase in phrases for hit in library.search(phrase, content_ids=within, limit=_POOL)]
    videos: dict[str, list[Evidence]] = {}
    for hit in sorted(found, key=lambda one: -one.score):
        videos.setdefault(hit.content_id, []).append(hit)
    ranked = (_candidate(content_id, hits, wanted) for content_id, hits in videos.items())
    return sorted((one for one in ranked if one.score > 0), key=lambda one: -one.score)


def share(wanted: Sequence[Term], texts: Iterable[str]) -> float:
    """The share in [0, 1] of some words, by weight, that is in any of the texts."""
    return term_share(wanted, frozenset(stem for text in texts for stem in stems(text)))


def _candidate(content_id: str, hits: Sequence[Evidence], wanted: Sequence[Term]) -> Candidate:
    read = share(wanted, (hit.text for hit in hits))
    seen = any(not hit.text for hit in hits)
    fits = read if read >= _LEAST_SHARE else _UNREAD_SHARE * seen
    counted = sum(hit.score * 0.5**place for place, hit in enumerate(hits[:_COUNTED]))
    return Candidate(content_id, tuple(hits), fits * counted)
