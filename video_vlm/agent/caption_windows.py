"""The captions to which a question's words of time lead: next to its anchor, at the ends, or all that it
counts.

A search finds what is like the words of a question. What happens after something is not like it, and the
first and the last of many are no more like the question than the others. So the words of time are acted on
before a model reads: what it is given is in the order in which the question is answered, and it says what
that is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from video_vlm.agent.shown_evidence import ShownItem
from video_vlm.language.query import terms
from video_vlm.language.time_operators import OperatorKind, ParsedQuestion
from video_vlm.language.word_forms import phrase_position, stems
from video_vlm.retrieval import term_share

__all__ = ["CaptionWindows", "caption_windows"]

_NEAR: Final = 4
_NEXT: Final = 2
"""So many captions beside each place that a question hinges on; fewer where it asks for what is right beside
it."""
_MOST_ANCHORS: Final = 2
_MOST_COUNTED: Final = 24
_LEAST_SHARE: Final = 0.6
"""Of a phrase's words, by weight, that a caption has to hold."""

_COUNTING: Final = re.compile(
    r"\b(?:how\s+often|how\s+many(?:\s+times)?|number\s+of\s+times|seen|shown|visible)\b", re.I
)
"""Words that ask, and that no caption needs to hold."""


@dataclass(frozen=True, slots=True)
class CaptionWindows:
    """Captions, in the order in which they answer, and what a model is told they are. ``counted``: one by
    one."""

    what: str
    captions: tuple[ShownItem, ...]
    counted: bool = False


def caption_windows(parsed: ParsedQuestion, captions: Sequence[ShownItem]) -> tuple[CaptionWindows, ...]:
    """The captions to which a question's words of time lead; empty where it has none, or nothing fits.

    After and before: the captions that fit the anchor, and those next to them on that side, the nearest
    first. Between: those from one anchor to the other. First and last: those that fit, from that end on.
    Counts: all that fit.

    Args:
        parsed: The question.
        captions: All there are, in order of time.
    """
    anchors = [_fitting(anchor, captions) for anchor in parsed.operator.anchors]
    nearest = [places[:_MOST_ANCHORS] for places in anchors if places]
    match parsed.operator.kind:
        case OperatorKind.AFTER | OperatorKind.BEFORE as kind:
            found = _beside(nearest, kind, _NEXT if parsed.operator.adjacent else _NEAR, captions)
        case OperatorKind.BETWEEN if len(nearest) == 2:
            first, last = min(map(min, nearest)), max(map(max, nearest))
            found = iter(
                [CaptionWindows("From the one to the other, in order", tuple(captions[first : last + 1]))]
            )
        case OperatorKind.DURING:
            at = sorted({place for places in nearest for place in places})
            found = iter([CaptionWindows("What the question hinges on", _of(at, captions))])
        case OperatorKind.NONE if parsed.asks_count or parsed.extreme:
            found = iter([_all_or_ends(parsed, captions)])
        case _:
            found = iter(())
    return tuple(one for one in found if one.captions)


def _beside(
    nearest: Sequence[Sequence[int]], kind: OperatorKind, near: int, captions: Sequence[ShownItem]
) -> Iterator[CaptionWindows]:
    """Each place that the question hinges on, and behind it what comes after it or before it."""
    step = 1 if kind is OperatorKind.AFTER else -1
    for place in sorted({place for places in nearest for place in places}):
        beside = [place + step * number for number in range(1, near + 1)]
        yield CaptionWindows("What the question hinges on", (captions[place],))
        there = [one for one in beside if 0 <= one < len(captions)]
        yield CaptionWindows(f"What comes {kind.value} that, the nearest first", _of(there, captions))


def _all_or_ends(parsed: ParsedQuestion, captions: Sequence[ShownItem]) -> CaptionWindows:
    fitting = sorted(_fitting(parsed.target, captions))
    if parsed.asks_count:
        return CaptionWindows("All that fit, counted", _of(fitting[:_MOST_COUNTED], captions), counted=True)
    if parsed.extreme == "first":
        return CaptionWindows("Those that fit, the first of them first", _of(fitting[:_NEAR], captions))
    return CaptionWindows("Those that fit, the last of them first", _of(fitting[::-1][:_NEAR], captions))


def _of(places: Sequence[int], captions: Sequence[ShownItem]) -> tuple[ShownItem, ...]:
    return tuple(captions[place] for place in places)


def _fitting(phrase: str, captions: Sequence[ShownItem]) -> list[int]:
    """The captions that fit a phrase as well as any does, those that hold it word for word first."""
    wanted = [term for term in terms(_COUNTING.sub(" ", phrase)) if term.weight >= 1.0]
    if not wanted:
        return list(range(len(captions)))
    shares = [term_share(wanted, stems(one.text)) for one in captions]
    best = max(shares, default=0.0)
    if best < _LEAST_SHARE:
        return []
    places = [place for place, share in enumerate(shares) if share >= best - 1e-9]
    exact = [place for place in places if phrase_position(phrase, captions[place].text)]
    return exact or places
