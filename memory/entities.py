"""Named entities: names in speech, screen text and titles, with every mention in time."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from video_vlm.memory.fts_query import FUNCTION_WORDS
from video_vlm.records import Observation, Span
from video_vlm.records.observations import TELLING

__all__ = ["Entity", "find_entity", "list_entities"]

_WORD: Final = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*", re.UNICODE)
_ENDS_SENTENCE: Final = re.compile(r"[.!?…:|“”\"\n([–—]")
_POSSESSIVE: Final = re.compile(r"['’]s$", re.IGNORECASE)
_TOGETHER_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class Entity:
    """A name, and the observations that mention it, in order of time."""

    name: str
    mentions: tuple[Observation, ...]

    @property
    def timeline(self) -> tuple[Span, ...]:
        """The spans in which it is mentioned, in seconds; mentions less than ten seconds apart are joined."""
        spans: list[Span] = []
        for span in sorted(one.span for one in self.mentions):
            if spans and span.start - spans[-1].end < _TOGETHER_SECONDS:
                spans[-1] = spans[-1].cover(span)
            else:
                spans.append(span)
        return tuple(spans)


def find_entity(name: str, observations: Iterable[Observation]) -> Entity:
    """Every mention of a name as whole words, in upper or lower case; ``'s`` may follow.

    Raises:
        ValueError: there is no word in ``name``.
    """
    words = _WORD.findall(name)
    if not words:
        raise ValueError(f"a name needs a word, got {name!r}")
    wanted = re.compile(
        r"(?<!\w)" + r"[\W_]+".join(map(re.escape, words)) + r"(?:['’]s)?(?!\w)", re.IGNORECASE
    )
    found = (one for one in observations if one.kind in TELLING and wanted.search(one.text))
    return Entity(" ".join(name.split()), tuple(sorted(found, key=lambda one: one.span)))


def list_entities(observations: Sequence[Observation]) -> tuple[Entity, ...]:
    """The names in a video, those with the most mentions first.

    A name is a run of capitalised words: ``Odile Ferrant``. A single word that occurs only at the beginning
    of sentences is not a name, nor is a line in capitals, unless the same words are a name elsewhere. This
    fails for languages that capitalise all nouns, or nothing.
    """
    worded = [one for one in observations if one.kind in TELLING]
    surely: dict[str, str] = {}
    for one in worded:
        for run, begins in _runs(one.text):
            if len(run) > 1 or not begins:
                surely.setdefault(" ".join(run).casefold(), " ".join(run))
    mentions: dict[str, list[Observation]] = defaultdict(list)
    for one in worded:
        for key in {key for run, _ in _runs(one.text) if (key := " ".join(run).casefold()) in surely}:
            mentions[key].append(one)
    named = (
        Entity(surely[key], tuple(sorted(found, key=lambda one: one.span))) for key, found in mentions.items()
    )
    return tuple(sorted(named, key=lambda one: (-len(one.mentions), one.mentions[0].span, one.name)))


def _runs(text: str) -> Iterator[tuple[list[str], bool]]:
    """Runs of capitalised words, and whether each begins a sentence."""
    run: list[str] = []
    begins, end = True, 0
    for found in _WORD.finditer(text):
        between, word = text[end : found.start()], _POSSESSIVE.sub("", found[0])
        broken = bool(_ENDS_SENTENCE.search(between)) or end == 0
        if run and (broken or between.strip() or not _is_name(word)):
            yield run, begins
            run = []
        if _is_name(word):
            if not run:
                begins = broken
            run.append(word)
        end = found.end()
    if run:
        yield run, begins


def _is_name(word: str) -> bool:
    return (
        len(word) > 1 and word[0].isupper() and not word.isupper() and word.casefold() not in FUNCTION_WORDS
    )
