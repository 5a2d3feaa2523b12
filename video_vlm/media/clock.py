"""Time: a container's ticks, the seconds a player shows, and clocks that begin again.

Everything above this package is in *player's seconds*: 0 is where a player begins to show the file. A
container counts from wherever it likes: a broadcast begins at 23 hours, a transport stream's 33-bit clock
passes its end, a recording whose sound comes first has its first frame at 5 s. :func:`player_origin` finds
what a player takes for zero, :class:`PlayerTime` converts, and :class:`Continuity` lays the clocks of
recordings that were joined byte by byte one behind the other.
"""

from __future__ import annotations

import logging
import math
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeAlias

from av.audio.frame import AudioFrame
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from video_vlm.media.stream_joints import is_joint

__all__ = ["Clock", "Continuity", "PlayerTime", "own_time", "player_origin"]

logger = logging.getLogger(__name__)

_NEAR_ZERO_SECONDS = Fraction(1, 2)
_RESTART_SECONDS = 1
_AHEAD_SECONDS = 10
"""A jump ahead in a transport stream that FFmpeg and mpv take for a discontinuity."""

_FEW_PACKETS = 3
"""A parser reports a cut-off packet one or two packets early."""

_MOST_WAITING = 300
"""The most packets without a time that are read to find one with a time."""

_MPEG_CLOCK = Fraction(1, 90_000)
_MPEG_CLOCK_TICKS = 1 << 33
_NEAR_END_SECONDS = 60
"""A clock that begins again this near to the end of the 33-bit clock of MPEG streams (26.5 hours) has
wrapped."""

VideoPacket: TypeAlias = "Packet[VideoStream]"  # quoted: PyAV's class is generic for type checkers only


def player_origin(starts: Iterable[Fraction], first_frame: Fraction) -> Fraction:
    """The time a player takes for zero, in seconds on the clock of the video stream.

    It is where the first stream begins, sound or video. A start below half a second counts as zero: encoders
    delay frames by a few, and sound begins with samples that are decoded and not heard. No frame is before
    zero.

    Args:
        starts: When the streams of sound and video begin, in seconds, as the container says. A sound that
            begins before the 33-bit clock of MPEG streams passed its end is recognised by its distance.
        first_frame: When the first frame is shown.
    """
    wrap = _MPEG_CLOCK_TICKS * _MPEG_CLOCK
    near = [start - wrap if start - first_frame > wrap / 2 else start for start in starts]
    origin = min(near, default=first_frame)
    return min(origin if abs(origin) >= _NEAR_ZERO_SECONDS else Fraction(0), first_frame)


@dataclass(frozen=True, slots=True)
class PlayerTime:
    """Converts between one stream's ticks and player's seconds.

    Args:
        time_base: Seconds a tick.
        origin: The container's time that a player shows as zero, in seconds.
    """

    time_base: Fraction
    origin: Fraction = Fraction(0)
    _scale: int = field(init=False, repr=False)
    _zero: int = field(init=False, repr=False)
    _denominator: int = field(init=False, repr=False)

    def __post_init__(self) -> None:
        # seconds = (ticks * scale - zero) / denominator, in integers: exact, and fast enough for every frame.
        denominator = math.lcm(self.time_base.denominator, self.origin.denominator)
        object.__setattr__(self, "_denominator", denominator)
        object.__setattr__(self, "_scale", int(self.time_base * denominator))
        object.__setattr__(self, "_zero", int(self.origin * denominator))

    def seconds(self, ticks: int | Fraction) -> float:
        """The time of a tick in player's seconds: the float nearest to the exact value."""
        return float((ticks * self._scale - self._zero) / self._denominator)

    def exact_seconds(self, ticks: int) -> Fraction:
        """The same as an exact fraction."""
        return Fraction(ticks * self._scale - self._zero, self._denominator)

    def ticks(self, seconds: float) -> Fraction:
        """The exact tick of a time in player's seconds, not rounded."""
        return Fraction(seconds * self._denominator + self._zero) / self._scale

    def last_tick(self, seconds: float) -> int:
        """The last tick at or before a time in player's seconds."""
        return math.floor(self.ticks(seconds))

    def first_tick(self, seconds: float) -> int:
        """The first tick at or after a time in player's seconds."""
        return math.ceil(self.ticks(seconds))


def own_time(carrier: VideoFrame | AudioFrame | Packet[Any]) -> int | None:
    """The time of a frame or packet in ticks: its PTS, else its DTS (AVI has no PTS); None without either."""
    return carrier.pts if carrier.pts is not None else carrier.dts


