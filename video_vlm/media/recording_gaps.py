"""Gaps in which nothing was recorded, distinguished from frames that are shown for a long time.

A camera that writes when something moves leaves a hole; a slide show, or a screen recorder that writes a
frame when the screen changes, shows a frame until the next one. Both are a long time from one frame to
the next. It is a hole where all of this is so:

- it lasts 30 seconds and more, and 100 times as long as frames in this file usually do;
- no other stream goes on in it: of ten equal parts of it fewer than five hold a packet;
- frames come steadily on both sides of it, as from a camera: in at least 8 frames and a second most last
  about as long as each other. So it is with most of what lies between the pauses of this file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
from av.packet import Packet
from av.video.stream import VideoStream

from video_vlm.media.clock import own_time
from video_vlm.media.container import continuity_of, open_container, read_packets, video_stream
from video_vlm.records import Span, Video

__all__ = ["LEAST_SECONDS", "RecordingGaps"]

LEAST_SECONDS = 30.0
"""A shorter pause is no hole."""

_LEAST_TIMES = 100.0  # as long as frames usually last
_PAUSE_SECONDS, _PAUSE_TIMES = 1.0, 10.0  # a run of frames ends where one lasts longer than both
_LEAST_RUN, _LEAST_RUN_SECONDS = 8, 1.0
_STEADY_SHARE, _STEADY = 0.8, (0.5, 1.5)  # of the frames of a run, how many last so many times their median
_PARTS, _GOES_ON = 10, 5
_NEAR_SECONDS = 1.0  # the clock of the packets may begin a little before the first frame

_Seconds = npt.NDArray[np.float64]


class RecordingGaps:
    """Tells whether nothing was recorded between two frames, for at least 30 seconds. Reads the packets of a
    file on the first call that needs them.

    Args:
        video: The file, and when its first frame is shown.
    """

    def __init__(self, video: Video) -> None:
        self._video = video

    def __call__(self, start_seconds: float, end_seconds: float) -> bool:
        """``start_seconds`` and ``end_seconds`` are the times of two frames that follow each other."""
        if end_seconds - start_seconds < LEAST_SECONDS:
            return False
        return any(
            abs(hole.start - start_seconds) < _NEAR_SECONDS and abs(hole.end - end_seconds) < _NEAR_SECONDS
            for hole in self._found
        )

    @cached_property
    def _found(self) -> tuple[Span, ...]:
        frames: list[float] = []
        shifts: list[float] = []
        others: list[tuple[float, int]] = []
        with open_container(self._video.path) as container:
            stream = video_stream(container, self._video.path)
            continuity = continuity_of(stream, self._video.path)
            own = _set_apart(read_packets(container), stream.index, others)
            for packet in continuity(own):
                time, base = own_time(packet), packet.time_base
                if time is not None and base is not None:
                    frames.append(float(time * base))
                    shifts.append(float(continuity.shift * base))
        laid = _laid(others, np.array(frames), np.array(shifts))
        shift = self._video.start_seconds - min(frames, default=0.0)
        return tuple(_holes(_Times(np.sort(frames) + shift, np.sort(laid) + shift)))


@dataclass(frozen=True, slots=True)
class _Times:
    """When frames are shown, and when the packets of all other streams are due; ascending, in seconds."""

    pictures: _Seconds
    others: _Seconds


def _set_apart(
    coming: Iterable[Packet[Any]], wanted: int, others: list[tuple[float, int]]
) -> Iterator[Packet[VideoStream]]:
    """The packets of one stream. Of the rest the times are noted, and how many of that stream came before."""
    num_wanted = 0
    for packet in coming:
        time, base = own_time(packet), packet.time_base
        if packet.stream_index == wanted:
            num_wanted += time is not None
            yield packet
        elif time is not None and base is not None:
            others.append((float(time * base), num_wanted))


def _laid(others: Sequence[tuple[float, int]], frames: _Seconds, shifts: _Seconds) -> _Seconds:
    """Other packets on the clock that the frames were laid on: near a joint, by whichever frame is
    nearer."""
    if not others or not frames.size:
        return np.array([time for time, _ in others])
    times, places = np.array(others).T
    around = np.stack([places - 1, places]).astype(int).clip(0, frames.size - 1)
    laid = times + shifts[around]
    nearer = np.abs(laid - frames[around]).argmin(axis=0)
    return np.asarray(laid[nearer, np.arange(times.size)])


def _holes(times: _Times) -> Iterator[Span]:
    steps = np.diff(times.pictures)
    if not steps.size:
        return
    usual = float(np.median(steps))
    pauses = np.flatnonzero(steps > max(_PAUSE_SECONDS, _PAUSE_TIMES * usual))
    # The runs of frames between the pauses, by their steps.
    runs = np.split(steps, np.stack([pauses, pauses + 1], axis=1).ravel())[::2]
    are_steady = [_is_steady(run) for run in runs]
    if 2 * sum(are_steady) <= len(runs):
        return
    for place, (before, after) in zip(pauses, pairwise(are_steady), strict=True):
        hole = Span(float(times.pictures[place]), float(times.pictures[place + 1]))
        is_long = hole.duration_seconds >= max(LEAST_SECONDS, _LEAST_TIMES * usual)
        if not (is_long and before and after):
            continue
        edges = np.linspace(hole.start, hole.end, _PARTS + 1)
        counts = np.diff(np.searchsorted(times.others, edges))
        if (counts > 0).sum() < _GOES_ON:  # no other stream goes on meanwhile
            yield hole


def _is_steady(steps: _Seconds) -> bool:
    if steps.size + 1 < _LEAST_RUN or steps.sum() < _LEAST_RUN_SECONDS:
        return False
    least, most = (share * float(np.median(steps)) for share in _STEADY)
    return bool(((steps >= least) & (steps <= most)).mean() >= _STEADY_SHARE)
