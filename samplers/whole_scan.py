"""An even scan of the whole video, for questions of how often, never, always and how many."""

from __future__ import annotations

import numpy as np

from video_vlm.records import Sample
from video_vlm.samplers.frame_selection import FrameSelection
from video_vlm.samplers.sampler_input import SamplerInput
from video_vlm.samplers.score_series import relevance

__all__ = ["scan"]


def scan(subject: SamplerInput, *, frame_budget: int) -> tuple[Sample, ...]:
    """The candidate that fits the question best in each of equal stretches of time; the middle of a stretch
    where none stands out.

    Each stretch gets exactly one frame, so that counts are comparable over the video.

    Raises:
        ValueError: ``frame_budget`` is below 1.
    """
    selection = FrameSelection(subject.pictures, frame_budget)
    times, z = subject.candidates, relevance(subject.scores)
    num_frames = selection.num_left
    edges = np.linspace(subject.span.start, subject.span.end, num_frames + 1)
    bounds = np.searchsorted(times, edges)
    for place in range(num_frames):
        inside = z[bounds[place] : bounds[place + 1]]
        best = int(inside.argmax()) if inside.size else 0
        stretch = f"stretch {place + 1} of {num_frames}"
        if inside.size and inside[best] > 0:
            seconds, score = float(times[bounds[place] + best]), float(inside[best])
            selection.take(seconds, score=score, reason=f"best of {stretch}, z {score:.1f}")
        else:
            selection.take(float(edges[place : place + 2].mean()), reason=f"middle of {stretch}")
    return selection.plan()
