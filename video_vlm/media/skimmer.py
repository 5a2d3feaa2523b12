"""Decodes only what is asked for: keyframes by themselves, and coarse stretches from a keyframe on.

Packets are read once, in the order of the file, a few groups at a time; nothing is sought. Keyframes go to one
decoder, whole; the stretches go to another, which leaves out the pictures no other needs and the smoothing of block
edges (the loop filter): half the cost, and good enough to see whether a picture follows from the one before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Generic, Protocol, Self, TypeVar, runtime_checkable

import av
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

from video_vlm.media.container import open_container, open_decoder, packets, watch_only
from video_vlm.media.groups import VideoPacket
from video_vlm.media.ledger import Ledger
from video_vlm.media.packets import PacketTable
from video_vlm.media.survey import Survey
from video_vlm.protocols import DecodedFrame

__all__ = ["Skimmer", "SkimmingReader"]

_LOST = "pictures could not be decoded"

F = TypeVar("F", bound=DecodedFrame)


@runtime_checkable
class SkimmingReader(Protocol):
    """A reader that can leave pictures undecoded."""

    def packets(self) -> PacketTable: ...
    def skim(self) -> Skimmer[DecodedFrame]: ...


class Skimmer(Generic[F]):
    """One pass over a file, forward. A context manager.

    Args:
        path: The file; its packets must bring their times along (:class:`~video_vlm.media.packets.PacketTable`).
        found: Its survey.
        ledger: Where damage is noted.
        framed: Makes a picture and its PTS what is given out.
        threads: How many each decoder may use.
    """

    def __init__(
        self, path: Path, found: Survey, ledger: Ledger, *, framed: Callable[[int, VideoFrame], F], threads: int
    ) -> None:
        self._path = path
        self._found = found
        self._ledger = ledger
        self._framed = framed
        self._threads = threads
        self._opened = ExitStack()
        self._groups: dict[int, list[VideoPacket]] = {}
        self._num_begun = 0

    def __enter__(self) -> Self:
        self._whole = self._decoder()
        self._coarse = self._decoder(skip_loop_filter="all")
        self._coarse.skip_frame = "NONREF"
        container = self._opened.enter_context(open_container(self._path))
        (stream,) = (one for one in container.streams.video if one.index == self._found.stream)
        watch_only(container, stream.index)
        self._source = packets(container, stream)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._opened.close()

    def load(self, groups: range) -> None:
        """Read the packets of ``groups``, and of no others: those before are let go, those between passed over."""
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
        """The first pictures of ``groups``."""
        heads = [self._groups[number][0] for number in groups if number in self._groups]
        yield from self._pictures(self._whole, heads)

    def stretch(self, groups: range, *, until_seconds: float) -> Iterator[F]:
        """Pictures others need, from the first of ``groups`` to the last one at or before ``until_seconds``."""
        held = [packet for number in groups for packet in self._groups.get(number, [])]
        shown = [place for place, packet in enumerate(held) if self._seconds(packet) <= until_seconds]
        wanted = held[: max(shown, default=-1) + 1]
        for picture in self._pictures(self._coarse, wanted):
            if self._seconds(wanted[0]) <= picture.pts_seconds <= until_seconds:
                yield picture

    def _pictures(self, decoder: VideoCodecContext, wanted: Sequence[VideoPacket]) -> Iterator[F]:
        last: int | None = None
        for picture in self._decoded(decoder, wanted):
            if picture.pts is not None and (last is None or picture.pts > last):
                last = picture.pts
                yield self._framed(picture.pts, picture)

    def _decoded(self, decoder: VideoCodecContext, wanted: Sequence[VideoPacket]) -> Iterator[VideoFrame]:
        try:
            for packet in (*wanted, None):
                try:
                    yield from decoder.decode(packet)
                except av.FFmpegError:
                    self._note(packet or wanted[-1])
        finally:
            decoder.flush_buffers()

    def _note(self, packet: VideoPacket) -> None:
        start = self._seconds(packet)
        self._ledger.note(start, start + self._found.frame_seconds, _LOST)

    def _seconds(self, packet: VideoPacket) -> float:
        return self._found.seconds(packet.pts or 0)

    def _decoder(self, **options: str) -> VideoCodecContext:
        return open_decoder(self._opened, self._path, self._found.stream, threads=self._threads, **options)
