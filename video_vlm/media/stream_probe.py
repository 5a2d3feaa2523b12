"""Finds what a container's header does not say, by decoding its first frame and reading its last packets."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain, islice, pairwise
from pathlib import Path
from statistics import median
from typing import Any

import av
from av.buffer import Buffer
from av.container import InputContainer
from av.packet import Packet
from av.sidedata.sidedata import Type
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from video_vlm.errors import UnreadableVideo
from video_vlm.media.clock import Clock, PlayerTime, own_time, player_origin
from video_vlm.media.container import (
    has_index,
    has_pictures,
    open_container,
    packets,
    video_stream,
    watch_only,
)
from video_vlm.media.geometry import Orientation
from video_vlm.media.pixel_conversion import ColorConversion

__all__ = ["StreamProbe", "probe_stream", "sound_origin"]

_FIRST_FRAME_PACKETS = 1000
_MAX_UNDATED = 300
_SMALL_FILE_BYTES = 64 << 20
_TAIL_PACKETS = 20_000


@dataclass(frozen=True, slots=True)
class StreamProbe:
    """How to read one video stream.

    ``time`` converts its ticks to player's seconds. ``first_pts`` is the PTS of the first frame. Where the
    container leaves the first ``num_undated`` frames without a PTS, ``dated_pts`` is the first it does
    give. ``end_pts`` is where the last packet ends, None where finding it would mean reading a large file
    whole. ``stored_size`` is ``(width, height)`` in the decoder's pixels.
    """

    stream: int
    time: PlayerTime
    frame_rate: Fraction | None
    first_pts: int
    dated_pts: int
    num_undated: int
    end_pts: int | None
    stored_size: tuple[int, int]
    pixel_aspect: Fraction | None
    orientation: Orientation
    colours: ColorConversion

    @property
    def time_base(self) -> Fraction:
        """Seconds a tick."""
        return self.time.time_base

    @property
    def frame_ticks(self) -> Fraction:
        """The ticks from one frame to the next, by the frame rate; by 25 frames a second where it is
        unknown."""
        return 1 / ((self.frame_rate or Fraction(25)) * self.time_base)

    @property
    def frame_seconds(self) -> float:
        """The seconds from one frame to the next."""
        return float(self.frame_ticks * self.time_base)

    def clock(self) -> Clock:
        """A clock for stamping frames that are decoded from the beginning."""
        return Clock(frame_ticks=self.frame_ticks, first_pts=self.dated_pts, num_undated=self.num_undated)

    def seconds(self, pts: int) -> float:
        """A PTS in player's seconds."""
        return self.time.seconds(pts)


def probe_stream(path: Path) -> StreamProbe:
    """Probes the video stream of a file by decoding its first frame and reading its last packets.

    Raises:
        UnreadableVideo: no video stream, or none of its first thousand packets shows a frame.
    """
    with open_container(path) as container:
        stream = video_stream(container, path)
        watch_only(container, stream.index)
        starts = _starts(container)
        frame, pts, num_undated = _first_frame(container, stream, path)
        index, time_base = stream.index, _time_base(stream)
        aspect = stream.sample_aspect_ratio or stream.codec_context.sample_aspect_ratio
    rate = stream.average_rate
    if not rate or not 0 < rate * time_base < 1:  # it is only the clock's tick, or a codec's
        rate = _measured_rate(path)
    ticks = 1 / ((rate or Fraction(25)) * time_base)
    first_pts = round(pts - num_undated * ticks)
    return StreamProbe(
        stream=index,
        time=PlayerTime(time_base, player_origin(starts, first_pts * time_base)),
        frame_rate=rate,
        first_pts=first_pts,
        dated_pts=pts,
        num_undated=num_undated,
        end_pts=_end_pts(path, ticks, first_pts=first_pts),
        stored_size=(frame.width, frame.height),
        pixel_aspect=aspect,
        orientation=_orientation(frame),
        colours=ColorConversion.of(frame),
    )


def sound_origin(path: Path) -> Fraction:
    """What a player takes for zero, in seconds on the container's clock, for a file that may have sound alone.

    Raises:
        UnreadableVideo: it is no media file, or not one picture of it can be decoded.
    """
    with open_container(path) as container:
        starts = _starts(container)
        if has_pictures(container):
            return probe_stream(path).time.origin
    return player_origin(starts, min(starts, default=Fraction(0)))


