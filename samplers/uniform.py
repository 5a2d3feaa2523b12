"""Evenly spaced times: the baseline for every other sampler."""

from __future__ import annotations

from video_vlm.records import Sample
from video_vlm.samplers.frame_selection import FrameSelection
from video_vlm.samplers.sampler_input import SamplerInput

__all__ = ["uniform"]


def uniform(subject: SamplerInput, *, frame_budget: int) -> tuple[Sample, ...]:
    """The centres of equal stretches of time.

    Worked example: ``[0, 10)`` with 4 frames -> 1.25, 3.75, 6.25, 8.75, or the frames nearest to these.

    Raises:
        ValueError: ``frame_budget`` is below 1.
    """
    selection = FrameSelection(subject.pictures, frame_budget)
    num_frames = selection.num_left
    step = subject.span.duration_seconds / num_frames
    for place in range(num_frames):
        selection.take(
            subject.span.start + (place + 0.5) * step, reason=f"centre of one of {num_frames} equal stretches"
        )
    return selection.plan()
