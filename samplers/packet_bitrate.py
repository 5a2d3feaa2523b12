"""How much changes in a video, by the sizes of its packets: *swells* (the bitrate rises for a while) and
*spikes* (one packet is far larger than its neighbours)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from video_vlm.media.packet_table import PacketTable
from video_vlm.records import Span

__all__ = ["PacketBitrate"]

_SWELL = 1.7  # times the median bitrate around
_SMOOTH_SECONDS = 0.36  # bytes are averaged over this: reference frames are larger than the others
_USUAL_SECONDS = 3.0  # on each side: the reach of that median
_USUAL_EVERY_SECONDS = 0.2  # how often it is taken
_LONGEST_SECONDS = 3.0  # a swell that lasts longer is no event
_SPIKE = 1.8  # times the largest packet around
_SPIKE_USUAL = 3.0  # times the median packet around
_AROUND_SECONDS = 0.5
_LEAST_FRAMES = 4
_AT_ONCE = 1000  # medians computed together: their windows are copied

_Series = npt.NDArray[np.float64]


class PacketBitrate:
    """Two ratios for every frame of a table, swell and spike; both are near 1 where nothing happens."""

    def __init__(self, table: PacketTable) -> None:
        self._seconds = np.array(table.seconds)
        steps = np.diff(self._seconds)
        self._step = float(np.median(steps)) if len(steps) else 1.0
        self._around = self._pictures(_AROUND_SECONDS)
        self._is_key = np.zeros(len(table), bool)
        self._is_key[list(table.keyframes)] = True
        bytes_ = self._without_keyframes(np.array(table.num_bytes, float))
        self._swell = self._swell_of(bytes_)
        self._spike = self._spike_of(bytes_)

    def swell(self, span: Span) -> float:
        """The highest smoothed bitrate in ``span``, over the median around it; 0 where it holds no frame."""
        return self._most(self._swell, span)

    def spike(self, span: Span) -> float:
        """The highest packet size in ``span``, over the largest one around it; 0 where no packet in it is
        larger than all those around."""
        return self._most(self._spike, span)

    def swells(self, places: range) -> Iterator[tuple[Span, float]]:
        """Spans of up to 3 s among the frames ``places`` where the swell is 1.7 or more, and its maximum."""
        swell = self._swell[places.start : places.stop]
        for high, run in groupby(range(len(swell)), key=lambda place: bool(swell[place] >= _SWELL)):
            inside = list(run)
            span = self._span(places.start + inside[0], places.start + inside[-1])
            if high and span.duration_seconds <= _LONGEST_SECONDS:
                yield span, float(swell[inside].max())

    def spikes(self, places: range) -> Iterator[tuple[Span, float]]:
        """Packets among ``places`` with a spike of 1.8 or more, and that spike."""
        for place in places:
            if self._spike[place] >= _SPIKE:
                yield self._span(place, place), float(self._spike[place])

    def _span(self, first: int, last: int) -> Span:
        return Span(float(self._seconds[first]), float(self._seconds[last]))

    def _most(self, series: _Series, span: Span) -> float:
        first, end = np.searchsorted(self._seconds, [span.start, span.end])
        return float(series[first:end].max(initial=0.0))

    def _pictures(self, seconds: float) -> int:
        return max(_LEAST_FRAMES, round(seconds / self._step))

    def _without_keyframes(self, num_bytes: _Series) -> _Series:
        """Keyframes are large whatever they show: their sizes become the median of those around."""
        rest = num_bytes.copy()
        for place in np.flatnonzero(self._is_key):
            around = slice(max(0, place - self._around), place + self._around + 1)
            others = num_bytes[around][~self._is_key[around]]
            rest[place] = np.median(others) if len(others) else 0.0
        return rest

    def _swell_of(self, num_bytes: _Series) -> _Series:
        width = self._pictures(_SMOOTH_SECONDS) | 1
        smooth = np.convolve(np.pad(num_bytes, width // 2, mode="edge"), np.ones(width) / width, "valid")
        reach, every = self._pictures(_USUAL_SECONDS), self._pictures(_USUAL_EVERY_SECONDS)
        usual = _medians(smooth, reach=reach, every=every)
        return np.asarray(smooth / (np.repeat(usual, every)[: len(smooth)] + 1.0))

    def _spike_of(self, num_bytes: _Series) -> _Series:
        spike = np.zeros(len(num_bytes))
        # The largest packet before each frame, and after it; few frames are larger than both.
        most = sliding_window_view(np.pad(num_bytes, self._around), self._around).max(axis=1)
        largest = np.maximum(most[: len(num_bytes)], most[self._around + 1 :])
        for place in np.flatnonzero((num_bytes > largest) & ~self._is_key):
            before = num_bytes[max(0, place - self._around) : place]
            others = np.concatenate([before, num_bytes[place + 1 : place + 1 + self._around]])
            if len(others) and num_bytes[place] >= _SPIKE_USUAL * np.median(others):
                spike[place] = num_bytes[place] / (largest[place] + 1.0)
        return spike


def _medians(series: _Series, *, reach: int, every: int) -> _Series:
    """Medians of up to ``reach`` values on each side, for one value in ``every``."""
    places = np.arange(0, len(series), every)
    medians = np.empty(len(places))
    is_inner = (places >= reach) & (places + reach < len(series))
    for number in np.flatnonzero(~is_inner):
        medians[number] = np.median(series[max(0, places[number] - reach) : places[number] + reach + 1])
    inner = np.flatnonzero(is_inner)
    for some in np.array_split(inner, -(-len(inner) // _AT_ONCE) or 1):
        if len(some):
            windows = sliding_window_view(series, 2 * reach + 1)[places[some] - reach]
            medians[some] = np.median(windows, axis=1)
    return medians
