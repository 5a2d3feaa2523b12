"""The decoder that is always there: FFmpeg through PyAV, frame-accurate on every container it reads."""

from __future__ import annotations

import logging
import math
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import dropwhile
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Final, Self, TypeVar

from av.video.frame import PictureType, VideoFrame
from av.video.stream import VideoStream

from video_vlm.errors import UnreadableVideo
from video_vlm.media.clock import PlayerTime
from video_vlm.media.container import bytes_per_pixel, open_decoder
from video_vlm.media.cpu_count import num_cores
from video_vlm.media.damage_log import DamageLog
from video_vlm.media.decode_stream import MOST_THREADS, NO_OPTIONS, DecodeStream, Packets
from video_vlm.media.embedded_subtitles import read_cues
from video_vlm.media.frame_cursor import FrameCursor
from video_vlm.media.gops import GroupsOfPictures
from video_vlm.media.identity import SameContent
from video_vlm.media.packet_table import PacketTable, read_packet_table
from video_vlm.media.packet_times import SeekPoint, seek_points
from video_vlm.media.parallel_decode import MOST_LANES, FrameWork, ParallelDecoder
from video_vlm.media.partial_decode import PartialDecoder
from video_vlm.media.pixel_conversion import PixelConverter
from video_vlm.media.probe import describe
from video_vlm.media.requested_times import TIME_TOLERANCE_SECONDS, ascending
from video_vlm.media.stream_probe import probe_stream
from video_vlm.media.truncation import is_cut_off, lacks_bytes
from video_vlm.media.unread_parts import num_unread_bytes
from video_vlm.records import Damage, Frame, Image, Observation, Video

__all__ = ["PyAVFrame", "PyAVReader"]

logger = logging.getLogger(__name__)

_NEAR_SECONDS = 1.0
"""Frames nearer than this are decoded one after the other; no keyframe between is looked for."""

_EARLY_SECONDS = 1.0

_AHEAD_BYTES = 96 << 20
"""The most bytes of decoded frames that lanes may hold ahead; where a frame is larger than a lane's share,
there are fewer lanes."""

_IN_A_HURRY: Final = {"skip_loop_filter": "noref"}
"""The loop filter is skipped for non-reference frames: decoding takes a tenth less time."""

_SPARSE_SECONDS = 0.2

_HASTY_CODECS: Final = frozenset({"h264", "hevc"})
"""The codecs whose frames show by their type that the filter may have been skipped: non-reference frames are
B-frames, except in rare layered streams."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PyAVFrame:
    """A decoded frame, still in FFmpeg's pixel format; ``pts`` is in ticks."""

    pts: int
    pts_seconds: float
    picture: VideoFrame
    converter: PixelConverter
    in_a_hurry: bool = False

    @property
    def is_keyframe(self) -> bool:
        return bool(self.picture.key_frame)

    @property
    def is_rough(self) -> bool:
        return self.in_a_hurry and self.picture.pict_type == PictureType.B

    def thumbnail(self, width: int) -> Image:
        return self.converter.thumbnail(self.picture, width)

    def grey(self, width: int) -> Image:
        return self.converter.grey(self.picture, width)

    def frame(self, max_side: int | None = None) -> Frame:
        image = self.converter.upright(self.picture, max_side)
        return Frame(self.pts, self.pts_seconds, image, self.is_keyframe)


