"""A share of frames for every shot, by its length and by how much it differs from the shot before."""

from __future__ import annotations

from collections import Counter

import numpy as np

from video_vlm.records import Sample
from video_vlm.samplers.frame_selection import FrameSelection
from video_vlm.samplers.sampler_input import SamplerInput
from video_vlm.samplers.stratified import equal_parts

__all__ = ["scene"]


def scene(subject: SamplerInput, *, frame_budget: int) -> tuple[Sample, ...]:
    """Equal parts of time, each second weighed by the score of the cut before its shot: 1 to 2.

    A shot's share is spread evenly over it, so a single frame is at its middle. With more shots than budget
    some short ones get none: a burst of cuts takes little more than its share of time.

    Raises:
        ValueError: ``frame_budget`` is below 1.
    """
    selection = FrameSelection(subject.pictures, frame_budget)
    if not subject.shots:
        selection.cover(selection.num_left, reason="coverage: shots are not known")
        return selection.plan()
    starts = np.array([shot.span.start for shot in subject.shots])
    edges = np.append(starts, subject.shots[-1].span.end)
    scores = np.nan_to_num(np.array([shot.score for shot in subject.shots]), nan=0.0, posinf=0.0, neginf=0.0)
    scores = np.maximum(scores, 0.0)
    parts = equal_parts(edges, 1.0 + scores / (scores.max() or 1.0), selection.num_left)
    shares = Counter((np.searchsorted(starts, parts, side="right") - 1).tolist())
    for place, share in sorted(shares.items()):
        span = subject.shots[max(place, 0)].span
        for part in range(share):
            seconds = span.start + (part + 0.5) / share * span.duration_seconds
            selection.take(seconds, reason=f"shot {place + 1} of {len(starts)}, {part + 1} of {share}")
    return selection.plan()
