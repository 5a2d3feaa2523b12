"""The sentence that answers, quoted: led by its value where the question asks for one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from video_vlm.language.passages import Passage, Passages
from video_vlm.language.query import Query
from video_vlm.models.builtin.draft import Draft, draft, quoted_claim
from video_vlm.models.builtin.evidence import Candidate, candidates_for
from video_vlm.models.builtin.evidence_model import by_encoder, by_words, feature_rows
from video_vlm.models.builtin.facts import in_channel
from video_vlm.protocols import WordEncoder
from video_vlm.records import Claim

__all__ = ["find_sentence"]

_ALSO: Final = 0.3
"""A second sentence is quoted with the first if it is this likely beside it."""
_FOLLOWING: Final = 0.05
"""The same for the passage that comes right after it: "Where is it?" "Behind the door."."""
_NEXT_SECONDS: Final = 3.0
_OVERLAP_SECONDS: Final = 0.5
_LEADING_FIT: Final = 0.9


def find_sentence(query: Query, pool: Sequence[Passage], passages: Passages) -> Draft | None:
    """The sentence of ``pool`` that answers, with how likely it does; None where none can."""
    found = candidates_for(query, in_channel(query, pool), passages)
    if not found:
        return None
    model = by_encoder if isinstance(passages.encoder, WordEncoder) else by_words
    return _quoted(found, model.probabilities(feature_rows(found)))


def _quoted(found: Sequence[Candidate], shares: npt.NDArray[np.float64]) -> Draft:
    """The likeliest passage, and a second one: the one that follows it if it may be the answer to it, else one
    that is nearly as likely."""
    order = sorted(range(len(found)), key=lambda place: -shares[place])
    best = order[0]
    chosen = [best]
    others = [
        place for place in order[1:] if not found[place].passage.span.overlaps(found[best].passage.span)
    ]
    follows = [place for place in others if _follows(found[best].passage, found[place].passage)]
    likely = [place for place in others if shares[place] >= _ALSO * shares[best]]
    next_one = [place for place in follows if shares[place] >= _FOLLOWING * shares[best]]
    chosen += (next_one or likely)[:1]
    quoted = [found[place].passage for place in chosen]
    told = [place for place in order if any(found[place].passage.span.overlaps(one.span) for one in quoted)]
    return draft([_claim(found[place]) for place in chosen], float(sum(shares[told])), "sentence")


def _follows(passage: Passage, other: Passage) -> bool:
    gap = other.span.start - passage.span.end
    return other.track == passage.track and -_OVERLAP_SECONDS <= gap <= _NEXT_SECONDS


def _claim(one: Candidate) -> Claim:
    leads = one.value is not None and one.features["value"] >= _LEADING_FIT and _is_short(one)
    return quoted_claim(one.passage, one.value.text if one.value and leads else "")


def _is_short(one: Candidate) -> bool:
    return one.features["needs_value"] == 1.0
