"""Evidence for a question in one video: words of time are resolved to spans, the rest is searched by its
words.

"What is shown directly after the trick with the cups?" shares no word with what is shown. So the anchor is
found by itself, the operator says which stretch beside it counts, and what is there is evidence whatever its
words are. Around what was found by its words, what stands next to it follows: an answer is often in the next
sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from video_vlm.language.anchors import region
from video_vlm.language.passages import read_passages
from video_vlm.language.query import TELLING_WEIGHT, Query, Term, read_query
from video_vlm.language.time_operators import OperatorKind
from video_vlm.language.word_forms import alike
from video_vlm.memory.coverage import whole_span
from video_vlm.protocols import VideoMemory
from video_vlm.records import Evidence, ObservationKind, Span
from video_vlm.records.observations import TELLING

__all__ = ["Search", "find_evidence", "term_share"]

_PLACES: Final = 3
"""The most spans of the operator that are searched, and the most finds whose neighbours are added."""

_BESIDE_SECONDS: Final = 15.0

Search = Callable[[str, Span | None, int], Sequence[Evidence]]
"""Words, a stretch to keep to, and how many at most: evidence, best first."""


def term_share(wanted: Sequence[Term], there: frozenset[str]) -> float:
    """The share in [0, 1] of the words of a phrase, by their weight, that is among the stems ``there``;
    synonyms count a little less."""
    weight = sum(term.weight for term in wanted)
    hits = sum(
        term.weight * max((alike(term.stem, other) for other in there), default=0.0) for term in wanted
    )
    return hits / weight if weight else 0.0


def find_evidence(
    question: str,
    memory: VideoMemory,
    *,
    limit: int = 10,
    search: Search | None = None,
    in_time: bool = True,
    expanded: bool = True,
) -> tuple[Evidence, ...]:
    """The passages a video holds for a question, best first, none twice; spans in seconds.

    ``why`` says how each was found: by which list, or ``beside`` a passage that was found.

    Args:
        question: In plain English; its time operators are obeyed.
        memory: Where.
        limit: At most so many.
        search: How words are looked for, instead of ``memory.search``.
        in_time: Whether operators move in time; else the question is nothing but words.
        expanded: Whether what stands beside a find follows it.
    """
    search = search or (lambda words, span, most: memory.search(words, span=span, limit=most))
    road = _Road(read_query(question), memory, search, limit)
    found = [*(road.walked() if in_time else road.plain())]
    if expanded:
        found += [one for hit in found[:_PLACES] for one in _there(hit.span.widen(_BESIDE_SECONDS), memory)]
    return tuple(_distinct(found)[:limit])


@dataclass(frozen=True)
class _Road:
    """A question on its way through one video."""

    query: Query
    memory: VideoMemory
    search: Search
    limit: int

    def plain(self) -> Iterator[Evidence]:
        """The passages that fit the words."""
        yield from self.search(self.query.parsed.text, None, self.limit)

    def walked(self) -> Iterator[Evidence]:
        """The passages in the spans that the time operator gives, then those that fit anywhere; the latter
        not where the question names the span itself."""
        operator = self.query.parsed.operator
        if operator.kind in {OperatorKind.NONE, OperatorKind.NEXT}:
            yield from self.plain()
            return
        for span in self._stretches():
            yield from self._inside(span)
        if operator.kind is not OperatorKind.WITHIN:
            # The same without the words that move in time: "right after" is not on the right.
            parsed = self.query.parsed
            yield from self.search(" ".join((parsed.target, *parsed.operator.anchors)), None, self.limit)

    def _stretches(self) -> Iterator[Span]:
        whole = whole_span(self.memory)
        for _, span in region(self.query, read_passages(self.memory, self.query.parsed.text), whole)[
            :_PLACES
        ]:
            if inside := span.overlap(whole):
                yield inside

    def _inside(self, span: Span) -> Iterator[Evidence]:
        """What fits, then whatever is there, nearest to the anchor first; the other way about where nearness
        is asked for, "right after", or nothing is left to fit: "what comes after"."""
        parsed = self.query.parsed
        fitting = self.search(parsed.target, span, self.limit)
        there = _there(span, self.memory)
        if parsed.operator.kind is OperatorKind.BEFORE:
            there.reverse()
        tells = any(term.weight >= TELLING_WEIGHT for term in self.query.terms)
        first, then = (fitting, there) if tells and not parsed.operator.adjacent else (there, fitting)
        yield from (*first[:_PLACES], *then[:_PLACES], *first[_PLACES:], *then[_PLACES:])


def _there(span: Span, memory: VideoMemory) -> list[Evidence]:
    """What tells something in a stretch, in order of time: colours and motion are everywhere."""
    seen = memory.observations(span=span, kinds=TELLING)
    return [
        Evidence(one.span, 0.0, "beside", one.text, one.kind, content_id=memory.video.content_id)
        for one in seen
    ]


def _distinct(found: Iterable[Evidence]) -> list[Evidence]:
    """Each passage once, where it first came."""
    kept: dict[tuple[Span, ObservationKind | None, str], Evidence] = {}
    for one in found:
        kept.setdefault((one.span, one.kind, one.text), one)
    return list(kept.values())
