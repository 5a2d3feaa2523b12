"""From shots to scenes: pure functions over spans and colour signatures.

A *shot* lies between two cuts; a *scene* is one or more shots of one event. Shots are joined by overlapping
links (Hanjalic, Lagendijk and Biemond, 1999): a shot is linked to a similar one that begins soon after it,
and all shots between two linked ones belong to the same scene. So a conversation filmed from two sides stays
together. A fade always separates.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise

import cv2
import numpy as np
import numpy.typing as npt

from video_vlm.records import Image, Shot, Span

__all__ = [
    "GroupedSpan",
    "Signature",
    "alike",
    "divide",
    "mean",
    "scenes",
    "signature",
    "snap",
    "split_at",
    "unseen",
]

Signature = npt.NDArray[np.float32]
"""Colour histograms of the four quarters of a frame, float32 ``(384,)``, together summing to 1."""

_REACH_SECONDS = 8.0  # how far ahead of its end a shot may be linked
_REACH_SHOTS = 4
_ALIKE = (0.40, 0.85)  # histogram intersection from which two shots are linked: short ones, long ones
_LENGTHS = (2.0, 8.0)  # seconds: where short ends and long begins
_GRID = 2  # a signature is taken in _GRID x _GRID fields
_BINS = (8, 3, 4)  # hue, saturation, value


@dataclass(frozen=True, slots=True)
class GroupedSpan:
    """A span of the video and its mean signature."""

    span: Span
    signature: Signature


def signature(image: Image) -> Signature:
    """Colour histograms of the four quarters, ``(4 * 96,)``: they change little with motion, much with place.

    Args:
        image: RGB uint8 ``(height, width, 3)``, any size.
    """
    small = cv2.resize(image, (64, 64), interpolation=cv2.INTER_AREA)
    hue, saturation, value = (
        np.asarray(plane, np.int32) for plane in cv2.split(cv2.cvtColor(small, cv2.COLOR_RGB2HSV))
    )
    # The hue of dark and nearly grey pixels is noise: it becomes 0.
    hue = np.where((saturation < 40) | (value < 40), 0, hue * _BINS[0] // 180)
    colour = (hue * _BINS[1] + saturation * _BINS[1] // 256) * _BINS[2] + value * _BINS[2] // 256
    half = small.shape[0] // _GRID
    rows, columns = np.indices(colour.shape) // half
    flat = (rows * _GRID + columns) * int(np.prod(_BINS)) + colour
    counts = np.bincount(flat.ravel(), minlength=_GRID * _GRID * int(np.prod(_BINS)))
    return np.asarray(counts / counts.sum(), np.float32)


def unseen() -> Signature:
    """The signature of a shot without frames, ``(384,)``: zeros, which are like nothing."""
    return np.zeros(_GRID * _GRID * int(np.prod(_BINS)), np.float32)


def alike(a: Signature, b: Signature) -> float:
    """The share two signatures have in common, in ``[0, 1]`` (histogram intersection)."""
    return float(np.minimum(a, b).sum())


def scenes(shots: Sequence[Shot], signatures: Iterable[Sequence[Signature]]) -> tuple[GroupedSpan, ...]:
    """Join neighbouring shots of one event. The scenes tile what the shots tile.

    Args:
        shots: In order, tiling the video.
        signatures: For each shot, those of its representative frames, in order; at least one each. Read a
            few shots ahead and released again: those of a long video are never all in memory.
    """
    coming = iter(signatures)
    ahead: deque[Sequence[Signature]] = deque(islice(coming, _REACH_SHOTS))
    parts: list[GroupedSpan] = []
    group: list[tuple[Span, Signature]] = []
    linked_until = -1
    for index, shot in enumerate(shots):
        ahead.extend(islice(coming, 1))
        if index > linked_until or shot.opened_by == "fade":
            parts += _joined(group)
            group, linked_until = [], index
        linked_until = max(linked_until, index + _reach(shots[index : index + 1 + _REACH_SHOTS], ahead))
        group.append((shot.span, np.asarray(np.mean(np.stack(ahead.popleft()), axis=0), np.float32)))
    return (*parts, *_joined(group))


def _joined(group: Sequence[tuple[Span, Signature]]) -> Iterator[GroupedSpan]:
    if group:
        yield GroupedSpan(group[0][0].cover(group[-1][0]), mean(group))


def divide(
    parts: Sequence[GroupedSpan], *, borders: Sequence[float], max_seconds: float
) -> tuple[GroupedSpan, ...]:
    """Divide parts longer than ``max_seconds`` into near-equal ones, each at the nearest of ``borders``
    (seconds).

    An hour of one camera has no cuts, but it has borders of segments.
    """
    ordered = sorted(borders)
    return tuple(piece for part in parts for piece in _divide(part, ordered, max_seconds))


def split_at(parts: Sequence[GroupedSpan], times: Iterable[float]) -> tuple[GroupedSpan, ...]:
    """Cut parts in two at each of ``times`` (seconds) that lies inside one."""
    marks = sorted(set(times))
    pieces = []
    for part in parts:
        inner = _between(marks, part.span)
        edges = [part.span.start, *inner, part.span.end]
        pieces += [GroupedSpan(Span(start, end), part.signature) for start, end in pairwise(edges)]
    return tuple(pieces)


def snap(
    parts: Sequence[GroupedSpan], times: Sequence[float], *, reach_seconds: float
) -> tuple[GroupedSpan, ...]:
    """Move each border between parts to the nearest of ``times`` (seconds) within reach; parts that become
    empty are dropped."""
    inner = (part.span.start for part in parts[1:])
    edges = [
        parts[0].span.start,
        *(_snapped(border, times, reach_seconds) for border in inner),
        parts[-1].span.end,
    ]
    spans = map(Span, edges, edges[1:])
    return tuple(
        GroupedSpan(span, part.signature)
        for part, span in zip(parts, spans, strict=False)
        if span.duration_seconds
    )


def _snapped(border: float, times: Sequence[float], reach_seconds: float) -> float:
    nearest = min(times, key=lambda time: abs(time - border), default=border)
    return nearest if abs(nearest - border) <= reach_seconds else border


def _reach(shots: Sequence[Shot], signatures: Sequence[Sequence[Signature]]) -> int:
    """The number of the last of these shots that is like the first; 0 if none is."""
    first, last = shots[0], 0
    for later, shot in enumerate(shots[1:], start=1):
        if shot.opened_by == "fade" or shot.span.start - first.span.end > _REACH_SECONDS:
            break
        # A short shot is a part of something; a long one may well be an event by itself.
        seconds = min(first.span.duration_seconds, shot.span.duration_seconds)
        # The end of one shot is compared with the beginning of the next: there the camera may come back.
        ends, begins = np.stack(signatures[0][-2:]), np.stack(signatures[later][:2])
        likeness = float(np.minimum(ends[:, None], begins[None]).sum(axis=-1).max())
        if likeness >= np.interp(seconds, _LENGTHS, _ALIKE):
            last = later
    return last


def _divide(part: GroupedSpan, borders: Sequence[float], max_seconds: float) -> list[GroupedSpan]:
    inner = [] if part.span.duration_seconds <= max_seconds else _between(borders, part.span)
    if not inner:
        return [part]
    num_parts = int(np.ceil(part.span.duration_seconds / max_seconds))
    wanted = [
        part.span.start + index * part.span.duration_seconds / num_parts for index in range(1, num_parts)
    ]
    return list(split_at([part], (min(inner, key=lambda border: abs(border - time)) for time in wanted)))


def _between(times: Sequence[float], span: Span) -> Sequence[float]:
    """Those of ``times``, ascending, that lie inside and at neither end."""
    return times[bisect_right(times, span.start) : bisect_left(times, span.end)]


def mean(weighted: Iterable[tuple[Span, Signature]]) -> Signature:
    """The mean signature of several spans, weighted by their lengths."""
    weighted = list(weighted)
    weights = np.array([max(span.duration_seconds, 1e-6) for span, _ in weighted])
    return np.asarray(
        np.average(np.stack([part for _, part in weighted]), axis=0, weights=weights), np.float32
    )
