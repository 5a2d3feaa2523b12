"""Decodes only what is asked for: keyframes by themselves, and coarse stretches from a keyframe on.

Packets are read once, in the order of the file, a few groups at a time; there is no seeking. Keyframes are
decoded whole. Stretches are decoded without non-reference frames and without the loop filter: this costs half
as much, and is good enough to see whether a frame follows from the one before. Several are decoded in
parallel.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Generic, Protocol, Self, TypeVar, runtime_checkable

import av
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

from video_vlm.media.container import open_container, open_decoder, packets, watch_only
from video_vlm.media.damage_log import DamageLog
from video_vlm.media.gops import VideoPacket
from video_vlm.media.packet_table import PacketTable
from video_vlm.media.parallel_decode import MOST_LANES
from video_vlm.media.stream_probe import StreamProbe
from video_vlm.protocols import DecodedFrame

__all__ = ["PartialDecoder", "PartialReader"]

_LOST = "pictures could not be decoded"

F = TypeVar("F", bound=DecodedFrame)
T = TypeVar("T")
U = TypeVar("U")


@runtime_checkable
class PartialReader(Protocol):
    """A reader that can leave frames undecoded."""

    def packets(self) -> PacketTable: ...
    def skim(self) -> PartialDecoder[DecodedFrame]: ...


class _Decoders:
    """Decoders of one kind, as many as are in use at once."""

    def __init__(self, open_one: Callable[[], VideoCodecContext]) -> None:
        self._open_one = open_one
        self._lock = Lock()
        self._idle: list[VideoCodecContext] = []

    @contextmanager
    def one(self) -> Iterator[VideoCodecContext]:
        with self._lock:
            decoder = self._idle.pop() if self._idle else self._open_one()
        try:
            yield decoder
        finally:
            decoder.flush_buffers()
            self._idle.append(decoder)


class PartialDecoder(Generic[F]):
    """One pass over a file, forward. A context manager. What is loaded may be decoded by several threads at
    once.

    Args:
        path: The file; its packets must bring their times along
            (:class:`~video_vlm.media.packet_table.PacketTable`).
        found: Its survey.
        ledger: Where damage is noted.
        framed: Makes what is given out from a frame and its PTS.
        threads: How many may be used in all.
    """

    def __init__(
        self,
        path: Path,
        found: StreamProbe,
        ledger: DamageLog,
        *,
        framed: Callable[[int, VideoFrame], F],
        threads: int,
    ) -> None:
        self._path = path
        self._found = found
        self._ledger = ledger
        self._framed = framed
        self._num_lanes = min(threads, MOST_LANES)
        self._threads = threads // self._num_lanes
        self._opened = ExitStack()
        self._noting = Lock()
        self._whole = _Decoders(self._decoder)
        self._coarse = _Decoders(self._coarse_decoder)
        self._groups: dict[int, list[VideoPacket]] = {}
        self._num_begun = 0

    def __enter__(self) -> Self:
        self._lanes = ThreadPoolExecutor(self._num_lanes, thread_name_prefix="lane")
        container = self._opened.enter_context(open_container(self._path))
        (stream,) = (one for one in container.streams.video if one.index == self._found.stream)
        watch_only(container, stream.index)
        self._source = packets(container, stream, self._path)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lanes.shutdown(cancel_futures=True)
        self._opened.close()

    def side_by_side(self, work: Callable[[T], U], jobs: Iterable[T]) -> Iterator[U]:
        """Runs the jobs in several threads; gives the results in the order of the jobs."""
        return self._lanes.map(work, jobs)

    def load(self, groups: range) -> None:
        """Reads the packets of ``groups`` and holds them; packets of other groups are skipped, those held
        from earlier groups are dropped."""
        self._groups = {number: held for number, held in self._groups.items() if number in groups}
        while self._num_begun <= groups.stop:
            packet = next(self._source, None)
            if packet is None:
                return
            self._num_begun += packet.is_keyframe and not packet.is_discard
            number = self._num_begun - 1
            if number in groups or number == groups.stop:
                self._groups.setdefault(number, []).append(packet)

    def keyframes(self, groups: range) -> Iterator[F]:
        """The first frame of each of ``groups``, decoded whole."""
        heads = [self._groups[number][0] for number in groups if number in self._groups]
        share = -(-len(heads) // self._num_lanes) or 1
        shares = [heads[first : first + share] for first in range(0, len(heads), share)]
        for frames in self.side_by_side(lambda some: list(self._pictures(self._whole, some)), shares):
            yield from frames

    def stretch(self, groups: range, *, until_seconds: float) -> Iterator[F]:
        """The reference frames from the first of ``groups`` to the last one at or before ``until_seconds``,
        without the loop filter."""
        held = [packet for number in groups for packet in self._groups.get(number, [])]
        shown = [place for place, packet in enumerate(held) if self._seconds(packet) <= until_seconds]
        wanted = held[: max(shown, default=-1) + 1]
        for frame in self._pictures(self._coarse, wanted):
            if self._seconds(wanted[0]) <= frame.pts_seconds <= until_seconds:
                yield frame

    def _pictures(self, decoders: _Decoders, wanted: Sequence[VideoPacket]) -> Iterator[F]:
        last: int | None = None
        for frame in self._decoded(decoders, wanted):
            if frame.pts is not None and (last is None or frame.pts > last):
                last = frame.pts
                yield self._framed(frame.pts, frame)

    def _decoded(self, decoders: _Decoders, wanted: Sequence[VideoPacket]) -> Iterator[VideoFrame]:
        with decoders.one() as decoder:
            for packet in (*wanted, None):
                try:
                    yield from decoder.decode(packet)
                except av.FFmpegError:
                    start = self._seconds(packet or wanted[-1])
                    with self._noting:
                        self._ledger.note(start, start + self._found.frame_seconds, _LOST)

    def _seconds(self, packet: VideoPacket) -> float:
        return self._found.seconds(packet.pts or 0)

    def _decoder(self, **options: str) -> VideoCodecContext:
        return open_decoder(self._path, self._found.stream, threads=self._threads, **options)

    def _coarse_decoder(self) -> VideoCodecContext:
        decoder = self._decoder(skip_loop_filter="all")
        decoder.skip_frame = "NONREF"
        return decoder
