"""Scores for samplers, from what the memory finds: one series for each channel that the question asks for.

What is said, what is written, what it looks like and what moves are searched apart, because their scores are
on different scales and because a question often says which of them it means: "what does she say" does not ask
for the words on a sign.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final, Protocol

import numpy as np

from video_vlm.language.query import terms
from video_vlm.language.word_forms import stems
from video_vlm.protocols import VideoMemory
from video_vlm.records.observations import KINDS, kinds_where
from video_vlm.retrieval import term_share
from video_vlm.samplers.frame_times import Seconds
from video_vlm.samplers.sampler_input import Channels, Scores

__all__ = ["Similarity", "channels_for"]

_LIMIT = 50
_LEAST_SHARE = 0.34
"""Of a phrase's words: evidence that shares fewer was found by a word that is in every other sentence."""


class Similarity(Protocol):
    """Scores how much frames look like words: an image-text tower, where there is one."""

    def __call__(self, text: str, seconds: Seconds) -> Scores:
        """One number for each time, ``(n,)``; NaN where no picture is known."""
        ...


_SAID = re.compile(
    r"\b(?:sa(?:y|ys|id|ying)|sings?|sang|told|tells?|speaks?|mention\w*|explain\w*|hear\w*)\b", re.I
)
_WRITTEN = re.compile(
    r"\b(?:written|writes?|printed|prints?|reads?|text|sign|slide|caption|card|title|credits?)\b", re.I
)
_COLOURED = re.compile(
    r"\b(?:colou?rs?|dark|bright|black|white|red|green|blue|yellow|orange|pink|purple|brown|gr[ae]y)\b", re.I
)
_MOVING = re.compile(
    r"\b(?:mov(?:e|es|ing)|camera|pan|zoom\w*|still|fades?|flash\w*|fast|slow\w*|cuts?)\b", re.I
)
_ASKED_BY: Final[Mapping[str, re.Pattern[str]]] = {"look": _COLOURED, "motion": _MOVING}
"""Channels that are searched only where a question has such words."""


def channels_for(
    phrase: str, memory: VideoMemory, times: Seconds, *, question: str, sight: Similarity | None = None
) -> Channels:
    """How well each candidate time fits a phrase, by channel, ``(times)`` each; channels that find nothing
    are left out.

    Args:
        phrase: What is looked for: the target of a question, or one of its anchors.
        memory: Where.
        times: The candidates, ascending.
        question: The whole question: it says which channels are meant.
        sight: How much pictures look like words, by an image-text tower: one more channel.
    """
    found = {name: _series(phrase, name, memory, times) for name in _asked(question)}
    if sight is not None:
        found["sight"] = sight(phrase, times)
    return {
        name: scores for name, scores in found.items() if np.isfinite(scores).any() and np.any(scores != 0)
    }


def _asked(question: str) -> Iterator[str]:
    said, written = bool(_SAID.search(question)), bool(_WRITTEN.search(question))
    for name in dict.fromkeys(kind.channel for kind in KINDS.values()):
        if name in _ASKED_BY and not _ASKED_BY[name].search(question):
            continue
        if said != written and name == ("screen text" if said else "speech"):
            continue
        yield name


def _series(phrase: str, channel: str, memory: VideoMemory, times: Seconds) -> Scores:
    """The evidence of one channel over time: at each candidate the largest share of the phrase, squared."""
    wanted = terms(phrase)
    scores = np.zeros(len(times))
    kinds = kinds_where(lambda kind: kind.channel == channel)
    for one in memory.search(phrase, kinds=kinds, limit=_LIMIT):
        fits = term_share(wanted, stems(one.text))
        if fits >= _LEAST_SHARE:
            low, high = np.searchsorted(times, [one.span.start, max(one.span.end, one.span.start + 1e-6)])
            # Where it is shorter than the distance of candidates, the one before.
            low = max(int(low) - int(low == high), 0)
            scores[low:high] = np.maximum(scores[low:high], fits**2)
    return scores
