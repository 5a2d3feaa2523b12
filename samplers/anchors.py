"""From the words of time to stretches of time: where X is, and which side of it was asked for.

The anchor is scored by itself and smoothed more than the rest (9 candidates): what happens after X need not
look like X, so the question's own scores cannot find it. Up to three places are held possible, as a decoy may
outscore the right one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

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
    """One place where an anchor phrase may be, and how far it stands out."""

    span: Span
    z: float


@dataclass(frozen=True, slots=True)
class AnchoredSpan:
    """A stretch the question sends the eye to, and why."""

    span: Span
    z: float
    why: str


def find_anchors(channels: Channels, times: Seconds, *, end: float) -> tuple[Anchor, ...]:
    """Where an anchor phrase may be, surest first; none where nothing stands out.

    Args:
        channels: How well each candidate fits the phrase.
        times: The candidates, ascending.
        end: When the video ends.
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
    """A peak found in a widely smoothed series, cut to where the finely smoothed one is high too, as far as
    it is."""
    peak = float(fine[first:stop].max())
    inside = np.flatnonzero(fine[first:stop] >= min(peak, peak / 2))
    return Span(float(borders[first + inside[0]]), float(borders[first + inside[-1] + 1]))


def stretches(subject: SamplerInput) -> tuple[AnchoredSpan, ...]:
    """Where the question's move leads, surest first; nothing where it moves nowhere or its anchor is not
    found."""
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
    return _inside(
        subject.span, [_moved(aim, move(anchor.span, aim.reach_seconds), anchor) for anchor in anchors]
    )


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
    """From the end of the one to the beginning of the other: the surest pair that is in order of time."""
    end = subject.span.end
    firsts, seconds = (
        find_anchors(channels, subject.candidates, end=end) for channels in (*subject.aim.anchors, {}, {})[:2]
    )
    pairs = [(a, b) for a in firsts for b in seconds if b.span.start > a.span.end]
    if not pairs:
        found = [
            _moved(subject.aim, one.span.widen(_MARGIN_SECONDS), one) for one in (*firsts[:1], *seconds[:1])
        ]
        return _inside(subject.span, found)
    a, b = max(pairs, key=lambda pair: pair[0].z + pair[1].z)
    why = f"between the anchors at {clock(a.span.start)} and {clock(b.span.start)}"
    return (AnchoredSpan(Span(a.span.end, b.span.start), min(a.z, b.z), why),)


def _inside(whole: Span, found: Sequence[AnchoredSpan]) -> tuple[AnchoredSpan, ...]:
    """Cut to the video; what lies outside it altogether is dropped."""
    cut = [(one, one.span.overlap(whole)) for one in found]
    return tuple(
        AnchoredSpan(span, one.z, one.why) for one, span in cut if span and span.duration_seconds > 0
    )
