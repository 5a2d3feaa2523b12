"""A steady beat from the first picture on, as models that were trained on a fixed rate expect it."""

from __future__ import annotations

from video_vlm.records import Sample
from video_vlm.samplers.frame_selection import FrameSelection
from video_vlm.samplers.sampler_input import SamplerInput

__all__ = ["dense"]

_RATES = (4.0, 2.0, 1.0, 0.5, 0.25)
"""Pictures a second; above them motion shows nothing new to a model, below them it is no beat any more."""


def dense(subject: SamplerInput, *, frame_budget: int) -> tuple[Sample, ...]:
    """One picture every beat, at the highest of 4, 2, 1, 1/2 and 1/4 a second the budget can keep up to the
    end.

    A film too long even for the slowest beat gets the beat that fits it. What is left of the budget goes
    between the beats.

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
