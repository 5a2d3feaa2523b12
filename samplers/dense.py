"""A fixed frame rate from the first frame on, as models expect that were trained on one."""

from __future__ import annotations

from video_vlm.records import Sample
from video_vlm.samplers.frame_selection import FrameSelection
from video_vlm.samplers.sampler_input import SamplerInput

__all__ = ["dense"]

_RATES = (4.0, 2.0, 1.0, 0.5, 0.25)
"""Frames a second."""


def dense(subject: SamplerInput, *, frame_budget: int) -> tuple[Sample, ...]:
    """Frames at the highest of the rates 4, 2, 1, 1/2 and 1/4 a second for which the budget lasts to the end.

    A video too long for the slowest rate gets the rate that fits it. The rest of the budget goes between
    these frames.

    Raises:
        ValueError: ``frame_budget`` is below 1.
    """
    selection = FrameSelection(subject.pictures, frame_budget)
    span = subject.span
    num_frames = selection.num_left
    fits = next((rate for rate in _RATES if span.duration_seconds * rate <= num_frames), None)
    beat = 1.0 / fits if fits else span.duration_seconds / num_frames
    for place in range(num_frames):
        seconds = span.start + place * beat
        if seconds < span.end or place == 0:
            selection.take(seconds, reason=f"a picture every {beat:.3g} s")
    return selection.plan()