class PyAVReader:
    """An open video, decoded by FFmpeg.

    Every scan opens the file anew, so scans and look-ups may be interleaved. A file that changes
    while it is read is an error, as its identity would be a lie: :attr:`same_content` tells.

    Args:
        path: The file.
        threads: How many FFmpeg may decode with; None for as many as there are cores.

    Raises:
        UnreadableVideo: the file holds no video that can be decoded.
        RefusedMedia: the file is a list of other files or addresses.
    """

    frame_accurate: ClassVar[bool] = True

    def __init__(self, path: str | Path, *, threads: int | None = None) -> None:
        self._path = Path(path)
        self._threads = threads or num_cores()
        self._same = SameContent(self._path)
        self._found = probe_stream(self._path)
        self._video = describe(self._path, self._found, num_bytes=self._same.state.num_bytes)
        self._ledger = DamageLog()
        self._converter = PixelConverter(
            stored_size=self._found.stored_size,
            pixel_aspect=self._found.pixel_aspect,
            orientation=self._found.orientation,
            colours=self._found.colours,
        )

    @property
    def video(self) -> Video:
        return self._video

    @property
    def damage(self) -> Sequence[Damage]:
        return self._ledger.damage

    @property
    def same_content(self) -> SameContent:
        """Compares the file with the bytes it held when it was opened."""
        return self._same

    @property
    def packets_end_seconds(self) -> float | None:
        """When the last packet says that its frame ends; None where it was not looked for."""
        return None if self._found.end_pts is None else self._found.seconds(self._found.end_pts)

    def scan(self, start_seconds: float | None = None) -> Iterator[PyAVFrame]:
        first = None if start_seconds is None else self._first_pts(start_seconds)
        return self._played(first, is_rest=start_seconds is not None)

    def scan_with(self, work: FrameWork[T], start_seconds: float | None = None) -> Generator[T, None, None]:
        first = None if start_seconds is None else self._first_pts(start_seconds)
        if self._num_lanes == 1 or not self._clock_is_plain:
            yield from work(self._played(first, is_rest=start_seconds is not None, in_a_hurry=True))
            return
        tape = self._tape()
        threads = min(self._threads // self._num_lanes, MOST_THREADS)
        # Before the tape is opened: either holds a table of all packets meanwhile.
        decoders = [
            open_decoder(self._path, self._found.stream, threads=threads, **self._hurry)
            for _ in range(self._num_lanes)
        ]
        lanes = ParallelDecoder(
            decoders.pop,
            lambda pts, frame: self._frame((pts, frame), in_a_hurry=True),
            work,
            num_lanes=self._num_lanes,
            num_pictures=max(1, _AHEAD_BYTES // self._frame_bytes),
            first_pts=-math.inf if first is None else first,
        )
        with closing(tape):
            yield from lanes.run(GroupsOfPictures(tape.packets_from(-math.inf if first is None else first)))
        last = lanes.last_shown
        if not lanes.is_whole:
            following = first if last is None or last.pts is None else last.pts + 1
            yield from work(
                self._played(following, is_rest=last is not None or first is not None, in_a_hurry=True)
            )
        elif last is not None and last.pts is not None:
            self._note_end(last.pts, last)

    def _played(self, first: int | None, *, is_rest: bool, in_a_hurry: bool = False) -> Iterator[PyAVFrame]:
        """Every frame from the one at ``first`` on; ``is_rest``: there need not be one."""
        frame = None
        with closing(self._tape(in_a_hurry=in_a_hurry)) as tape:
            frames = tape.play()
            if first is not None:
                frames = dropwhile(lambda each: each[0] < first, tape.play_from(first))
            for one in frames:
                frame = self._frame(one, in_a_hurry=in_a_hurry)
                yield frame
        if frame is not None:
            self._note_end(frame.pts, frame.picture)
        elif not is_rest:
            raise UnreadableVideo(self._path, "not one of its pictures can be decoded; get the file again")

    def frames_at(self, times: Sequence[float], *, max_side: int | None = None) -> Iterator[Frame]:
        wanted = ascending(times)
        shown = None
        with closing(self._tape()) as playing, closing(self._tape()) as spare:
            head: FrameCursor[PyAVFrame] | None = None
            for seconds in wanted:
                pts = self._found.time.last_tick(seconds + TIME_TOLERANCE_SECONDS)
                if head is None:
                    head = FrameCursor(map(self._frame, playing.play_from(pts)))
                elif head.seconds_ahead(seconds) > _NEAR_SECONDS:
                    leap = spare.leap(pts, past=head.pts)
                    if leap is not None:
                        head, playing, spare = FrameCursor(map(self._frame, leap)), spare, playing
                image = head.on_display(pts)
                if image is not None and image.pts != shown:
                    shown = image.pts
                    yield image.frame(max_side)

    @contextmanager
    def packets_from(self, seconds: float) -> Iterator[tuple[VideoStream, PlayerTime, Packets]]:
        """The video stream, what converts its times, and its packets as they are stored, from the keyframe
        shown at or before a time on."""
        with closing(self._tape()) as tape:
            packets = tape.packets_from(self._found.time.last_tick(seconds))
            yield tape.stream, self._found.time, packets

    def packets(self) -> PacketTable:
        """What the packets tell of every frame, with nothing decoded; read once and kept."""
        return self._packets

    def skim(self) -> PartialDecoder[PyAVFrame]:
        """A pass over the file that decodes only the keyframes and stretches that are asked for. A context
        manager."""
        self._check_unchanged()
        self._note_early_end(max(self._packets.seconds, default=0.0) + self._found.frame_seconds)
        return PartialDecoder(
            self._path,
            self._found,
            self._ledger,
            framed=lambda pts, frame: self._frame((pts, frame)),
            threads=min(self._threads, MOST_THREADS),
        )

    def cues(self) -> Iterator[Observation]:
        self._check_unchanged()
        return read_cues(self._path, origin=self._found.time.origin)

    def close(self) -> None:
        """Nothing stays open between scans."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _tape(self, *, in_a_hurry: bool = False) -> DecodeStream:
        self._check_unchanged()
        options = self._hurry if in_a_hurry else NO_OPTIONS
        return DecodeStream(
            self._path,
            self._found,
            self._ledger,
            threads=self._threads,
            options=options,
            landings=lambda: self._landings,
        )

    @cached_property
    def _packets(self) -> PacketTable:
        self._check_unchanged()
        return read_packet_table(self._path, self._found)

    @cached_property
    def _landings(self) -> Sequence[SeekPoint] | None:
        return seek_points(self._path)

    def _frame(self, stamped: tuple[int, VideoFrame], *, in_a_hurry: bool = False) -> PyAVFrame:
        pts, frame = stamped
        return PyAVFrame(
            pts, self._found.seconds(pts), frame, self._converter, in_a_hurry and bool(self._hurry)
        )

    @cached_property
    def _hurry(self) -> Mapping[str, str]:
        """What the decoder may leave out where only thumbnails are made of most frames, and frames are
        not so few that each may be looked at closely."""
        if self._found.frame_seconds > _SPARSE_SECONDS:
            return NO_OPTIONS
        (codec,) = (one.codec for one in self._video.streams if one.index == self._found.stream)
        return _IN_A_HURRY if codec in _HASTY_CODECS else NO_OPTIONS

    def _first_pts(self, seconds: float) -> int:
        """Of the frames at or after a time."""
        return self._found.time.first_tick(seconds - TIME_TOLERANCE_SECONDS)

    @property
    def _num_lanes(self) -> int:
        return max(1, min(self._threads, MOST_LANES, _AHEAD_BYTES // max(1, self._frame_bytes)))

    @property
    def _clock_is_plain(self) -> bool:
        """Whether every frame's own time is the one it is stamped with."""
        return self._found.num_undated == 0 and self._found.first_pts == self._found.dated_pts

    @property
    def _frame_bytes(self) -> int:
        width, height = self._found.stored_size
        codec = next((one.codec for one in self.video.streams if one.index == self._found.stream), "")
        return int(width * height * bytes_per_pixel(codec))

    def _note_end(self, pts: int, last: VideoFrame) -> None:
        ticks = last.duration or self._found.frame_ticks
        self._note_early_end(self._found.seconds(pts) + float(ticks * self._found.time_base))

    def _note_early_end(self, end: float) -> None:
        """The header may promise more than there is; a little more is nothing."""
        promised = self._video.span.end
        tolerance = max(_EARLY_SECONDS, 3 * self._found.frame_seconds)
        if self._joined_behind:
            self._ledger.note(end, end, self._joined_behind)
            return
        is_early = promised - end > tolerance and is_cut_off(
            self._path, self._found, end_pts=self._first_pts(end), tolerance_seconds=tolerance
        )
        if is_early or lacks_bytes(self._path):
            self._ledger.note(
                end, max(end, promised), "the file ends early: its header promises more, it was cut off"
            )

    @cached_property
    def _joined_behind(self) -> str:
        """What is to be said of a recording that FFmpeg does not go on to."""
        num_bytes = num_unread_bytes(self._path)
        if not num_bytes:
            return ""
        said = f"another recording is joined behind it, {num_bytes:,} bytes, which is not read: give it as a file"
        logger.warning("%s: %s", self._path, said)
        return said

    def _check_unchanged(self) -> None:
        self._same.glance(self._video.content_id)
