"""Subjects as samplers may meet them: videos of every shape, scores of every sort."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise

import numpy as np

from video_vlm.records import Shot, Span
from video_vlm.samplers import FrameTimes, SamplerInput, TimeAim, TimeMove
from video_vlm.samplers.frame_times import Seconds
from video_vlm.samplers.sampler_input import Scores

__all__ = ["SCORES", "VIDEOS", "fast_cut_opening", "subject_of"]


def _jittered() -> FrameTimes:
    """Variable frame rate: bursts of pictures, and stretches with hardly any."""
    gaps = np.random.default_rng(3).choice([0.01, 0.033, 0.4, 5.0], 400)
    times = 8.33 + np.cumsum(gaps)
    return FrameTimes(Span(8.33, float(times[-1]) + 0.5), times=times)


VIDEOS: Mapping[str, FrameTimes] = {
    "one picture": FrameTimes(Span(0.0, 0.04)),
    "an instant": FrameTimes(Span(5.0, 5.0)),
    "one second": FrameTimes(Span(-0.02, 0.98), step_seconds=0.04),
    "one minute": FrameTimes(Span(0.0, 60.0), step_seconds=1 / 29.97),
    "ten hours": FrameTimes(Span(1.4, 36001.4), step_seconds=0.04),
    "four pictures an hour": FrameTimes(Span(0.0, 7200.0), step_seconds=900.0),
    "variable frame rate": _jittered(),
}

SCORES: Mapping[str, Callable[[int], Scores]] = {
    "none at all": lambda count: np.zeros(count),
    "constant": lambda count: np.full(count, 0.3),
    "one spike": lambda count: np.eye(1, count, count // 3).ravel(),
    "all unknown": lambda count: np.full(count, np.nan),
    "some unknown": lambda count: np.where(np.arange(count) % 3 == 0, np.nan, np.arange(count)),
    "negative": lambda count: -np.abs(np.sin(np.arange(count))) - 5.0,
    "huge": lambda count: np.where(np.arange(count) % 2 == 0, 1e308, -1e308),
    "infinite": lambda count: np.where(np.arange(count) % 7 == 0, np.inf, 1.0),
    "noise": lambda count: np.random.default_rng(1).normal(size=count),
}


def subject_of(
    frames: FrameTimes,
    scores: Callable[[int], Scores] = SCORES["noise"],
    *,
    move: TimeMove = TimeMove.ANYWHERE,
    shots: tuple[Shot, ...] = (),
    num_candidates: int | None = None,
) -> SamplerInput:
    """Everything there is to know of a video, with ``scores`` in every place a score can stand in."""
    span = frames.span
    count = num_candidates or min(max(1, round(span.duration_seconds)), 2000)
    times: Seconds = np.linspace(span.start, span.end, count, endpoint=False)
    looks = np.random.default_rng(7).normal(size=(count, 8)).astype(np.float32)
    looks[count // 2 :] = looks[count // 2]
    row = scores(count)
    return SamplerInput(
        frames,
        shots=shots or (Shot(span, 0.0),),
        keyframes=times[::10],
        candidates=times,
        motion=row,
        looks=looks,
        scores={"words": row, "pictures": row[::-1]},
        aim=TimeAim(move, ({"words": row}, {"words": row[::-1]}), Span(span.start, span.middle)),
    )


def fast_cut_opening(*, seconds: float = 3600.0, cuts: int = 300, share: float = 0.08) -> SamplerInput:
    """A film whose first 8 % has 300 cuts, all its motion and everything new; then one long shot."""
    opening = seconds * share
    edges = np.linspace(0.0, opening, cuts + 1)
    shots = tuple(Shot(Span(float(a), float(b)), 0.5) for a, b in pairwise(edges.tolist()))
    candidates = np.concatenate([edges[:-1], np.arange(opening, seconds, 1.0)])
    busy = (candidates < opening).astype(np.float64)
    looks = np.random.default_rng(2).normal(size=(len(candidates), 16)).astype(np.float32)
    looks[cuts:] = looks[cuts]
    return SamplerInput(
        FrameTimes(Span(0.0, seconds)),
        shots=(*shots, Shot(Span(opening, seconds), 0.1)),
        keyframes=candidates,
        candidates=candidates,
        motion=busy,
        looks=looks,
        scores={"words": busy},
    )
