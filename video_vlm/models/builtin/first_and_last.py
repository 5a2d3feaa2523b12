"""What is said or written first, or last: the edge of a track, where the question names nothing else to look
for."""

from __future__ import annotations

import re
from collections.abc import Sequence

from video_vlm.language.matching import best_matches
from video_vlm.language.passages import Passage, Passages
from video_vlm.language.query import TELLING_WEIGHT, TEXTUAL_NOUNS, Query, Wanted
from video_vlm.language.time_operators import OperatorKind
from video_vlm.models.builtin.draft import Draft, draft, quoted_claim

__all__ = ["find_at_edge", "find_mention_at_edge", "what_is_said"]

_SURE = 0.85
_AS_DIRECT = 0.75
_TOGETHER_SECONDS = 0.5
_MOST_ROWS = 3
_HEARD = re.compile(r"\b(?:heard?|hears?|sounds?)\b", re.I)
_ON_SCREEN = re.compile(r"\b(?:shown?|shows|seen|appears?|screen|visible|displayed)\b", re.I)
_ONE_WORD = re.compile(r"\b(?:first|last|final|earliest|latest)\s+word\b", re.I)
_SOUND = re.compile(r"\[[^\[\]]*\]|\([^()]*\)")
"""A sound that is written down, ``[barking and roaring]``: nothing is said in it."""


def find_at_edge(query: Query, passages: Passages) -> Draft | None:
    """The first or the last words of the channel the question names: "What is said first?", "What is the last
    card?"."""
    extreme = query.parsed.extreme
    if extreme is None or not _asks_for_words(query):
        return None
    spoken = what_is_said(query, passages)
    pool = {"said": spoken, "written": passages.screen}.get(_channel(query), (*spoken, *passages.screen))
    found = _first(pool) if extreme == "first" else _last(pool)
    if not found:
        return None
    return draft([quoted_claim(one, _one_word(query, one)) for one in found], _SURE, f"{extreme} words")


def find_mention_at_edge(query: Query, passages: Passages) -> Draft | None:
    """The first or the last that is said or written of something: "What is said last about the bridge?"."""
    extreme, operator = query.parsed.extreme, query.parsed.operator.kind
    if extreme is None or operator is not OperatorKind.NONE or query.wanted not in {*_OPEN, Wanted.WORDS}:
        return None
    pool = {"said": what_is_said(query, passages), "written": passages.screen}.get(_channel(query), ())
    telling = tuple(term for term in query.terms if term.weight >= TELLING_WEIGHT)
    found = [item for item in best_matches(telling, pool, passages, least_direct=0.4) if not item.lost_names]
    found = [item for item in found if item.direct >= _AS_DIRECT * found[0].direct]
    if not found:
        return None
    chosen = (min if extreme == "first" else max)(found, key=lambda item: item.passage.span.start)
    return draft([quoted_claim(chosen.passage)], _SURE * found[0].coverage ** 0.5, f"{extreme} mention")


def _asks_for_words(query: Query) -> bool:
    """Words and nothing but words: not a thing, a person or an action that also has a first and a last."""
    if query.quotes or query.parsed.operator.kind is not OperatorKind.NONE:
        return False
    if query.parsed.asks_when or query.parsed.asks_count or query.parsed.asks_duration:
        return False
    if any(term.weight >= TELLING_WEIGHT for term in query.terms):
        return False
    textual = not TEXTUAL_NOUNS.isdisjoint(query.focus.split())
    return textual or query.wanted is Wanted.WORDS or (bool(query.channel) and query.wanted in _OPEN)


_OPEN = frozenset({Wanted.EVENT, Wanted.ANY})


def _channel(query: Query) -> str:
    return query.channel or ("written" if _ON_SCREEN.search(query.parsed.text) else "")


def what_is_said(query: Query, passages: Passages) -> tuple[Passage, ...]:
    """What is said; sounds that are written down only where the question is what is heard."""
    if _HEARD.search(query.parsed.text):
        return passages.spoken
    return tuple(one for one in passages.spoken if any(map(str.isalnum, _SOUND.sub("", one.text))))


def _first(pool: Sequence[Passage]) -> list[Passage]:
    earliest = min((passage.span.start for passage in pool), default=0.0)
    return _together([passage for passage in pool if passage.span.start <= earliest + _TOGETHER_SECONDS])


def _last(pool: Sequence[Passage]) -> list[Passage]:
    latest = max((passage.span.end for passage in pool), default=0.0)
    return _together([passage for passage in pool if passage.span.end >= latest - _TOGETHER_SECONDS])


def _together(edge: list[Passage]) -> list[Passage]:
    """The rows of one card from top to bottom; of what is said, one sentence."""
    spoken = [passage for passage in edge if passage.is_spoken]
    rows = sorted((passage for passage in edge if not passage.is_spoken), key=lambda row: row.top)
    return [*spoken[:1], *rows[:_MOST_ROWS]]


def _one_word(query: Query, passage: Passage) -> str:
    if not passage.words or not _ONE_WORD.search(query.parsed.target):
        return ""
    return passage.words[0 if query.parsed.extreme == "first" else -1].text
