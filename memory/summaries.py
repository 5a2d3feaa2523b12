"""Extractive summaries: sentences copied from observations, each citing the nodes it comes from.

No model is used: the most central and least repetitive observations are the summary.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from video_vlm.memory.tree import TreeRow
from video_vlm.records import Node, Observation, ObservationKind, Sentence, Span
from video_vlm.records.observations import KINDS, TELLING

__all__ = ["summarize", "without_furniture"]

_CHILD_WORTH: Final = 0.6

_DIVERSITY: Final = 0.5
"""The share of its value that a sentence loses when it repeats an earlier one."""

_FULL_WORDS: Final = 5
"""A sentence of this many different words has its full value; shorter ones ("Yes.") have less."""

_TOLD_ALREADY: Final = 0.5
"""What a sentence is worth where another one of its stretch is told."""

_FURNITURE_ROWS: Final = 3
_FURNITURE_SHARE: Final = 0.5
_STANDING_SHARE: Final = 0.8
"""Rows that differ in numbers alone are furniture if there are so many and they stand for so much of the time; fewer,
if they stand for more."""

Weights = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class _Candidate:
    text: str
    spoken: str
    span: Span
    worth: float
    cites: tuple[str, ...]


def summarize(
    children: Sequence[Node], observations: Sequence[Observation], *, max_sentences: int = 3
) -> tuple[Sentence, ...]:
    """The most central sentences about a span of video, in order of time.

    Extractive: sentences are ranked by how central they are (cosine of tf-idf weights to all
    others: Erkan and Radev, "LexRank", JAIR 2004, with one step instead of the fixed point) and
    picked by maximal marginal relevance (Carbonell and Goldstein, SIGIR 1998), rather from stretches that nothing
    was picked from. Observations in words
    come first; where there are none, the children's summaries; where there are none either,
    observations of colours and motion.

    Args:
        children: The nodes directly below; each sentence cites those it overlaps.
        observations: Those inside the span; one that overlaps no child is left out.
        max_sentences: At most this many.

    Returns:
        The sentences; none where there is nothing to cite.
    """
    candidates = _candidates(children, observations)
    weights = _tf_idf([candidate.text for candidate in candidates])
    values = _values(candidates, weights)
    chosen: list[int] = []
    repeats = [0.0] * len(candidates)
    part, told = _parts(candidates, max_sentences), set[int]()
    while len(chosen) < max_sentences and len(chosen) < len(candidates):
        best = max(
            (place for place in range(len(candidates)) if place not in chosen),
            key=lambda place: (
                values[place]
                * (1 - _DIVERSITY * repeats[place])
                * (_TOLD_ALREADY if part[place] in told else 1.0)
            ),
        )
        if repeats[best] > 0.9:  # All others repeat what is chosen.
            break
        chosen.append(best)
        told.add(part[best])
        repeats = [
            max(repeat, _dot(one, weights[best])) for repeat, one in zip(repeats, weights, strict=True)
        ]
    ordered = sorted((candidates[place] for place in chosen), key=lambda one: one.span)
    return tuple(Sentence(one.spoken, one.cites) for one in ordered)


def without_furniture(observations: Iterable[Observation], whole: Span) -> list[Observation]:
    """What is left without the writing that stands on most pictures of a video: a footer, a channel's name, a page
    number that counts on. ``whole`` is the span of the video."""
    observations = list(observations)
    rows: dict[str, list[Observation]] = {}
    for one in observations:
        if one.kind is ObservationKind.SCREEN_TEXT:
            rows.setdefault(_without_numbers(one.text), []).append(one)
    standing = {
        text
        for text, same in rows.items()
        if sum(one.span.duration_seconds for one in same)
        > (_FURNITURE_SHARE if len(same) >= _FURNITURE_ROWS else _STANDING_SHARE) * whole.duration_seconds
    }
    left = [
        one
        for one in observations
        if one.kind is not ObservationKind.SCREEN_TEXT or _without_numbers(one.text) not in standing
    ]
    return left if any(one.kind in TELLING for one in left) else observations


def _without_numbers(text: str) -> str:
    return "".join(letter for letter in text.casefold() if letter.isalpha())


def _candidates(children: Sequence[Node], observations: Sequence[Observation]) -> list[_Candidate]:
    in_words = list(_observed(children, [one for one in observations if one.kind in TELLING]))
    from_children = [
        _Candidate(sentence.text, sentence.text, child.span, _CHILD_WORTH, (child.id,))
        for child in children
        for sentence in child.summary
    ]
    others = [one for one in observations if one.kind not in TELLING]
    return in_words or from_children or list(_observed(children, others))


def _observed(children: Sequence[Node], observations: Iterable[Observation]) -> Iterator[_Candidate]:
    """One candidate for all observations of a kind with the same words; it cites the children of all."""
    groups: dict[tuple[ObservationKind, str], list[Observation]] = {}
    for one in sorted(observations, key=lambda one: one.span):
        if text := " ".join(one.text.split()):
            groups.setdefault((one.kind, text.casefold()), []).append(one)
    row = TreeRow(children)
    for (kind, _), same in groups.items():
        cites = tuple(dict.fromkeys(cited for one in same for cited in _holders(children, row, one.span)))
        if cites:
            text = " ".join(same[0].text.split())
            worth = KINDS[kind].worth * max(one.confidence for one in same)
            yield _Candidate(text, KINDS[kind].quoted.format(text), same[0].span, worth, cites)


def _holders(children: Sequence[Node], row: TreeRow, span: Span) -> list[str]:
    """The child that contains the middle of ``span``, else all that overlap it."""
    middle = row.holder(span)
    return [middle.id] if middle else [child.id for child in children if child.span.overlaps(span)]


def _parts(candidates: Sequence[_Candidate], num_parts: int) -> list[int]:
    """In which of so many equal stretches each candidate is."""
    start = min((one.span.start for one in candidates), default=0.0)
    length = max((one.span.end for one in candidates), default=0.0) - start
    return [
        min(int((one.span.start - start) / length * num_parts), num_parts - 1) if length > 0 else 0
        for one in candidates
    ]


def _values(candidates: Sequence[_Candidate], weights: Sequence[Weights]) -> list[float]:
    """How central each candidate is: its cosine to the sum of all, times its worth and a factor for
    length."""
    total: Counter[str] = Counter()
    for one in weights:
        total.update(one)
    centre = _unit(total)
    return [
        candidate.worth * (0.3 + _dot(one, centre)) * min(1.0, len(one) / _FULL_WORDS) ** 0.5
        for candidate, one in zip(candidates, weights, strict=True)
    ]


def _tf_idf(texts: Sequence[str]) -> list[Weights]:
    """Unit vectors, as sparse maps from word to weight."""
    counts = [Counter(re.findall(r"\w+", text.casefold())) for text in texts]
    documents = Counter(word for count in counts for word in count)
    idf = {word: math.log(1 + len(texts) / number) for word, number in documents.items()}
    return [_unit({word: times * idf[word] for word, times in count.items()}) for count in counts]


def _unit(weights: Weights) -> Weights:
    norm = math.hypot(*weights.values()) or 1.0
    return {word: weight / norm for word, weight in weights.items()}


def _dot(left: Weights, right: Weights) -> float:
    return sum(weight * right.get(word, 0.0) for word, weight in left.items())
