"""Decoders that give frames by number, with the interface of the PyAV reader.

Such libraries shift, round or drop time. Here they are only asked for frame *n*; when it is shown
comes from the container, so that every backend keeps the one clock.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from math import inf
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Self

import cv2
import numpy as np
from av.stream import Disposition

from video_vlm.errors import UnreadableVideo
from video_vlm.media.container import MAX_PIXELS, open_container, watch_only
from video_vlm.media.damage_log import DamageLog
from video_vlm.media.embedded_subtitles import read_cues
from video_vlm.media.geometry import displayed_size, fit
from video_vlm.media.packet_times import read_packet_times
from video_vlm.media.probe import describe
from video_vlm.media.requested_times import TIME_TOLERANCE_SECONDS, ascending
from video_vlm.media.stream_probe import StreamProbe, probe_stream
from video_vlm.records import Damage, Frame, Image, Observation, Video

__all__ = ["IndexedFrame", "IndexedReader"]


@dataclass(frozen=True, slots=True)
class IndexedFrame:
    """A frame that the library has already converted: RGB, turned, pixels as stored."""

    pts: int
    pts_seconds: float
    is_keyframe: bool
    turned: Image
    found: StreamProbe
    is_rough: ClassVar[bool] = False

    def thumbnail(self, width: int) -> Image:
        if width < 1:
            raise ValueError(f"a thumbnail must be at least 1 pixel wide, got {width}")
        stored_width, stored_height = self.found.stored_size
        width = min(width, stored_width)
        size = width, max(1, round(stored_height * width / stored_width))
        return _resized(self.found.orientation.undo(self.turned), size)

    def grey(self, width: int) -> Image:
        return np.asarray(cv2.cvtColor(self.thumbnail(width), cv2.COLOR_RGB2GRAY), np.uint8)

    def frame(self, max_side: int | None = None) -> Frame:
        orientation = self.found.orientation
        height, width = self.turned.shape[:2]
        stored = (height, width) if orientation.transposed else (width, height)
        size = displayed_size(*stored, self.found.pixel_aspect)
        image = _resized(self.turned, fit(size[::-1] if orientation.transposed else size, max_side))
        return Frame(self.pts, self.pts_seconds, image, self.is_keyframe)


def _resized(image: Image, size: tuple[int, int]) -> Image:
    height, width = image.shape[:2]
    if (width, height) == size:
        return np.ascontiguousarray(image)
    method = cv2.INTER_AREA if size[0] * size[1] < width * height else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(image, size, interpolation=method), dtype=np.uint8)


def covers_are_too_large(path: Path) -> bool:
    """Whether a picture that is attached to a file has more pixels than may be decoded, or does not say how
    many."""
    with open_container(path) as container:
        covers = [
            stream for stream in container.streams.video if stream.disposition & Disposition.attached_pic
        ]
        watch_only(container, *(stream.index for stream in covers))
        packets = container.demux(*covers) if covers else ()
        return any(_pixels(bytes(packet)) > MAX_PIXELS for packet in packets if packet.size)


def _pixels(frame: bytes) -> float:
    """By its header alone."""
    from PIL import Image as Pillow

    try:
        with Pillow.open(BytesIO(frame)) as opened:
            return opened.width * opened.height
    except (OSError, ValueError, SyntaxError, Pillow.DecompressionBombError):
        return inf


class IndexedReader(ABC):
    """An open video whose frames a library fetches by number.

    Args:
        path: The file.
        threads: How many the library may use; None leaves it to the library.

    Raises:
        UnreadableVideo: the file holds no video that can be decoded, or this library cannot be
            trusted with it: it mirrors frames, lacks time stamps, or the library counts otherwise.
        RefusedMedia: the file is a list of other files or addresses.
    """

    library: ClassVar[str]
    frame_accurate: ClassVar[bool]

    def __init__(self, path: str | Path, *, threads: int | None = None) -> None:
        self._path = Path(path)
        self._threads = threads
        self._found = probe_stream(self._path)
        self._video = describe(self._path, self._found)
        self._times = read_packet_times(self._path, self._found)
        self._ledger = DamageLog()
        if self._found.orientation.reflected:
            raise self._unfit("mirrored pictures")
        if covers_are_too_large(self._path):
            raise self._unfit("it would decode a cover picture that is too large")
        self._decoder: Any = self._open_decoder()
        if len(self._times) != len(self._decoder):
            raise self._unfit(
                f"it counts {len(self._decoder)} pictures where the container dates {len(self._times)}"
            )

    @abstractmethod
    def _open_decoder(self) -> Any:
        """The library's decoder, whose ``len`` is its number of frames; :class:`UnreadableVideo` where it
        fails."""

    @abstractmethod
    def _fetch(self, index: int) -> Image:
        """Frame ``index`` in order of display; :class:`UnreadableVideo` where it cannot be decoded."""

    def _unfit(self, why: str) -> UnreadableVideo:
        return UnreadableVideo(
            self._path, f"the {self.library} decoder cannot be trusted here ({why}); use pyav"
        )

    @property
    def video(self) -> Video:
        return self._video

    @property
    def damage(self) -> Sequence[Damage]:
        return self._ledger.damage

    def scan(self, start_seconds: float | None = None) -> Iterator[IndexedFrame]:
        start = 0
        if start_seconds is not None:
            start = bisect_left(self._times.seconds, start_seconds - TIME_TOLERANCE_SECONDS)
        decoded = False
        for index in range(start, len(self._times)):
            frame = self._frame(index)
            if frame is not None:
                decoded = True
                yield frame
        if not decoded and start_seconds is None:
            raise UnreadableVideo(self._path, f"{self.library} decodes not one of its pictures; use pyav")

    def frames_at(self, times: Sequence[float], *, max_side: int | None = None) -> Iterator[Frame]:
        shown = None
        for seconds in ascending(times):
            index = max(0, bisect_right(self._times.seconds, seconds + TIME_TOLERANCE_SECONDS) - 1)
            if index != shown:
                shown = index
                frame = self._frame(index)
                if frame is not None:
                    yield frame.frame(max_side)

    def cues(self) -> Iterator[Observation]:
        return read_cues(self._path, origin=self._found.time.origin)

    def close(self) -> None:
        """Releases the library's decoder; the reader decodes no more."""
        self._decoder = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _frame(self, index: int) -> IndexedFrame | None:
        seconds = self._times.seconds[index]
        try:
            image = self._fetch(index)
            if image.ndim != 3 or image.shape[2] != 3:
                raise self._unfit(f"a picture of shape {image.shape}")
        except UnreadableVideo as error:
            self._ledger.note(seconds, seconds + self._found.frame_seconds, error.reason)
            return None
        pts = self._times.pts[index]
        return IndexedFrame(pts, seconds, pts in self._times.keyframes, image, self._found)
