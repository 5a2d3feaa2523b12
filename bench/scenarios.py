"""Made-up similarity of two hours of video to a question, one number a second, with the truth where the
answer is.

The numbers look like those of an image-text encoder: about 0.2, drifting slowly and noisy, and some
hundredths higher where a picture fits. Decoys fit about as well as the real place; some fit better.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from video_vlm.records import Shot, Span
from video_vlm.samplers import FrameTimes, SamplerInput, TimeAim, TimeMove

__all__ = ["SCENARIOS", "Scenario", "film"]

SECONDS = 7200
_DRIFT, _NOISE, _FIT = 0.015, 0.012, 0.10


@dataclass(frozen=True)
class Scenario:
    """A subject for samplers, and the stretches a good plan must look into."""

    subject: SamplerInput
    answers: tuple[Span, ...] = field(default=())


def background(noise: np.random.Generator, seconds: int = SECONDS) -> npt.NDArray[np.float64]:
    """Slow drift (an autoregressive process) and white noise about 0.2."""
    steps = noise.normal(0, _DRIFT * np.sqrt(1 - 0.95**2), seconds)
    drift = np.empty(seconds)
    last = noise.normal(0, _DRIFT)
    for place, step in enumerate(steps):
        last = 0.95 * last + step
        drift[place] = last
    return 0.2 + drift + noise.normal(0, _NOISE, seconds)


def shots(noise: np.random.Generator, seconds: int = SECONDS) -> list[int]:
    """At which seconds shots begin: one every 20 s or so."""
    starts = np.cumsum(noise.gamma(1.5, 14.0, seconds // 4))
    return [0, *dict.fromkeys(int(start) for start in starts if 1 <= start < seconds - 1)]


def film(
    scores: npt.NDArray[np.float64], starts: list[int], noise: np.random.Generator, aim: TimeAim | None = None
) -> SamplerInput:
    """What a sampler is told of it: shots with a look of their own that changes a little inside."""
    seconds = len(scores)
    edges = [*starts, seconds]
    tiled = tuple(Shot(Span(float(a), float(b)), 0.5) for a, b in pairwise(edges))
    places = np.repeat(noise.normal(size=(len(starts), 24)), np.diff(edges), axis=0)
    looks = (places + noise.normal(0, 0.2, places.shape)).astype(np.float32)
    return SamplerInput(
        FrameTimes(Span(0.0, float(seconds))),
        shots=tiled,
        keyframes=np.array(starts, np.float64),
        candidates=np.arange(seconds, dtype=np.float64),
        motion=np.abs(noise.normal(size=seconds)),
        looks=looks,
        scores={"visual": scores},
        aim=aim or TimeAim(),
    )


def _apart(
    noise: np.random.Generator, count: int, *, room: int, low: int = 120, high: int = SECONDS - 240
) -> list[int]:
    """``count`` seconds, none within ``room`` of another."""
    chosen: list[int] = []
    while len(chosen) < count:
        second = int(noise.integers(low, high))
        if all(abs(second - other) > room for other in chosen):
            chosen.append(second)
    return chosen


def _fits(scores: npt.NDArray[np.float64], start: int, length: int, by: float) -> None:
    scores[start : start + length] += by


def needle(length: int) -> Callable[[np.random.Generator], Scenario]:
    """One place that fits, four decoys of 5 to 15 s that fit nearly as well."""

    def make(noise: np.random.Generator) -> Scenario:
        scores = background(noise)
        where, *decoys = _apart(noise, 5, room=90)
        _fits(scores, where, length, _FIT)
        for decoy in decoys:
            _fits(scores, decoy, int(noise.integers(5, 16)), noise.uniform(0.7, 1.1) * _FIT)
        return Scenario(film(scores, shots(noise), noise), (Span(where, where + length),))

    return make


def after(noise: np.random.Generator) -> Scenario:
    """What happens after X: X is there for 20 s, the answer in the 60 s behind it fits nothing asked; two
    decoys."""
    scores = background(noise)
    where, *decoys = _apart(noise, 3, room=180)
    _fits(scores, where, 20, _FIT)
    for decoy in decoys:
        _fits(scores, decoy, 20, noise.uniform(0.8, 1.1) * _FIT)
    anchor = {"visual": scores}
    return Scenario(
        film(scores, shots(noise), noise, TimeAim(TimeMove.AFTER, (anchor,))), (Span(where + 20, where + 80),)
    )


def fast_cut_opening(noise: np.random.Generator) -> Scenario:
    """300 cuts in the first 8 %, all fitting the question a little; the answer is 30 s somewhere behind
    them."""
    opening = round(0.08 * SECONDS)
    scores = background(noise)
    scores[:opening] += noise.uniform(0, 0.5 * _FIT, opening)
    where = int(noise.integers(opening + 60, SECONDS - 60))
    _fits(scores, where, 30, 0.8 * _FIT)
    starts = sorted(
        {
            *np.linspace(0, opening - 1, 300).astype(int).tolist(),
            *(one for one in shots(noise) if one > opening),
        }
    )
    return Scenario(film(scores, starts, noise), (Span(where, where + 30),))


def two_needles(noise: np.random.Generator) -> Scenario:
    """Two places of 15 s, more than half an hour apart: one fits better, both must be seen."""
    scores = background(noise)
    first = int(noise.integers(120, SECONDS // 2 - 900))
    second = int(noise.integers(SECONDS // 2 + 900, SECONDS - 240))
    strong, weak = noise.permutation([first, second])
    _fits(scores, int(strong), 15, 1.2 * _FIT)
    _fits(scores, int(weak), 15, 0.8 * _FIT)
    return Scenario(film(scores, shots(noise), noise), (Span(first, first + 15), Span(second, second + 15)))


def whole(noise: np.random.Generator) -> Scenario:
    """A question about the whole: nothing stands out, every tenth of the video must be seen."""
    tenth = SECONDS / 10
    answers = tuple(Span(part * tenth, (part + 1) * tenth) for part in range(10))
    return Scenario(film(background(noise), shots(noise), noise), answers)


def slides(noise: np.random.Generator) -> Scenario:
    """A lecture: slides that stand still for one to five minutes, one of them fits, so do two others
    nearly."""
    edges = [0]
    while edges[-1] < SECONDS - 120:
        edges.append(edges[-1] + int(noise.integers(60, 300)))
    starts = edges[:-1]
    scores = (
        0.2
        + np.repeat(noise.normal(0, _DRIFT, len(starts)), np.diff([*starts, SECONDS]))
        + noise.normal(0, 0.003, SECONDS)
    )
    right, *near = noise.choice(np.arange(1, len(starts) - 1), 3, replace=False).tolist()
    ends = [*starts[1:], SECONDS]
    _fits(scores, starts[right], ends[right] - starts[right], _FIT)
    for other in near:
        _fits(scores, starts[other], ends[other] - starts[other], noise.uniform(0.8, 1.1) * _FIT)
    return Scenario(film(scores, starts, noise), (Span(starts[right], ends[right]),))


SCENARIOS: Mapping[str, Callable[[np.random.Generator], Scenario]] = {
    "needle 10 s": needle(10),
    "needle 30 s": needle(30),
    "after X": after,
    "fast-cut opening": fast_cut_opening,
    "two needles": two_needles,
    "whole": whole,
    "slides": slides,
}
