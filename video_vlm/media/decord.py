"""The decoder of older projects, by name only: ``open_video(path, decoder="decord")``."""

from __future__ import annotations

from typing import Any

import numpy as np

from video_vlm.errors import MissingExtra, UnreadableVideo
from video_vlm.media.indexed_decoder import IndexedReader
from video_vlm.records import Image

__all__ = ["DecordReader"]


def _library() -> Any:
    try:
        import decord
    except ImportError as error:
        raise MissingExtra("decoding with decord", "decord") from error
    decord.logging.set_level(decord.logging.QUIET)
    return decord


class DecordReader(IndexedReader):
    """Not frame-accurate: on damaged files, open GOPs and edit lists frame *n* may be another one.

    Its last release (0.6.0, FFmpeg 4.1) reads neither AV1 nor GIF nor transport streams reliably.
    It converts every frame at full size.
    """

    library = "decord"
    frame_accurate = False

    def _open_decoder(self) -> Any:
        decord = _library()
        try:
            return decord.VideoReader(
                str(self._path.absolute()), ctx=decord.cpu(0), num_threads=self._threads or 0
            )
        except (RuntimeError, decord.DECORDError) as error:
            raise UnreadableVideo(self._path, "decord cannot open this file; use pyav") from error

    def _fetch(self, index: int) -> Image:
        try:
            frame = self._decoder[index]
        except (RuntimeError, IndexError, _library().DECORDError) as error:
            raise UnreadableVideo(self._path, "decord could not decode pictures") from error
        return np.ascontiguousarray(frame.asnumpy())
