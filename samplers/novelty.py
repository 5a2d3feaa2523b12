"""Frames that show something new: near-duplicates inside a shot are dropped, the rest is spread over time."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from video_vlm.records import Sample
from video_vlm.samplers.frame_selection import FrameSelection
from video_vlm.samplers.sampler_input import SamplerInput

__all__ = ["novelty", "without_repeats"]

_SAME = 0.97
"""Cosine above which two frames of a shot show the same thing."""

_BLOCK = 64
_ROUNDS = 3
"""How many new frames one stretch may give before the others are asked again."""


def novelty(subject: SamplerInput, *, frame_budget: int) -> tuple[Sample, ...]:
    """The new candidates of equal stretches of time, at most three for each stretch.

    Raises:
        ValueError: ``frame_budget`` is below 1.
    """
    selection = FrameSelection(subject.pictures, frame_budget)
    fresh = subject.candidates[without_repeats(subject)]
    num_strata = selection.num_left
    edges = np.linspace(subject.span.start, subject.span.end, num_strata + 1)
    strata = np.split(fresh, np.searchsorted(fresh, edges[1:-1]))
    for turn in range(_ROUNDS):
        for stratum in strata:
            if turn < min(_ROUNDS, stratum.size):
                # The first, then later ones: of [a, b, c, d, e, f] a, c and e.
                place = turn * stratum.size // _ROUNDS if stratum.size > _ROUNDS else turn
                selection.take(float(stratum[place]), reason="new: unlike the picture before it")
    selection.cover(selection.num_left, reason="coverage: nothing new here")
    return selection.plan()


def without_repeats(subject: SamplerInput) -> npt.NDArray[np.bool_]:
    """Which candidates to keep, bool ``(n,)``: the first of each shot, and each that differs from the last
    one kept (cosine of their embeddings 0.97 or less).

    All are kept where ``subject.looks`` is None.
    """
    count = len(subject.candidates)
    if subject.looks is None or count < 2:
        return np.ones(count, np.bool_)
    looks = np.nan_to_num(subject.looks.astype(np.float32))
    looks = looks / np.maximum(np.linalg.norm(looks, axis=1, keepdims=True), 1e-12)
    unlike = np.einsum("nd,nd->n", looks[1:], looks[:-1]) <= _SAME
    borders = np.searchsorted(subject.candidates, [shot.span.start for shot in subject.shots])
    kept = np.concatenate([[True], unlike])
    kept[borders[borders < count]] = True
    for start, stop in pairwise(np.append(np.flatnonzero(kept), count).tolist()):
        _keep_drifting(kept, looks, start, stop)
    return kept


def _keep_drifting(
    kept: npt.NDArray[np.bool_], looks: npt.NDArray[np.float32], start: int, stop: int
) -> None:
    """In ``[start, stop)``, where neighbours are alike, keep each one that differs from the last one kept:
    slow change adds up."""
    last, place = start, start + 1
    while place < stop:
        block = looks[place : min(place + _BLOCK, stop)] @ looks[last]
        new = np.flatnonzero(block <= _SAME)
        if new.size:
            last = place + int(new[0])
            kept[last] = True
            place = last + 1
        else:
            place += len(block)
