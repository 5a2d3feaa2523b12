"""What the packets tell without decoding: when each frame is shown, its bytes, and which are keyframes."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path

from av.packet import Packet
from av.video.stream import VideoStream

from video_vlm.media.container import open_container, packets, video_stream, watch_only
from video_vlm.media.stream_probe import StreamProbe

__all__ = ["PacketTable", "read_packet_table"]

_USUAL_BEATS = {250, 128, 240, 300}
"""The default longest GOP of encoders, in frames: x264 and x265; libvpx; ten seconds at 24 or 30 frames."""

_PUT_SHARE = 0.25
_LITTLE_SHARE = 1.0
_EMPTY_BYTES = 40  # a packet that says that nothing changed takes less
_RISE_SECONDS = 0.5


@dataclass(frozen=True)
class PacketTable:
    """Every frame of a stream in order of display. The frames from one keyframe up to the next are a *group*.

    Args:
        pts: Strictly rising, in ticks.
        seconds: The same in seconds.
        num_bytes: Of the packet.
        keyframes: Which frames can be decoded without others, by their place in the table, rising.
        flaw: Why the table cannot be relied on; None where it can.
    """

    pts: tuple[int, ...]
    seconds: tuple[float, ...]
    num_bytes: tuple[int, ...]
    keyframes: tuple[int, ...]
    flaw: str | None = None

    def __len__(self) -> int:
        return len(self.pts)

    @property
    def num_groups(self) -> int:
        return len(self.keyframes)

    @cached_property
    def group_starts(self) -> tuple[float, ...]:
        """The time of the first frame of each group, in seconds."""
        return tuple(self.seconds[place] for place in self.keyframes)

    @cached_property
    def longest_group_seconds(self) -> float:
        edges = [*self.group_starts, *self.seconds[-1:]]
        return max((after - before for before, after in pairwise(edges)), default=0.0)

    @cached_property
    def group_sizes(self) -> tuple[int, ...]:
        """How many frames each group holds."""
        return tuple(after - before for before, after in pairwise((*self.keyframes, len(self))))

    @cached_property
    def beat(self) -> int | None:
        """The number of frames after which the encoder made a keyframe whatever the content (the longest
        GOP); None if unknown."""
        whole = self.group_sizes[:-1]
        longest = max(whole, default=0)
        known = longest in _USUAL_BEATS or whole.count(longest) > 1
        return longest if known and longest > 1 else None

    def is_due(self, number: int) -> bool:
        """Whether the group before had the longest GOP, so that the keyframe of group ``number`` had to
        come."""
        return number > 0 and self.group_sizes[number - 1] == self.beat

    @cached_property
    def puts_keyframes(self) -> bool:
        """Whether the encoder puts keyframes at cuts: at least a quarter of them, and more than one, came
        early."""
        num_put = sum(
            not self.is_due(number) and self.group_sizes[number - 1] > 1
            for number in range(1, self.num_groups)
        )
        return num_put > 1 and num_put >= _PUT_SHARE * self.num_groups

    def weighs_little(self, number: int) -> bool:
        """Whether the packets behind the keyframe of a group are together smaller than the keyframe's, so
        that its last frame can hardly show anything else."""
        head, *rest = self.num_bytes[self.keyframes[number] :][: self.group_sizes[number]]
        return sum(max(0, size - _EMPTY_BYTES) for size in rest) < _LITTLE_SHARE * head

    def rise(self, number: int) -> float:
        """The ratio of the size of a group's keyframe to the mean size of the packets in the half second
        before it."""
        at = self.keyframes[number]
        earliest = bisect_left(self.seconds, self.seconds[at] - _RISE_SECONDS)
        before = (
            self.num_bytes[max(earliest, self.keyframes[number - 1] + 1) : at] or self.num_bytes[at - 1 : at]
        )
        return self.num_bytes[at] * len(before) / (sum(before) + 1.0)

    def group_at(self, seconds: float) -> int:
        """The number of the group on display at a time in seconds; the first one before any."""
        return max(0, bisect_right(self.group_starts, seconds) - 1)

    def places(self, first_group: int, end_group: int) -> range:
        """The places in the table of the frames of the groups ``[first_group, end_group)``."""
        edges = (*self.keyframes, len(self))
        return range(edges[first_group], edges[min(end_group, self.num_groups)])

    def count(self, start_seconds: float, end_seconds: float) -> int:
        """The number of frames that begin in ``[start_seconds, end_seconds)``."""
        return bisect_left(self.seconds, end_seconds) - bisect_left(self.seconds, start_seconds)


def read_packet_table(path: Path, found: StreamProbe) -> PacketTable:
    """Reads every packet of the video stream and decodes no frame."""
    with open_container(path) as container:
        stream = video_stream(container, path)
        watch_only(container, stream.index)
        listed = [_Entry.of(packet) for packet in packets(container, stream, path) if not packet.is_discard]
    shown = {one.pts: one for one in listed if one.pts is not None}
    pts = tuple(sorted(shown))
    keyframes = tuple(place for place, time in enumerate(pts) if shown[time].is_keyframe)
    return PacketTable(
        pts,
        tuple(map(found.seconds, pts)),
        tuple(shown[time].num_bytes for time in pts),
        keyframes,
        _flaw(listed, num_shown=len(shown), starts_alone=keyframes[:1] == (0,)),
    )


@dataclass(frozen=True, slots=True)
class _Entry:
    pts: int | None
    num_bytes: int
    is_keyframe: bool
    is_corrupt: bool

    @classmethod
    def of(cls, packet: Packet[VideoStream]) -> _Entry:
        return cls(packet.pts, packet.size, packet.is_keyframe, packet.is_corrupt)


def _flaw(listed: Iterable[_Entry], *, num_shown: int, starts_alone: bool) -> str | None:
    entries = list(listed)
    if any(one.pts is None for one in entries):
        return "its packets do not say when they are shown"
    if any(one.is_corrupt for one in entries):
        return "its packets are damaged"
    if num_shown < len(entries):
        return "some of its packets share one time"
    keys = [one.pts for one in entries if one.pts is not None and one.is_keyframe]
    if any(after < before for before, after in pairwise(keys)):
        return "its clock goes back"
    return None if starts_alone else "it does not begin with a keyframe"
