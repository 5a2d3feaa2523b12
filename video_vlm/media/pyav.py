"""The decoder that is always there: FFmpeg through PyAV, frame-accurate on every container it reads."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from itertools import dropwhile
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

from av.video.frame import VideoFrame

from video_vlm.errors import UnreadableVideo
from video_vlm.media.convert import Converter
from video_vlm.media.cores import num_cores
from video_vlm.media.cues import read_cues
from video_vlm.media.ledger import Ledger
from video_vlm.media.playhead import Playhead
from video_vlm.media.probe import describe
from video_vlm.media.survey import survey
from video_vlm.media.tape import Tape
from video_vlm.media.times import TIME_TOLERANCE_SECONDS, ascending
from video_vlm.media.timetable import steady_clock
from video_vlm.records import Damage, Frame, Image, Observation, Video

__all__ = ["PyAVFrame", "PyAVReader"]

_NEAR_SECONDS = 1.0
"""Less than this ahead is decoded through without asking whether a keyframe lies between."""

_EARLY_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class PyAVFrame:
    """A decoded picture, still as FFmpeg holds it."""

    pts: int
    pts_seconds: float
    picture: VideoFrame
    converter: Converter

    @property
    def is_keyframe(self) -> bool:
        return bool(self.picture.key_frame)

    def thumbnail(self, width: int) -> Image:
        return self.converter.thumbnail(self.picture, width)

    def frame(self, max_side: int | None = None) -> Frame:
        image = self.converter.upright(self.picture, max_side)
        return Frame(self.pts, self.pts_seconds, image, self.is_keyframe)


class PyAVReader:
    """An open video, decoded by FFmpeg.

    Every scan opens the file anew, so scans and look-ups may be interleaved. A file that changes
    while it is read is an error, as its identity would be a lie.

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
        self._found = survey(self._path)
        self._state = self._file_state()
        self._video = describe(self._path, self._found)
        self._ledger = Ledger()
        self._converter = Converter(
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

    def scan(self, start_seconds: float | None = None) -> Iterator[PyAVFrame]:
        picture = None
        with closing(self._tape()) as tape:
            if start_seconds is None:
                pictures = tape.play()
            else:
                first = math.ceil((start_seconds - TIME_TOLERANCE_SECONDS) / self._found.time_base)
                pictures = dropwhile(lambda each: each[0] < first, self._play_from(tape, first))
            for picture in map(self._frame, pictures):
                yield picture
        if picture is not None:
            self._note_early_end(picture)
        elif start_seconds is None:
            raise UnreadableVideo(self._path, "not one of its pictures can be decoded; get the file again")

    def frames_at(self, times: Sequence[float], *, max_side: int | None = None) -> Iterator[Frame]:
        wanted = ascending(times)
        shown = None
        with closing(self._tape()) as playing, closing(self._tape()) as spare:
            head: Playhead[PyAVFrame] | None = None
            for seconds in wanted:
                pts = math.floor((seconds + TIME_TOLERANCE_SECONDS) / self._found.time_base)
                if head is None:
                    head = Playhead(map(self._frame, self._play_from(playing, pts)))
                elif head.seconds_ahead(seconds) > _NEAR_SECONDS and self._clock_is_steady:
                    leap = spare.leap(pts, past=head.pts)
                    if leap is not None:
                        head, playing, spare = Playhead(map(self._frame, leap)), spare, playing
                picture = head.on_display(pts)
                if picture is not None and picture.pts != shown:
                    shown = picture.pts
                    yield picture.frame(max_side)

    def cues(self) -> Iterator[Observation]:
        self._check_unchanged()
        return read_cues(self._path)

    def close(self) -> None:
        """Nothing stays open between scans."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _tape(self) -> Tape:
        self._check_unchanged()
        return Tape(self._path, self._found, self._ledger, threads=self._threads)

    def _play_from(self, tape: Tape, pts: int) -> Iterator[tuple[int, VideoFrame]]:
        return tape.play_from(pts) if self._clock_is_steady else tape.play()

    @cached_property
    def _clock_is_steady(self) -> bool:
        return steady_clock(self._path)

    def _frame(self, stamped: tuple[int, VideoFrame]) -> PyAVFrame:
        pts, picture = stamped
        return PyAVFrame(pts, self._found.seconds(pts), picture, self._converter)

    def _note_early_end(self, last: PyAVFrame) -> None:
        """The header may promise more than there is; a little more is nothing."""
        ticks = last.picture.duration or self._found.frame_ticks
        end = last.pts_seconds + float(ticks * self._found.time_base)
        promised = self._video.span.end
        if promised - end > max(_EARLY_SECONDS, 3 * self._found.frame_seconds):
            self._ledger.note(end, promised, "the file ends early: its header promises more, it was cut off")

    def _file_state(self) -> tuple[int, int]:
        state = self._path.stat()
        return state.st_size, state.st_mtime_ns

    def _check_unchanged(self) -> None:
        if not self._path.exists() or self._file_state() != self._state:
            raise UnreadableVideo(self._path, "the file changed while it was being read; open it again when it is done")
