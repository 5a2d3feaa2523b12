"""The codec's keyframes: the cheapest frames to decode, and encoders put them where shots begin."""

from __future__ import annotations

import numpy as np

from video_vlm.records import Sample
from video_vlm.samplers.frame_selection import FrameSelection
from video_vlm.samplers.sampler_input import SamplerInput

__all__ = ["codec_keyframes"]


def codec_keyframes(subject: SamplerInput, *, frame_budget: int) -> tuple[Sample, ...]:
    """In each of equal stretches of time the keyframe nearest to its middle.

    A stretch without one, and a video whose keyframes are not known, is covered by other frames: the reason
    says so.

    Raises:
        ValueError: ``frame_budget`` is below 1.
    """
    selection = FrameSelection(subject.pictures, frame_budget)
    keyframes = subject.keyframes[np.isfinite(subject.keyframes)]
    num_frames = selection.num_left
    edges = np.linspace(subject.span.start, subject.span.end, num_frames + 1)
    bounds = np.searchsorted(keyframes, edges)
    for place in range(num_frames):
        inside = keyframes[bounds[place] : bounds[place + 1]]
        if inside.size:
            middle = (edges[place] + edges[place + 1]) / 2
            selection.take(float(inside[np.abs(inside - middle).argmin()]), reason="keyframe")
    selection.cover(selection.num_left, reason="coverage: no keyframe here")
    return selection.plan()
