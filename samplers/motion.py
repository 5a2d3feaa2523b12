"""More frames where there is more motion, and some everywhere."""

from __future__ import annotations

import numpy as np

from video_vlm.records import Sample
from video_vlm.samplers.frame_selection import FrameSelection
from video_vlm.samplers.sampler_input import SamplerInput
from video_vlm.samplers.score_series import robust_z, smooth
from video_vlm.samplers.stratified import candidate_edges, equal_parts

__all__ = ["motion"]

_LIVELY = 3.0
"""The largest robust z of motion that counts: such a second weighs four times a still one."""


def motion(subject: SamplerInput, *, frame_budget: int) -> tuple[Sample, ...]:
    """Equal parts of time, each second weighted by its motion: 1 where nothing moves, 4 at most.

    Raises:
        ValueError: ``frame_budget`` is below 1.
    """
    selection = FrameSelection(subject.pictures, frame_budget)
    if subject.motion is None or subject.candidates.size == 0:
        selection.cover(selection.num_left, reason="coverage: motion was not measured")
        return selection.plan()
    lively = np.clip(robust_z(smooth(subject.motion, taps=3)), 0.0, _LIVELY)
    edges = candidate_edges(subject.candidates, start=subject.span.start, end=subject.span.end)
    for seconds in equal_parts(edges, 1.0 + lively, selection.num_left).tolist():
        z = float(lively[np.abs(subject.candidates - seconds).argmin()])
        selection.take(seconds, score=z, reason=f"motion z {z:.1f}" if z > 0 else "floor: little moves here")
    return selection.plan()
