"""How well a passage bears on a question: the share of its terms that are found, and where."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import pairwise

from video_vlm.language.lexicon import COLOURS
from video_vlm.language.passages import Passage, Passages
from video_vlm.language.premise import premise_of_clause
from video_vlm.language.query import Term, terms
from video_vlm.language.similarity import Similarity
from video_vlm.language.word_forms import alike, phrase_position, squeeze, stem
from video_vlm.records import Span

__all__ = [
    "Match",
    "best_matches",
    "find_anchors",
    "find_phrase",
    "has_another_colour",
    "has_any",
    "is_named",
    "match",
    "named_chapters",
    "nearest_in_meaning",
    "stems_for",
]

_COLOURS = frozenset(map(stem, COLOURS))
_REFERRED = 0.8
_IN_CONTEXT = 0.55
_IN_TOPIC = 0.4
_ANCHOR_COVERAGE = 0.55
_SAME_IN_OTHER_WORDS = 0.4
"""Of the mean of cosine and support: less tells of something else."""
_SAME_DEED = 0.45
_MOST_COMPARED = 60


@dataclass(frozen=True, slots=True)
class Match:
    """A passage and how it fits: ``coverage`` counts terms found around it a little, ``direct`` only those in
    it."""

    passage: Passage
    coverage: float
    direct: float
    found: frozenset[str]
    lost_names: bool = False
    """Whether a name or number of the question is nowhere near."""


def match(wanted: Sequence[Term], passage: Passage, passages: Passages) -> Match:
    """The weighted share of ``wanted`` found in a passage, in what surrounds it, or in what the video is
    about."""
    weight = direct = covered = 0.0
    found: set[str] = set()
    lost = False
    for term in wanted:
        near = stems_for(term, passages)
        here = _likeness(near, passage.stems) or _REFERRED * _likeness(near, passage.referents)
        around = (
            here
            or _IN_CONTEXT * _likeness(near, passage.context)
            or _IN_TOPIC * _likeness(near, passages.topic)
        )
        value = term.weight * passages.rarity.get(term.stem, 1.0)
        weight += value
        direct += value * here
        covered += value * around
        lost = lost or (term.strict and around == 0.0)
        if here:
            found.add(term.stem)
    if weight == 0.0:
        return Match(passage, 0.0, 0.0, frozenset())
    return Match(passage, covered / weight, direct / weight, frozenset(found), lost)


def is_named(term: Term, passage: Passage, passages: Passages) -> bool:
    """Whether a passage itself holds a term, not only a pronoun for it."""
    return _likeness(stems_for(term, passages), passage.stems) > 0.0


def stems_for(term: Term, passages: Passages) -> Mapping[str, float]:
    """The stems of a video that may stand for a term, and how far each does. A number is no other one."""
    if term.strict and term.stem[:1].isdigit():
        return {term.stem: 1.0}
    return passages.vocabulary.alike(term.stem)


def _likeness(near: Mapping[str, float], stems: frozenset[str]) -> float:
    return max((near[stem] for stem in near.keys() & stems), default=0.0)


def best_matches(
    wanted: Sequence[Term], pool: Iterable[Passage], passages: Passages, *, least_direct: float = 0.0
) -> list[Match]:
    """Matches that share at least one telling term with the question, best first; ties go to the earlier
    one."""
    near = {stem for term in wanted for stem in stems_for(term, passages)}
    found = [match(wanted, passage, passages) for passage in pool if has_any(passage, near)]
    found = [item for item in found if item.found and item.direct >= least_direct]
    return sorted(found, key=lambda item: (-item.coverage, -item.direct, item.passage.span.start))


def has_another_colour(wanted: Sequence[Term], passage: Passage) -> bool:
    """Whether a passage has a colour, and none of those that are asked about: what is green is not the red one."""
    asked = {term.stem for term in wanted} & _COLOURS
    return bool(asked) and asked.isdisjoint(passage.stems) and not passage.stems.isdisjoint(_COLOURS)


def has_any(passage: Passage, stems: Set[str]) -> bool:
    """Whether any of ``stems`` is in a passage, or in what its pronouns stand for."""
    return not (passage.stems.isdisjoint(stems) and passage.referents.isdisjoint(stems))


def find_phrase(phrase: str, pool: Iterable[Passage]) -> list[Passage]:
    """Passages that hold a quoted phrase, word for word or with the odd letter misread; in order of time.

    A phrase may run over two neighbouring passages of a track; the first of them is given.
    """
    pool = list(pool)
    exact = [passage for passage in pool if phrase_position(phrase, passage.text)]
    if exact:
        return exact
    wanted = squeeze(phrase)
    if len(wanted) < 6:
        return []
    return [passage for passage in pool if _reads_like(wanted, squeeze(passage.text))] or _over_two(
        wanted, pool
    )


def _reads_like(wanted: str, text: str) -> bool:
    if not text or len(text) < 0.7 * len(wanted):
        return False
    blocks = difflib.SequenceMatcher(None, wanted, text, autojunk=False).get_matching_blocks()
    matched = sum(block.size for block in blocks if block.size >= 2)
    if matched < 0.8 * len(wanted):
        return False
    kept = [block for block in blocks if block.size >= 2]
    return kept[-1].b + kept[-1].size - kept[0].b <= 1.35 * len(wanted)


def _over_two(wanted: str, pool: Sequence[Passage]) -> list[Passage]:
    spoken = [passage for passage in pool if passage.is_spoken]
    return [
        first for first, second in pairwise(spoken) if _reads_like(wanted, squeeze(first.text + second.text))
    ]


def find_anchors(
    phrase: str, quotes: Sequence[str], passages: Passages, *, within: Span | None = None
) -> list[Match]:
    """The moments an anchor phrase names, surest first.

    A quotation is looked for as written; anything else by its terms, chapter titles first when they fit.
    """
    pool = [passage for passage in passages.all if within is None or passage.span.overlaps(within)]
    if quotes:
        hits = [passage for quote in quotes for passage in find_phrase(quote, pool)]
        return [Match(passage, 1.0, 1.0, passage.stems) for passage in hits]
    wanted, premise = terms(phrase), premise_of_clause(phrase)
    matches = [
        item for item in best_matches(wanted, pool, passages) if premise.is_met_by(item.passage, passages)
    ]
    named = named_chapters(wanted, [item for item in matches if item.passage in passages.chapters])
    sure = [
        item
        for item in matches
        if item.coverage >= _ANCHOR_COVERAGE and item.direct >= 0.3 and not item.lost_names
    ]
    return named or sure[:3] or nearest_in_meaning(phrase, pool, passages)[:1]


def nearest_in_meaning(
    phrase: str, pool: Sequence[Passage], passages: Passages, *, done: Sequence[str] = ()
) -> list[Match]:
    """What is said that tells the same as a phrase in other words, nearest first; nothing without an encoder.

    ``done`` are the stems of verbs that must be told of: a sale is not told of by what was kept.
    """
    if passages.encoder is None:
        return []
    wanted = terms(f"- {phrase}")
    similarity = Similarity(phrase, wanted, passages.encoder)
    spoken = [passage for passage in pool if passage.is_spoken]
    if len(spoken) > _MOST_COMPARED:
        spoken = [item.passage for item in best_matches(wanted, spoken, passages)[:_MOST_COMPARED]]
    similarity.read([phrase, *(passage.text for passage in spoken)])
    found = []
    for passage in spoken:
        support = similarity.support(passage.text)
        share = sum(support.values()) / len(support) if support else 0.0
        score = (share + similarity.meaning(passage.text)) / 2
        if score >= _SAME_IN_OTHER_WORDS and all(support.get(deed, 1.0) >= _SAME_DEED for deed in done):
            found.append(
                Match(passage, score, score, frozenset(stem for stem in support if support[stem] >= 0.5))
            )
    return sorted(found, key=lambda item: (-item.coverage, item.passage.span.start))


def named_chapters(wanted: Sequence[Term], chapters: Sequence[Match]) -> list[Match]:
    """Chapters whose title holds what the phrase is about, its last telling word: "the trick with the three
    cups"."""
    telling = [term for term in wanted if term.weight >= 0.5]
    if not telling or not chapters:
        return []
    about = [item for item in chapters if any(alike(telling[-1].stem, stem) for stem in item.passage.stems)]
    names = [term.stem for term in telling if term.strict]
    return [
        item
        for item in about
        if all(name in item.found for name in names) and item.direct >= 0.9 * about[0].direct
    ]
