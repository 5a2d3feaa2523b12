"""The default sampler for questions: spans named by time words first, then relevance peaks, then coverage.

1. Where a question has words of time (after, before, ...), 60 % of the budget goes to the spans they mean
   (:mod:`~video_vlm.samplers.anchors`).
2. Peaks of relevance get bursts: one frame each first, so that a small budget still visits every peak, then
   four over six seconds, then eight. No z above 4 means that the question is about the whole video: no peaks.
3. The rest covers the widest gaps, at least 40 % of the budget where there are no words of time. Each frame
   may move to the best candidate near by.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from video_vlm.records import Sample, Span, clock
from video_vlm.samplers.anchors import AnchoredSpan, stretches
from video_vlm.samplers.frame_selection import FrameSelection
from video_vlm.samplers.frame_times import Seconds
from video_vlm.samplers.novelty import without_repeats
from video_vlm.samplers.sampler_input import SamplerInput, Scores, TimeMove
from video_vlm.samplers.score_series import peaks, relevance

__all__ = ["tiered"]

_MOVE_SHARE = 0.6
_COVERAGE_SHARE = 0.4
_PEAK_SHARE_BESIDE_MOVE = 0.1
_BURST_SECONDS = (0.0, 2.0, -2.0, 4.0, -4.0, 1.0, -1.0, 3.0)
_APART_SECONDS = 15.0
_GATE_Z = 4.0
_MOST_PEAKS = 128


def tiered(subject: SamplerInput, *, frame_budget: int) -> tuple[Sample, ...]:
    """Spend a budget on the spans that words of time mean, on relevance peaks, and on coverage, in this
    order.

    Raises:
        ValueError: ``frame_budget`` is below 1.
    """
    selection = FrameSelection(subject.pictures, frame_budget)
    kept = without_repeats(subject)
    times, z = subject.candidates[kept], relevance(subject.scores)
    z = z[kept] if z.size else np.zeros(len(times))
    budget = selection.num_left
    led = _follow(selection, stretches(subject), math.ceil(_MOVE_SHARE * budget))
    share = _PEAK_SHARE_BESIDE_MOVE if led else 1.0 - _COVERAGE_SHARE
    # In a short video no z can be as high as in a long one: the threshold is lower there.
    least = max(min(_GATE_Z, 0.75 * math.sqrt(len(times) / 3)), 1e-9)
    found = peaks(times, z, least=least, apart_seconds=_APART_SECONDS, most=_MOST_PEAKS)
    if subject.aim.move in (TimeMove.FIRST, TimeMove.LAST):
        # The two outermost: the outermost alone may be a false one.
        found = sorted(found, reverse=subject.aim.move is TimeMove.LAST)[:2]
    _burst(selection, times, z, found, math.ceil(share * budget))
    _look_beyond(selection, subject, times, found)
    selection.cover(selection.num_left, reason="coverage", prefer=_preferring(times, z))
    return selection.plan()


def _follow(selection: FrameSelection, led: Sequence[AnchoredSpan], num_frames: int) -> bool:
    """Spend on the spans that words of time mean, the same on each; False if there are none."""
    left = num_frames
    for place, stretch in enumerate(led):
        share = math.ceil(left / (len(led) - place))
        left -= selection.cover(share, reason=stretch.why, within=stretch.span)
    return bool(led)


def _burst(
    selection: FrameSelection, times: Seconds, z: Scores, found: Sequence[int], num_frames: int
) -> None:
    """Take frames around the peaks, the first of each before the second of any."""
    left = min(num_frames, selection.num_left)
    for offset in _BURST_SECONDS:
        for place in found:
            if left == 0:
                return
            score = float(z[place])
            reason = f"peak at {clock(float(times[place]))}, z {score:.1f}"
            left -= selection.take(float(times[place]) + offset, score=score, reason=reason)


def _look_beyond(
    selection: FrameSelection, subject: SamplerInput, times: Seconds, found: Sequence[int]
) -> None:
    """For "first" and "last": spend half of what is left on the side where there should be no other one."""
    if not found or subject.aim.move not in (TimeMove.FIRST, TimeMove.LAST):
        return
    edge, span = float(times[found[0]]), subject.span
    first = subject.aim.move is TimeMove.FIRST
    beyond = Span(span.start, max(edge, span.start)) if first else Span(min(edge, span.end), span.end)
    reason = f"whether there is an {'earlier' if first else 'later'} one"
    selection.cover(selection.num_left // 2, reason=reason, within=beyond)


def _preferring(times: Seconds, z: Scores) -> Callable[[float, float], float]:
    """Moves a time to the best candidate within reach."""

    def prefer(seconds: float, reach: float) -> float:
        low, high = np.searchsorted(times, [seconds - reach, seconds + reach])
        return float(times[low + int(z[low:high].argmax())]) if high > low else seconds

    return prefer
