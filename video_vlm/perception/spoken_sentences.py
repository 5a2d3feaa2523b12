"""Sentences out of words with times."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from video_vlm.records import Observation, ObservationKind, Span, SpokenWord
from video_vlm.text import one_line

__all__ = ["joined_sentences", "sentences"]

_END: Final = re.compile(r"[.?!。？！…][\"'”’)\]]*$")
_PAUSE_SECONDS: Final = 1.0
_LONGEST_SECONDS: Final = 12.0
_MOST_REPEATS: Final = 3
"""A model that runs in circles says one thing over and over; what is said so often in a row is said once."""


def sentences(words: Iterable[SpokenWord], *, source: str) -> Iterator[Observation]:
    """What is said, cut behind ``.``, ``?`` and ``!``, in pauses of more than a second, and after 12 seconds.

    Each is as sure as its least sure word.
    """
    part: list[SpokenWord] = []
    for word in words:
        if part and _is_over(part, word):
            yield from _sentence(part, source)
            part = []
        part.append(word)
    yield from _sentence(part, source)


def joined_sentences(said: Sequence[Observation]) -> Iterator[Observation]:
    """Sentences that the end of a stretch cut in two as one, and runs of one sentence as the first of
    them."""
    last: Observation | None = None
    num_same = 1
    for one in said:
        if last is not None and _goes_on(last, one):
            both = Span(last.span.start, max(last.span.end, one.span.end))
            confidence = min(last.confidence, one.confidence)
            last = replace(last, span=both, text=f"{last.text} {one.text}", confidence=confidence)
            continue
        num_same = num_same + 1 if last is not None and last.text == one.text else 1
        if num_same > _MOST_REPEATS:
            continue
        if last is not None:
            yield last
        last = one
    if last is not None:
        yield last


def _is_over(part: Sequence[SpokenWord], following: SpokenWord) -> bool:
    last = part[-1]
    return (
        _END.search(last.text.strip()) is not None
        or following.span.start - last.span.end > _PAUSE_SECONDS
        or following.span.end - part[0].span.start > _LONGEST_SECONDS
    )


def _sentence(part: Sequence[SpokenWord], source: str) -> Iterator[Observation]:
    text = one_line("".join(word.text for word in part))
    if not any(letter.isalnum() for letter in text):
        return
    span = Span(part[0].span.start, max(word.span.end for word in part))
    confidence = min(word.probability for word in part)
    yield Observation(span, ObservationKind.SPEECH, text, source, confidence=confidence)


def _goes_on(before: Observation, after: Observation) -> bool:
    return (
        before.source == after.source
        and _END.search(before.text) is None
        and after.span.start - before.span.end <= _PAUSE_SECONDS
        and after.span.end - before.span.start <= _LONGEST_SECONDS
    )
