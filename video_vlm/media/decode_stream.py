"""One open copy of a file with its decoder: played from the start, or from a keyframe."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from itertools import chain, dropwhile
from operator import attrgetter
from pathlib import Path
from types import MappingProxyType
from typing import TypeAlias

import av
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from video_vlm.media.clock import Clock, own_time
from video_vlm.media.container import MAX_PIXELS, continuity_of, open_container, packets, watch_only
from video_vlm.media.damage_log import DamageLog
from video_vlm.media.missing_frames import MissingFrames
from video_vlm.media.packet_times import SeekPoint
from video_vlm.media.stream_probe import StreamProbe

__all__ = ["MOST_THREADS", "NO_OPTIONS", "DecodeStream", "Packets"]

_STEPS_BACK_SECONDS = (0, 1, 4, 16, 64, 256)
"""How far before the wanted time to try next, where a seek lands behind it."""

MOST_THREADS = 16
"""FFmpeg's own limit: each thread holds a frame, and beyond this they only wait for each other."""

NO_OPTIONS: Mapping[str, str] = MappingProxyType({})

Packets: TypeAlias = "Iterator[Packet[VideoStream]]"  # quoted: PyAV's class is generic for type checkers only
Pictures: TypeAlias = "Iterator[tuple[int, VideoFrame]]"


class DecodeStream:
    """The frames of one file in order of display, each with its PTS in ticks.

    Args:
        path: The file.
        found: Its survey.
        ledger: Where damage is noted.
        threads: How many decode, each a frame of its own. With more than one, PyAV loses the last
            frames of a file that ends in a broken packet; they are fetched again with one.
        options: FFmpeg's, for the codec.
        landings: Says where the file can be entered, if not by time.
    """

    def __init__(
        self,
        path: Path,
        found: StreamProbe,
        ledger: DamageLog,
        *,
        threads: int,
        options: Mapping[str, str] = NO_OPTIONS,
        landings: Callable[[], Sequence[SeekPoint] | None] = lambda: None,
    ) -> None:
        self._path = path
        self._found = found
        self._ledger = ledger
        self._threads = threads
        self._options = options
        self._landings = landings
        self._opened = ExitStack()
        self._is_open = False

    def close(self) -> None:
        self._opened.close()
        self._is_open = False

    @property
    def stream(self) -> VideoStream:
        """The video stream of the open copy of the file; only between the first call of another method and
        :meth:`close`."""
        return self._stream

    def play(self) -> Pictures:
        """Every frame with its PTS in ticks, from the first to the last."""
        return self._stamped(self._from_start(), self._found.clock())

    def play_from(self, pts: int) -> Pictures:
        """From a keyframe's frame at or before ``pts``, or from the first one, to the last."""
        return self.leap(pts) or self.play()

    def leap(self, pts: int, *, past: float = -math.inf) -> Pictures | None:
        """From a keyframe's frame after ``past``, at or before ``pts``; None where there is none to land
        on."""
        landed = self._from_keyframe(pts)
        if landed is None or landed[0] <= past:
            return None
        keyframe, source = landed
        clock = Clock(frame_ticks=self._found.frame_ticks, first_pts=keyframe)
        # The first ones out may be leading frames, shown before the keyframe and broken without what came
        # before.
        frames = dropwhile(lambda frame: frame[0] < keyframe, self._stamped(source, clock))
        first = next(frames, None)
        return chain([first], frames) if first is not None and first[0] <= pts else None

    def packets_from(self, pts: float) -> Packets:
        """From a keyframe whose frame is shown at or before ``pts``, or all of them."""
        landed = None if pts == -math.inf else self._from_keyframe(math.floor(pts))
        return self._from_start() if landed is None else landed[1]

    def _from_start(self) -> Packets:
        self._open()
        return packets(self._container, self._stream, self._path)

    def _from_keyframe(self, pts: int) -> tuple[int, Packets] | None:
        """The PTS of a keyframe at or before ``pts`` and the packets from it; None where only the start will
        do."""
        if not self._is_open:
            self._open()
        known = self._landings()
        if known is not None:
            return self._by_position(pts, known)
        for seconds in _STEPS_BACK_SECONDS:
            target = pts - round(seconds / self._found.time_base)
            if target <= self._found.dated_pts:
                return None
            try:
                self._container.seek(target, stream=self._stream)
            except (av.FFmpegError, OSError):
                return None
            source = packets(self._container, self._stream, self._path)
            packet = next((packet for packet in source if packet.is_keyframe), None)
            if packet is not None and packet.pts is None:
                return None
            if packet is not None and packet.pts is not None and packet.pts <= pts:
                return packet.pts, chain([packet], source)
        return None

    def _by_position(self, pts: int, known: Sequence[SeekPoint]) -> tuple[int, Packets] | None:
        place = bisect_right(known, pts, key=attrgetter("pts")) - 1
        if place < 1:
            return None
        landing = known[place]
        try:
            self._container.seek(landing.position, unsupported_byte_offset=True)
        except (av.FFmpegError, OSError):
            return None
        continuity = continuity_of(self._stream, self._path, shift=landing.shift)
        source = packets(self._container, self._stream, self._path, continuity=continuity)
        packet = next((packet for packet in source if packet.is_keyframe), None)
        if packet is None or packet.pts != landing.pts:
            return None
        return landing.pts, chain([packet], source)

    def _open(self) -> None:
        self.close()
        self._container = self._opened.enter_context(open_container(self._path))
        (self._stream,) = (s for s in self._container.streams.video if s.index == self._found.stream)
        watch_only(self._container, self._stream.index)
        self._stream.thread_type = "AUTO"
        self._stream.codec_context.thread_count = min(self._threads, MOST_THREADS)
        self._stream.codec_context.options = {"max_pixels": str(MAX_PIXELS), **self._options}
        self._is_open = True

    def _stamped(self, source: Packets, clock: Clock) -> Pictures:
        rollcall = MissingFrames(self._found, self._ledger)
        for frame in chain(self._decoded(source, rollcall), self._remainder(rollcall)):
            time = own_time(frame)
            pts = clock.stamp(time, is_sparse=rollcall.is_sparse)
            if pts is not None:
                yield pts, frame
            elif time is not None:
                rollcall.repeat(time)
        rollcall.close()

    def _decoded(self, source: Packets, rollcall: MissingFrames) -> Iterator[VideoFrame]:
        for packet in chain(source, [None]):
            if packet is not None:
                rollcall.expect(packet)
            try:
                frames = self._stream.decode(packet)
            except av.FFmpegError:
                rollcall.in_trouble = True
                continue
            for frame in frames:
                rollcall.answer(frame)
                yield frame

    def _remainder(self, rollcall: MissingFrames) -> Iterator[VideoFrame]:
        """The last frames, decoded one by one, where an error swallowed them."""
        last = rollcall.last_pts
        if self._threads == 1 or last is None or not rollcall.is_incomplete:
            return
        options, landings = self._options, self._landings
        with closing(
            DecodeStream(self._path, self._found, self._ledger, threads=1, options=options, landings=landings)
        ) as again:
            landed = again._from_keyframe(last)
            source = landed[1] if landed is not None else again._from_start()
            second = MissingFrames(self._found, DamageLog())
            for frame in again._decoded(source, second):
                if frame.pts is not None and frame.pts > last:
                    rollcall.in_trouble |= second.in_trouble
                    rollcall.answer(frame)
                    yield frame
