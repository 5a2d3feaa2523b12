"""What a question takes for granted was done, and whether a passage tells of it.

"When was the kiln moved?" is answered by a passage in which something is moved, not by one that has a kiln.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise

from video_vlm.language.lexicon import STOP_WORDS
from video_vlm.language.passages import Passage, Passages
from video_vlm.language.query import TELLING_WEIGHT, TEXTUAL_NOUNS, Query, Term, terms
from video_vlm.language.verbs import ALIKE, BE, DETERMINERS, INVERTED, MENTIONS, deeds, is_same_deed
from video_vlm.language.word_forms import alike, lemmas, stem, words

__all__ = ["Premise", "is_done_in", "premise_of", "premise_of_clause", "sentences"]

_PRONOUNS = frozenset("it he she they him her them this that these those".split())
_HELPERS = (
    BE
    | INVERTED
    | frozenset("has have had got to not never ever also again finally still already just then".split())
)
_EDGES = frozenset("start begin end stop finish".split())
"""Of a card or a chapter these are its edges, whatever it says."""

_SAYING = "mention|say|tell|talk|speak|discuss|describe|explain|refer|read|sing|shout|ask|show"
_TELLER = re.compile(rf"\b(?:do|does|did|can|will)\s+((?:[\w’'-]+\s+){{1,4}}?)(?:{_SAYING})\b", re.I)
"""Whoever is heard to speak: the potter in "When does the potter mention the kiln?"."""

_TEXTUAL = frozenset(stem(word) for word in TEXTUAL_NOUNS)
_SENTENCE_END = re.compile(r"[.!?…][\"”’)\]]*\s+(?=\S)")
_PRO_VERB = re.compile(r"\b(?:do|does|did|done)\s+(?:it|that|this|so|the\s+same)\b", re.I)
_PAST = re.compile(r"\b(?:did|was|were|had|has|have)\b", re.I)


def is_done_in(passage: Passage, done: Sequence[str], *, alone: bool = False) -> bool:
    """Whether every deed is told in the words of a passage, or in words that mean the same.

    A written row without a verb tells of no deed and of any: "1928 | Walls". Where nothing but the deed
    is asked for (``alone``), a pronoun may stand for it: "Who wants to steer?" "I'll do it."
    """
    if not passage.is_spoken and not deeds(passage.text):
        return True
    wanted = (deed for deed in done if passage.is_spoken or not _EDGES & lemmas(deed))
    meant = passage.referents if alone or _PRO_VERB.search(passage.text) else frozenset()
    return all(
        any(is_same_deed(deed, word.text) for word in passage.words)
        or any(alike(form, other) >= ALIKE for form in lemmas(deed) for other in meant)
        for deed in wanted
    )


@dataclass(frozen=True, slots=True)
class Premise:
    """What a question takes for granted: the deeds, as it words them, and the terms of all else that it
    names."""

    deeds: tuple[str, ...]
    others: tuple[Term, ...]
    doers: frozenset[str] = frozenset()
    """The stems of those of them who do it, where the question says so: "When does the potter move the
    kiln?"."""

    def holds_in(self, passage: Passage, passages: Passages) -> bool:
        """Whether a passage tells of the deeds, and of the very things they are done by and to."""
        return any(
            self._is_done_in(part) and all(self._named_in(part, passages)) for part in self._parts(passage)
        )

    def is_met_by(self, passage: Passage, passages: Passages) -> bool:
        """Whether a passage tells of the deeds and of something that the question names: enough for an
        anchor."""
        return not self.deeds or any(
            self._is_done_in(part) and (not self.others or any(self._named_in(part, passages)))
            for part in self._parts(passage)
        )

    def _parts(self, passage: Passage) -> Sequence[Passage]:
        """The sentences of a passage: what is done in one is not done to what another names."""
        return sentences(passage) if len(self.deeds) == 1 else (passage,)

    def _is_done_in(self, passage: Passage) -> bool:
        return is_done_in(passage, self.deeds, alone=not self.others)

    def _named_in(self, passage: Passage, passages: Passages) -> Iterator[bool]:
        named, by_pronoun = _named(passage, passages), _meant(passage, self.deeds)
        return (
            _is_among(term, named)
            or (_is_among(term, passage.referents) and (term.stem in self.doers) in by_pronoun)
            for term in self.others
        )


