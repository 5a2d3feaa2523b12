"""The sentences of what is said and written, each with those beside it: enough to be understood alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from video_vlm.language.cue_sentences import SPEAKER_TAG
from video_vlm.language.passages import Passage
from video_vlm.language.premise import sentences

__all__ = ["Unit", "excerpt", "units"]

_GOES_ON: Final = re.compile(
    r"^\W*(?:(?:and|but|so|then|well|now|oh|yes|no|actually|also|because|since|otherwise|maybe|probably)\W+)*"
    r"(?:it|they|he|she|that|those|these|both|this|one|(?:his|her|its|their)\s+\w+)(?:['’]\w+)?(?:\s+(?!\w+\s+(?:is|was|are|were)\b)\w+|\W|$)"
    r"|^\W*(?:in|by|for|with)\s+(?:\w+\s+){1,2}(?:that|this|it)\s+(?:\w+ly\s+|just\s+)?(?:is|was|means?|meant)\b"
    r"|^\W*in\s+(?:plain|other|short|simple)\s+words\b",
    re.I,
)
"""It begins with a pronoun for something in the sentence before."""
_FEW_WORDS: Final = 4
_NEXT_SECONDS: Final = 3.0
_FEW_LETTERS: Final = 20


@dataclass(slots=True)
class Unit:
    """A sentence, its passage, and the sentences before and after it in its track."""

    passage: Passage
    sentence: Passage
    last: Unit | None = None
    next: Unit | None = None

    @property
    def before(self) -> str:
        return self.last.text if self.last is not None else ""

    @property
    def text(self) -> str:
        """Without the name of whoever speaks."""
        return SPEAKER_TAG.sub("", self.sentence.text).lstrip()

    @property
    def goes_on(self) -> bool:
        """Whether it hangs on the sentence before it, by a pronoun or because it is short."""
        return len(self.sentence.words) <= _FEW_WORDS or bool(_GOES_ON.search(self.text))

    @property
    def near(self) -> str:
        return f"{self.before} {self.text}".strip()


def units(pool: Sequence[Passage]) -> list[Unit]:
    """The sentences of passages in order of time, linked to those beside them."""
    found: list[Unit] = []
    last: dict[tuple[str, str], Unit] = {}
    for passage in pool:
        track = (passage.kind, passage.track)
        for sentence in sentences(passage):
            if sentence.words:
                unit = Unit(passage, sentence, last.get(track) if passage.is_spoken else None)
                if unit.last is not None:
                    unit.last.next = unit
                last[track] = unit
                found.append(unit)
    return found


def excerpt(unit: Unit) -> tuple[Passage, ...]:
    """A sentence's passage; the one before it if the sentence hangs on that; the one after it if that hangs on
    the sentence, or answers it."""
    first = last = unit
    if unit.goes_on and unit.last is not None and _is_beside(unit.last, unit):
        first = unit.last
    while last.next is not None and _is_beside(last, last.next) and _is_led_on(unit, last, last.next):
        last = last.next
    found = [first.passage]
    while first is not last:
        first = first.next or last
        found += [first.passage] if first.passage is not found[-1] else []
    return tuple(found)


def _is_led_on(unit: Unit, last: Unit, after: Unit) -> bool:
    return last.text.rstrip().endswith("?") or (last.passage is unit.passage and after.goes_on)


def _is_beside(unit: Unit, after: Unit) -> bool:
    """Whether a sentence follows right after another; of captions without full stops, read two at a time, it is
    partly the same."""
    gap = after.passage.span.start - unit.passage.span.end
    return unit.passage is after.passage or (
        gap <= _NEXT_SECONDS and after.passage.text[:_FEW_LETTERS] not in unit.passage.text
    )
