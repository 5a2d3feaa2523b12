"""The sentence that answers, quoted: led by its value where the question asks for one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from video_vlm.language.passages import Passage, Passages, told_in
from video_vlm.language.query import Query
from video_vlm.language.word_forms import words
from video_vlm.models.builtin.draft import Draft, draft, quoted_claim
from video_vlm.models.builtin.evidence import Candidate, candidates_for
from video_vlm.models.builtin.evidence_model import by_encoder, by_words, feature_rows
from video_vlm.models.builtin.facts import in_channel
from video_vlm.models.builtin.naming import name_asked
from video_vlm.protocols import WordEncoder
from video_vlm.records import Claim

__all__ = ["SENTENCE", "find_sentence", "tellable"]

SENTENCE: Final = "sentence"
"""The reason of a draft of this module."""
_ALSO: Final = 0.3
"""A second sentence is quoted with the first if it is this likely beside it."""
_LEADING_FIT: Final = 0.9


def find_sentence(query: Query, pool: Sequence[Passage], passages: Passages) -> Draft | None:
    """The sentence of ``pool`` that answers, with how likely it does; None where none can."""
    compares_meanings = isinstance(passages.encoder, WordEncoder)
    if name_asked(query) and not compares_meanings:
        return None  # the rules of names are surer than shared words
    found = candidates_for(query, in_channel(query, pool), passages)
    if not compares_meanings:
        found = [one for one in found if one.features["premise"]]
    if not found:
        return None
    model = by_encoder if compares_meanings else by_words
    return _quoted(found, model.probabilities(feature_rows(found)))


def _quoted(found: Sequence[Candidate], shares: npt.NDArray[np.float64]) -> Draft:
    """The likeliest sentence in its excerpt; and a second one that is nearly as likely, elsewhere."""
    order = sorted(range(len(found)), key=lambda place: -shares[place])
    best = order[0]
    around = [passage for passage in found[best].excerpt if passage is not found[best].passage]
    quoted = [found[best].passage, *around]
    claims = [_claim(found[best]), *map(quoted_claim, around)]
    for place in order[1:]:
        passage = found[place].passage
        apart = not any(passage.span.overlaps(one.span) for one in quoted)
        if apart and len(quoted) == 1 and passage.is_spoken and shares[place] >= _ALSO * shares[best]:
            quoted.append(passage)
            claims.append(_claim(found[place]))
    told = [place for place in order if any(found[place].passage.span.overlaps(one.span) for one in quoted)]
    return draft(claims, float(sum(shares[told])), SENTENCE)


def _claim(one: Candidate) -> Claim:
    leads = one.features["needs_value"] == 1.0 and one.features["value"] >= _LEADING_FIT
    return quoted_claim(one.passage, _in_digits(one.value.text) if one.value and leads else "")


def _in_digits(value: str) -> str:
    """A spoken year in digits: ``nineteen twenty six`` is ``1926``; anything else as it is."""
    said = words(value)
    return said[0].stem if len(said) == 1 and said[0].stem.isdigit() and " " in value else value


def tellable(pool: Sequence[Passage], passages: Passages) -> list[Passage]:
    """What is said or written in sentences and rows."""
    return list(passages.told if pool is passages.all else told_in(pool, passages.runs))
