"""Evenly spread times: the baseline every other sampler has to beat."""

from __future__ import annotations

from video_vlm.records import Sample, Span

__all__ = ["uniform"]


def uniform(span: Span, *, num_frames: int) -> tuple[Sample, ...]:
    """Exactly ``num_frames`` distinct times, the centres of equal stretches of ``span``.

    Worked example: ``[0, 10)`` with 4 frames -> 1.25, 3.75, 6.25, 8.75. An instant has one time only.

    Raises:
        ValueError: ``num_frames`` is below 1.
    """
    if num_frames < 1:
        raise ValueError(f"num_frames must be at least 1, got {num_frames}")
    if span.duration_seconds == 0:
        return (Sample(span.start, reason="the only instant"),)
    step = span.duration_seconds / num_frames
    reason = f"centre of one of {num_frames} equal stretches"
    return tuple(Sample(span.start + (index + 0.5) * step, reason=reason) for index in range(num_frames))