class Continuity:
    """Keeps the times of a stream's packets ascending where the container's clock begins again.

    Recordings that were joined byte by byte each bring their own clock. Where it jumps back by a second or
    more, the part behind is laid after all before it. A jump ahead by ten seconds or more is a joint too if a
    packet right before it was cut off, as the demuxer says of transport streams, or the bytes there tell
    (:func:`~video_vlm.media.stream_joints.is_joint`); else it is a hole, and stays. Where the 33-bit clock of
    MPEG streams has passed its end, it goes on as if it had more bits. A single packet whose time is out of
    place, between two that are not, is taken to follow the one before it.

    Args:
        path: The file: for messages, and to look at what lies around a jump ahead.
        time_base: Seconds a tick.
        frame_ticks: How long a packet lasts that does not say so.
        shift: Ticks to add from the beginning; for a stream that is entered behind such a jump.
    """

    def __init__(self, path: Path, *, time_base: Fraction, frame_ticks: Fraction, shift: int = 0) -> None:
        self.shift = shift
        self._path = path
        self._time_base = time_base
        self._restart_ticks = _RESTART_SECONDS / time_base
        self._ahead_ticks = _AHEAD_SECONDS / time_base
        self._frame_ticks = max(1, round(frame_ticks))
        self._last: int | None = None
        self._undated_ticks = 0
        self._delay = 0  # from decoding to display, at most
        self._position = -1
        self._end = 0
        self._num_since_cut_off = _FEW_PACKETS

    def __call__(self, packets: Iterable[VideoPacket]) -> Iterator[VideoPacket]:
        """The packets in their order; their ``pts`` and ``dts``, in ticks, are changed in place."""
        coming = iter(packets)
        waiting: deque[VideoPacket] = deque()
        while (packet := waiting.popleft() if waiting else next(coming, None)) is not None:
            if self._jumps(packet) and self._goes_on(waiting, coming):
                packet.pts = packet.dts = self._end
                self._end += self._frame_ticks
            else:
                self._lay(packet)
            yield packet

    def _goes_on(self, waiting: deque[VideoPacket], coming: Iterator[VideoPacket]) -> bool:
        """Whether the next packet that has a time follows the last one; those read to know are
        ``waiting``."""
        while not any(_is_dated(one) for one in waiting) and len(waiting) < _MOST_WAITING:
            following = next(coming, None)
            if following is None:
                break
            waiting.append(following)
        dated = next(filter(_is_dated, waiting), None)
        return dated is not None and not self._jumps(dated, least_ticks=0)

    def _jumps(self, packet: VideoPacket, *, least_ticks: Fraction | int | None = None) -> bool:
        """Whether a packet is out of place: behind the last one by a second, or ``least_ticks``, or far
        ahead."""
        time = _decoding_time(packet)
        if time is None or self._last is None:
            return False
        back = self._restart_ticks if least_ticks is None else least_ticks
        return not self._last - back <= time + self.shift < self._last + self._ahead_ticks

    def _lay(self, packet: VideoPacket) -> None:
        time = own_time(packet)
        if time is None:
            self._pass(packet)
            return
        if self._last is not None and self._jumps(packet):
            if time + self.shift < self._last:
                ahead = time + _MPEG_CLOCK_TICKS + self.shift - self._end
                if self._time_base == _MPEG_CLOCK and abs(ahead) * self._time_base < _NEAR_END_SECONDS:
                    self.shift += _MPEG_CLOCK_TICKS
                else:
                    self._join(time)
            elif self._is_joint(packet):
                self._join(time)
        if self.shift:
            packet.pts = None if packet.pts is None else packet.pts + self.shift
            packet.dts = None if packet.dts is None else packet.dts + self.shift
        self._last = _decoding_time(packet)
        self._undated_ticks = 0
        self._delay = max(self._delay, time + self.shift - (self._last or 0))
        self._position = -1 if packet.pos is None else packet.pos
        self._end = max(self._end, time + self.shift + (packet.duration or self._frame_ticks))
        self._num_since_cut_off = 0 if packet.is_corrupt else self._num_since_cut_off + 1

    def _pass(self, packet: VideoPacket) -> None:
        """One that does not say when it is due: as long after the last one that does as those between them
        last."""
        if self._last is not None:
            self._undated_ticks += packet.duration or self._frame_ticks
            self._end = max(self._end, self._last + self._delay + self._undated_ticks + self._frame_ticks)

    def _is_joint(self, packet: VideoPacket) -> bool:
        """Whether a jump ahead is one."""
        if self._num_since_cut_off < _FEW_PACKETS:
            return True
        if self._time_base != _MPEG_CLOCK or packet.pos is None:
            return False
        found = is_joint(self._path, self._position, packet.pos)
        if found is None:
            logger.warning(
                "%s: its clock goes from %.3f s to %.3f s: taken for a pause in the recording; where "
                "recordings were joined there, all times behind are too late by as much",
                self._path,
                ((self._last or 0) - self.shift) * self._time_base,
                (own_time(packet) or 0) * self._time_base,
            )
        return bool(found)

    def _join(self, time: int) -> None:
        logger.warning(
            "%s: its clock goes from %.3f s to %.3f s: recordings were joined; times go on from there",
            self._path,
            ((self._last or 0) - self.shift) * self._time_base,
            time * self._time_base,
        )
        self.shift = self._end - time


def _is_dated(packet: VideoPacket) -> bool:
    return own_time(packet) is not None


def _decoding_time(packet: VideoPacket) -> int | None:
    return packet.dts if packet.dts is not None else packet.pts


class Clock:
    """Stamps frames as they leave the decoder, in the order they are shown.

    A frame's own time stands as it is. One without is dated by the frame rate: from the frame before it or,
    for those before the first dated one, backwards from that.

    Args:
        frame_ticks: Ticks from one frame to the next, by the frame rate.
        first_pts: The first PTS that any frame carries.
        num_undated: How many frames come before that one.
    """

    def __init__(self, *, frame_ticks: Fraction, first_pts: int = 0, num_undated: int = 0) -> None:
        self._frame_ticks = max(frame_ticks, Fraction(1))
        self._first_undated = first_pts - num_undated * frame_ticks
        self._last: int | None = None

    def stamp(self, pts: int | None, *, is_sparse: bool = False) -> int | None:
        """The PTS of a frame in ticks, or None where it is not after the last one that was stamped.

        Args:
            pts: None where it has none.
            is_sparse: Not every packet has a time. FFmpeg then gives one to two frames at times, or to the
                frame next to its own: one that is too early by up to a frame counts as none.
        """
        if (
            pts is not None
            and is_sparse
            and self._last is not None
            and 0 <= self._last - pts <= self._frame_ticks
        ):
            pts = None
        if pts is None:
            pts = round(self._first_undated if self._last is None else self._last + self._frame_ticks)
        if self._last is not None and pts <= self._last:
            return None
        self._last = pts
        return pts
