"""Evidence for a question in one video: what moves in time is walked in time, only the rest is looked for by its words.

"What is shown directly after the trick with the cups?" shares no word with what is shown. So the anchor is searched by
itself, the operator says which stretch beside it counts, and what is there is evidence whatever its words are. Around
what was found by its words, what stands next to it follows: an answer is often in the next sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from video_vlm.operators import OperatorKind, ParsedQuestion, TimeOperator, parse
from video_vlm.protocols import VideoMemory
from video_vlm.records import Evidence, Level, ObservationKind, Span

__all__ = ["Search", "find_evidence", "walked"]

_REACH_SECONDS: Final = 75.0
_ADJACENT_SECONDS: Final = 30.0
_DURING_SECONDS: Final = 2.0
_BESIDE_SECONDS: Final = 15.0
_PLACES: Final = 3
"""So many anchors are walked from, and so many finds bring what stands beside them."""

_TELLING: Final = frozenset(
    {
        ObservationKind.SUBTITLE,
        ObservationKind.SPEECH,
        ObservationKind.SCREEN_TEXT,
        ObservationKind.CHAPTER,
        ObservationKind.CAPTION,
    }
)
"""What stands beside a find counts where it tells something; colours and motion are everywhere."""

Search = Callable[[str, Span | None, int], Sequence[Evidence]]
"""Words, a stretch to keep to, and how many at most: evidence, best first."""


def walked(operator: TimeOperator, anchor: Span) -> Span | None:
    """The stretch that an operator means by an anchor: behind it, in front of it, around it; None where it does not
    move from one anchor."""
    reach = _ADJACENT_SECONDS if operator.adjacent else _REACH_SECONDS
    match operator.kind:
        case OperatorKind.AFTER:
            return Span(anchor.end, anchor.end + reach)
        case OperatorKind.BEFORE:
            return Span(anchor.start - reach, anchor.start)
        case OperatorKind.DURING:
            return anchor.widen(_DURING_SECONDS)
    return None


def find_evidence(
    question: str,
    memory: VideoMemory,
    *,
    limit: int = 10,
    search: Search | None = None,
    in_time: bool = True,
    expanded: bool = True,
) -> tuple[Evidence, ...]:
    """What a video holds for a question, best first, none twice.

    Args:
        question: In plain English; its time operators are obeyed.
        memory: Where.
        limit: At most so many.
        search: How words are looked for, instead of ``memory.search``.
        in_time: Whether operators move in time; else the question is nothing but words.
        expanded: Whether what stands beside a find follows it.
    """
    search = search or (lambda words, span, most: memory.search(words, span=span, limit=most))
    parsed = parse(question)
    if in_time and parsed.operator.kind not in {OperatorKind.NONE, OperatorKind.NEXT}:
        found = [*_Walk(parsed, memory, search, limit).evidence()]
    else:
        found = [*search(parsed.text, None, limit)]
    if expanded:
        found += [one for hit in found[:_PLACES] for one in _there(hit.span.widen(_BESIDE_SECONDS), memory)]
    return tuple(_distinct(found)[:limit])


@dataclass(frozen=True)
class _Walk:
    """A question that moves in time, in one video."""

    parsed: ParsedQuestion
    memory: VideoMemory
    search: Search
    limit: int

    def evidence(self) -> Iterator[Evidence]:
        """Of each stretch what fits, then whatever is there, nearest to the anchor first; then the anchors; then what
        fits anywhere, unless the question gives the stretch outright."""
        operator = self.parsed.operator
        if operator.kind is OperatorKind.WITHIN and operator.window:
            yield from self._inside(operator.window.resolve(self._whole))
            return
        anchors = [self._anchors(phrase) for phrase in operator.anchors]
        for span in self._stretches([[one.span for one in found] for found in anchors]):
            yield from self._inside(span)
        yield from (one for found in anchors for one in found)
        yield from self.search(self.parsed.text, None, self.limit)

    def _stretches(self, anchors: Sequence[Sequence[Span]]) -> list[Span]:
        operator = self.parsed.operator
        if operator.kind is OperatorKind.BETWEEN:
            pairs = [(one.end, other.start) for one in anchors[0] for other in anchors[-1] if other.start >= one.end]
            return [Span(*pair) for pair in pairs[:1]]
        moved = (walked(operator, anchor) for anchor in (anchors[0] if anchors else ()))
        inside = (span.overlap(self._whole) for span in moved if span is not None)
        return [span for span in inside if span is not None]

    def _inside(self, span: Span) -> Iterator[Evidence]:
        fitting = self.search(self.parsed.target, span, self.limit)
        yield from fitting[:_PLACES]
        there = _there(span, self.memory)
        yield from reversed(there) if self.parsed.operator.kind is OperatorKind.BEFORE else there
        yield from fitting[_PLACES:]

    def _anchors(self, phrase: str) -> list[Evidence]:
        return [one for one in self.search(phrase, None, self.limit) if one.text][:_PLACES]

    @property
    def _whole(self) -> Span:
        tops = self.memory.nodes(Level.VIDEO)
        start = self.memory.video.start_seconds
        return tops[0].span if tops else Span(start, start + (self.memory.video.duration_seconds or 0.0))


def _there(span: Span, memory: VideoMemory) -> list[Evidence]:
    """What is said and written in a stretch, in order of time."""
    seen = memory.observations(span=span, kinds=_TELLING)
    return [Evidence(one.span, 0.0, "beside", one.text, one.kind, content_id=memory.video.content_id) for one in seen]


def _distinct(found: Iterable[Evidence]) -> list[Evidence]:
    """Each passage once, where it first came."""
    kept: dict[tuple[Span, ObservationKind | None, str], Evidence] = {}
    for one in found:
        kept.setdefault((one.span, one.kind, one.text), one)
    return list(kept.values())