def _starts(container: InputContainer) -> list[Fraction]:
    """When what is heard and seen begins, in seconds on the container's clock."""
    sounds = [one for one in container.streams.audio if one.codec_context is not None]
    shown = [one for one in container.streams.video if not one.disposition & Disposition.attached_pic]
    return [
        one.start_time * one.time_base
        for one in (*sounds, *shown)
        if one.start_time is not None and one.time_base
    ]


def _time_base(stream: VideoStream) -> Fraction:
    return stream.time_base or Fraction(1, av.time_base)


def _first_frame(container: InputContainer, stream: VideoStream, path: Path) -> tuple[VideoFrame, int, int]:
    """The first frame, the first time any frame brings along, and how many come before that one."""
    first = None
    for num_undated, frame in enumerate(_first_frames(container, stream, path)):
        first = first or frame
        time = own_time(frame)
        if time is not None:
            return first, time, num_undated
        if num_undated == _MAX_UNDATED:
            break
    if first is None:
        codec = stream.codec_context.codec.canonical_name
        raise UnreadableVideo(
            path, f"not one picture of its {codec} video can be decoded; get the file again"
        )
    return first, stream.start_time or 0, 0


def _first_frames(container: InputContainer, stream: VideoStream, path: Path) -> Iterator[VideoFrame]:
    for packet in chain(islice(packets(container, stream, path), _FIRST_FRAME_PACKETS), [None]):
        try:
            yield from stream.decode(packet)
        except av.FFmpegError:
            continue


def _measured_rate(path: Path) -> Fraction | None:
    """By the median distance of the first packets."""
    with open_container(path) as container:
        stream = video_stream(container, path)
        watch_only(container, stream.index)
        times = [own_time(packet) for packet in islice(packets(container, stream, path), 100)]
        time_base = _time_base(stream)
    steps = [step for step in _steps(times) if step > 0]
    return 1 / (Fraction(median(steps)) * time_base) if steps else None


def _steps(times: Sequence[int | None]) -> Iterator[Fraction]:
    """From one frame to the next. Those without a time lie evenly between those that have one."""
    dated = [(place, time) for place, time in enumerate(times) if time is not None]
    if len(dated) == len(times):
        dated = list(enumerate(sorted(time for _, time in dated)))
    for (place, before), (next_place, after) in pairwise(dated):
        yield Fraction(after - before, next_place - place)


def _end_pts(path: Path, ticks: Fraction, *, first_pts: int) -> int | None:
    """Where the last packet ends: from the last keyframe on, or by reading the file whole, if it is small, or
    its clock begins again on the way."""
    is_small = path.stat().st_size <= _SMALL_FILE_BYTES
    with open_container(path) as container:
        stream = video_stream(container, path)
        watch_only(container, stream.index)
        if has_index(container) or not is_small:
            try:
                container.seek(1 << 62, stream=stream)
                tail = list(islice(packets(container, stream, path), _TAIL_PACKETS))
            except (av.FFmpegError, OSError):
                tail = []
            end = _latest_end(tail, ticks)
            is_whole = 0 < len(tail) < _TAIL_PACKETS  # all packets up to the end were read
            if (is_whole or not is_small) and (end is None or end > first_pts):
                return end
    with open_container(path) as container:
        stream = video_stream(container, path)
        watch_only(container, stream.index)
        return _latest_end(packets(container, stream, path), ticks)


def _latest_end(tail: Iterable[Packet[VideoStream]], ticks: Fraction) -> int | None:
    ends = ((own_time(packet), packet.duration or round(ticks)) for packet in tail)
    return max((time + duration for time, duration in ends if time is not None), default=None)


def _orientation(frame: VideoFrame) -> Orientation:
    """From the display matrix; PyAV knows no side data newer than itself, then its angle has to do."""
    try:
        side_data: Mapping[Any, Buffer] = frame.side_data  # type: ignore[assignment]  # keyed by Type too
        matrix = side_data.get(Type.DISPLAYMATRIX)
    except ValueError:
        turns = {90: (0, -1, 1, 0), -90: (0, 1, -1, 0), 180: (-1, 0, 0, -1), -180: (-1, 0, 0, -1)}
        return Orientation.from_matrix(*turns.get(frame.rotation, (1, 0, 0, 1)))
    if matrix is None:
        return Orientation()
    a, b, _, c, d = struct.unpack_from("=5i", bytes(matrix))
    return Orientation.from_matrix(a, b, c, d)
