"""Cuts a stream of packets into groups of pictures (GOPs) that can be decoded independently."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from av.packet import Packet
from av.video.stream import VideoStream

__all__ = ["GroupOfPictures", "GroupsOfPictures", "VideoPacket"]

_LEAST_PACKETS = 24
"""Where every frame is a keyframe, single groups would cost more than they save."""

_MOST_PACKETS = 600
"""A longer group holds the others up; such a file is better decoded as one."""

VideoPacket: TypeAlias = "Packet[VideoStream]"  # quoted: PyAV's class is generic for type checkers only


@dataclass(frozen=True, slots=True)
class GroupOfPictures:
    """The packets that give the frames shown in ``[start, end)``, in ticks; the last group has no ``end``.

    Frames that are shown before a keyframe but stored after it may need what is on both sides of it. They
    belong to the group before, whose packets then go on to that keyframe and to them.
    """

    packets: Sequence[VideoPacket]
    start: int
    end: int | None

    def shows(self, pts: int) -> bool:
        return self.start <= pts and (self.end is None or pts < self.end)


class GroupsOfPictures:
    """Iterates over the groups of pictures of a stream; stops where its packets are not reliably in order.

    ``is_whole`` is True once the end was reached without stopping.
    """

    def __init__(self, packets: Iterable[VideoPacket]) -> None:
        self._packets = packets
        self.is_whole = False

    def __iter__(self) -> Iterator[GroupOfPictures]:
        before: list[
            VideoPacket
        ] = []  # the group before, until it is certain that nothing more belongs to it
        own: list[VideoPacket] = []
        leading: list[VideoPacket] = []
        for packet in self._packets:
            pts = packet.pts
            if pts is None or packet.is_corrupt or packet.is_discard or len(own) == _MOST_PACKETS:
                return
            if not own and not packet.is_keyframe:
                return
            if own and pts < _start(own):
                if not before:
                    return
                leading.append(packet)
                continue
            if before:
                yield GroupOfPictures(
                    [*before, *own, *leading] if leading else before, _start(before), _start(own)
                )
                before, leading = [], []
            if packet.is_keyframe and len(own) >= _LEAST_PACKETS:
                if not _is_orderly(own, until=pts):
                    return
                before, own = own, []
            own.append(packet)
        self.is_whole = not own or _is_orderly(own)
        if before:
            yield GroupOfPictures(
                [*before, *own[:1], *leading] if leading else before, _start(before), _start(own)
            )
        if own and self.is_whole:
            yield GroupOfPictures(own, _start(own), None)


def _start(group: Sequence[VideoPacket]) -> int:
    return group[0].pts or 0


def _is_orderly(group: Sequence[VideoPacket], *, until: int | None = None) -> bool:
    """Whether each frame has a time of its own, before the next group begins."""
    times = [packet.pts for packet in group if packet.pts is not None]
    return len(set(times)) == len(group) and (until is None or max(times) < until)