def sentences(passage: Passage) -> Sequence[Passage]:
    """Each sentence of what is said, its pronouns standing for what the one before it names."""
    ends = [found.end() for found in _SENTENCE_END.finditer(passage.text)] if passage.is_spoken else []
    if not ends or ends == [len(passage.text)]:
        return (passage,)
    parts: list[Passage] = []
    for start, end in pairwise([0, *ends, len(passage.text)]):
        here = tuple(word for word in passage.words if start <= word.start < end)
        carrying = frozenset(word.stem for word in here if word.text.casefold() not in STOP_WORDS)
        referents = _said_in(parts[-1]) if parts else passage.referents
        parts.append(
            replace(passage, text=passage.text[start:end], words=here, stems=carrying, referents=referents)
        )
    return parts


def _said_in(sentence: Passage) -> frozenset[str]:
    """The stems of a sentence, and of the one before it where it has a pronoun for them."""
    has_pronoun = any(word.text.casefold() in _PRONOUNS for word in sentence.words)
    return sentence.stems | sentence.referents if has_pronoun else sentence.stems


def _is_among(term: Term, stems: frozenset[str]) -> bool:
    return any(alike(term.stem, other) >= ALIKE for other in stems)


def _meant(passage: Passage, done: Sequence[str]) -> frozenset[bool]:
    """Whom the pronouns beside a deed may stand for: True for who does it, False for what it is done to.

    In "They say the clock was moved" a pronoun stands for neither; in "He moved the clock" not for what was
    moved.
    """
    if not done or _PRO_VERB.search(passage.text):
        return frozenset({True, False})
    plain = [word.text.casefold() for word in passage.words]
    found: set[bool] = set()
    for place, word in enumerate(plain):
        if not any(is_same_deed(deed, word) for deed in done):
            continue
        first = place
        while first > 0 and (plain[first - 1] in _HELPERS or plain[first - 1].endswith("ly")):
            first -= 1
        after = plain[place + 1] if place + 1 < len(plain) else ""
        passive = not BE.isdisjoint(plain[first:place])
        if first > 0 and plain[first - 1] in _PRONOUNS:
            found.add(not passive)
            found.update([False] if after not in DETERMINERS else [])  # "it opened", "they froze in March"
        if after in _PRONOUNS:
            found.add(False)
    return frozenset(found)


@lru_cache(maxsize=64)
def premise_of(query: Query) -> Premise:
    """The premise of a question: its verbs, and its telling words less the verbs and whoever is only heard to
    speak."""
    text = query.parsed.target
    found = _premise(text, query.terms)
    if _PAST.search(text):
        return found
    # "When does the song begin?" asks for an edge, "When did the war begin?" for a deed.
    return replace(found, deeds=tuple(deed for deed in found.deeds if not _EDGES & lemmas(deed)))


@lru_cache(maxsize=64)
def premise_of_clause(clause: str) -> Premise:
    """The premise of an anchor: "the kiln broke"."""
    return _premise(f"- {clause}", terms(f"- {clause}"))


def _premise(text: str, wanted: Sequence[Term]) -> Premise:
    done = deeds(text)
    teller = _TELLER.search(text)
    left_out = {form for word in (*done, *(teller[1].split() if teller else ())) for form in lemmas(word)}
    others = (
        term for term in wanted if term.weight >= TELLING_WEIGHT and term.stem not in left_out | _TEXTUAL
    )
    return Premise(
        done, tuple(term for term in others if not MENTIONS & lemmas(term.stem)), _doers(text, done)
    )


def _doers(text: str, done: Sequence[str]) -> frozenset[str]:
    """The stems between "does" and the verb."""
    plain = [word.text.casefold() for word in words(text)]
    first = next((place for place, word in enumerate(plain) if word in INVERTED), None)
    last = max((place for place, word in enumerate(plain) if word in done), default=0)
    return frozenset() if first is None else frozenset(stem(word) for word in plain[first + 1 : last])


def _named(passage: Passage, passages: Passages) -> frozenset[str]:
    """The stems of a passage and of its chapter's title; of a card also of what is around it."""
    if not passage.is_spoken:
        return passage.stems | passage.context | passages.topic
    titles = (one.stems for one in passages.chapters if one.span.overlaps(passage.span))
    return passage.stems.union(*titles)
