"""Where a question's words of time lead among captions: beside what it hinges on, to the ends, to all that it counts.

A search finds what is like the words of a question. What happens after something is not like it, and the first and the
last of many are no more like the question than the others.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from video_vlm.models.builtin.query import Term, terms
from video_vlm.models.builtin.words import alike, phrase_position, stems
from video_vlm.operators import OperatorKind, ParsedQuestion
from video_vlm.protocols import VideoMemory
from video_vlm.records import Observation, ObservationKind

__all__ = ["reached"]

_NEAR: Final = 4
_NEXT: Final = 2
"""So many captions beside each place that a question hinges on; fewer where it asks for what is right beside it."""
_MOST_ANCHORS: Final = 2
_MOST_COUNTED: Final = 24
_LEAST_SHARE: Final = 0.6
"""Of a phrase's words, by weight, that a caption has to hold."""

_COUNTING: Final = re.compile(
    r"\b(?:how\s+often|how\s+many(?:\s+times)?|number\s+of\s+times|seen|shown|visible)\b", re.I
)
"""Words that ask, and that no caption needs to hold."""


def reached(parsed: ParsedQuestion, memory: VideoMemory) -> tuple[Observation, ...]:
    """The captions a question leads to, in order of time; none where it has no words of time, or nothing has captions.

    After and before: what the question hinges on and the captions next to it on that side; between: those from one to
    the other; first and last: the ends of those that fit; how often: all that fit.
    """
    captions = memory.observations(kinds=[ObservationKind.CAPTION])
    found = _places(parsed, captions)
    return tuple(captions[place] for place in sorted(found))


def _places(parsed: ParsedQuestion, captions: Sequence[Observation]) -> set[int]:
    anchors = [_fitting(anchor, captions) for anchor in parsed.operator.anchors]
    near = _NEXT if parsed.operator.adjacent else _NEAR
    nearest = [set(places[:_MOST_ANCHORS]) for places in anchors if places]
    match parsed.operator.kind:
        case OperatorKind.AFTER:
            return {place + step for places in nearest for place in places for step in range(near + 1)} & _all(captions)
        case OperatorKind.BEFORE:
            return {place - step for places in nearest for place in places for step in range(near + 1)} & _all(captions)
        case OperatorKind.BETWEEN if len(nearest) == 2:
            first, last = min(map(min, nearest)), max(map(max, nearest))
            return set(range(first, last + 1))
        case OperatorKind.DURING:
            return set().union(*nearest)
        case OperatorKind.NONE if parsed.asks_count or parsed.extreme:
            fitting = sorted(_fitting(parsed.target, captions))
            if parsed.asks_count:
                return set(fitting[:_MOST_COUNTED])
            return set(fitting[:_NEAR] if parsed.extreme == "first" else fitting[-_NEAR:])
        case _:
            return set()


def _all(captions: Sequence[Observation]) -> set[int]:
    return set(range(len(captions)))


def _fitting(phrase: str, captions: Sequence[Observation]) -> list[int]:
    """The captions that fit a phrase as well as any does, those that hold it word for word first."""
    wanted = [term for term in terms(_COUNTING.sub(" ", phrase)) if term.weight >= 1.0]
    if not wanted:
        return list(range(len(captions)))
    shares = [_share(wanted, stems(one.text)) for one in captions]
    best = max(shares, default=0.0)
    if best < _LEAST_SHARE:
        return []
    places = [place for place, share in enumerate(shares) if share >= best - 1e-9]
    exact = [place for place in places if phrase_position(phrase, captions[place].text)]
    return exact or places


def _share(wanted: Sequence[Term], there: frozenset[str]) -> float:
    weight = sum(term.weight for term in wanted)
    return sum(term.weight * max((alike(term.stem, one) for one in there), default=0.0) for term in wanted) / weight
