"""From words of time to spans: where the anchor ("after X") is, and which side of it the question means.

The anchor phrase has its own scores, smoothed over 9 candidates: what happens after X need not look like X,
so the scores of the whole question cannot find it. Up to three places are kept, as a wrong one may score
higher than the right one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from video_vlm.records import Span, clock
from video_vlm.samplers.frame_times import Seconds
from video_vlm.samplers.sampler_input import Channels, SamplerInput, TimeAim, TimeMove
from video_vlm.samplers.score_series import extent, loudest, peaks, softened

__all__ = ["Anchor", "AnchoredSpan", "find_anchors", "stretches"]

_MOST_ANCHORS = 3
_ANCHOR_TAPS = 9
_APART_SECONDS = 15.0
_LEAST_Z = 1.5
_MARGIN_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Anchor:
    """A span where an anchor phrase may be, and the robust z of its peak."""

    span: Span
    z: float


@dataclass(frozen=True, slots=True)
class AnchoredSpan:
    """A span that words of time mean, the robust z of its anchors, and the reason for the samples."""

    span: Span
    z: float
    why: str


def find_anchors(channels: Channels, times: Seconds, *, end: float) -> tuple[Anchor, ...]:
    """Up to three spans where an anchor phrase may be, highest z first; none where no z is 1.5 or more.

    Args:
        channels: How well each candidate fits the phrase, ``(n,)`` for each channel.
        times: The candidates in seconds, ``(n,)``, ascending.
        end: When the video ends, in seconds.
    """
    if times.size == 0 or not channels:
        return ()
    wide, fine = (loudest(channels, taps=taps) for taps in (_ANCHOR_TAPS, 3))
    z = softened(wide)
    least = max(_LEAST_Z, float(z.max()) / 2)
    places = peaks(times, z, least=least, apart_seconds=_APART_SECONDS, most=_MOST_ANCHORS)
    borders = np.append(times, max(end, float(times[-1])))
    return tuple(Anchor(_trimmed(fine, *extent(wide, place), borders), float(z[place])) for place in places)


def _trimmed(fine: Seconds, first: int, stop: int, borders: Seconds) -> Span:
    """A peak of the widely smoothed series, cut to the part where the finely smoothed one is high too."""
    peak = float(fine[first:stop].max())
    inside = np.flatnonzero(fine[first:stop] >= min(peak, peak / 2))
    return Span(float(borders[first + inside[0]]), float(borders[first + inside[-1] + 1]))


def stretches(subject: SamplerInput) -> tuple[AnchoredSpan, ...]:
    """The spans that the question's words of time mean, highest z first; none where it has none or its anchor
    is not found."""
    aim = subject.aim
    if aim.move is TimeMove.WITHIN:
        inside = aim.window and subject.span.overlap(aim.window)
        return (AnchoredSpan(inside, 0.0, f"asked for: {inside}"),) if inside else ()
    if aim.move is TimeMove.BETWEEN:
        return _between(subject)
    move = _MOVES.get(aim.move)
    if move is None or not aim.anchors:
        return ()
    anchors = find_anchors(aim.anchors[0], subject.candidates, end=subject.span.end)
    moved = [_moved(aim, move(anchor.span, aim.reach_seconds), anchor) for anchor in anchors]
    return _inside(subject.span, moved)


def _moved(aim: TimeAim, span: Span, anchor: Anchor) -> AnchoredSpan:
    return AnchoredSpan(
        span, anchor.z, f"{aim.move} the anchor at {clock(anchor.span.start)}, z {anchor.z:.1f}"
    )


_MOVES: Mapping[TimeMove, Callable[[Span, float], Span]] = {
    TimeMove.AFTER: lambda span, reach: Span(span.end, span.end + reach),
    TimeMove.BEFORE: lambda span, reach: Span(span.start - reach, span.start),
    TimeMove.DURING: lambda span, _reach: span.widen(_MARGIN_SECONDS),
}


def _between(subject: SamplerInput) -> tuple[AnchoredSpan, ...]:
    """From the end of one anchor to the start of a later one: the pair with the highest sum of z."""
    firsts, seconds = (
        find_anchors(channels, subject.candidates, end=subject.span.end)
        for channels in (*subject.aim.anchors, {}, {})[:2]
    )
    pairs = [(a, b) for a in firsts for b in seconds if b.span.start > a.span.end]
    if not pairs:
        best = (*firsts[:1], *seconds[:1])
        found = [_moved(subject.aim, one.span.widen(_MARGIN_SECONDS), one) for one in best]
        return _inside(subject.span, found)
    a, b = max(pairs, key=lambda pair: pair[0].z + pair[1].z)
    why = f"between the anchors at {clock(a.span.start)} and {clock(b.span.start)}"
    return (AnchoredSpan(Span(a.span.end, b.span.start), min(a.z, b.z), why),)


def _inside(whole: Span, found: Sequence[AnchoredSpan]) -> tuple[AnchoredSpan, ...]:
    """The spans cut to the video; those outside it are dropped."""
    cut = ((one, one.span.overlap(whole)) for one in found)
    return tuple(replace(one, span=span) for one, span in cut if span and span.duration_seconds > 0)
