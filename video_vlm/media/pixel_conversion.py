"""From a decoded frame to RGB, at the size that is asked for."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, Self

import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter

from video_vlm.media.geometry import Orientation, displayed_size, fit
from video_vlm.records import Image

__all__ = ["ColorConversion", "PixelConverter"]

_Pixels = Literal["rgb24", "gray"]

_UNSPECIFIED = 2
_SMPTE170M = 6
_MATRICES = {1, 4, 5, 7, 9}
"""Those of ITU-T H.273 that PyAV hands on to swscale: BT.709, FCC, BT.601, SMPTE 240M, BT.2020."""


@dataclass(frozen=True, slots=True)
class ColorConversion:
    """How stored numbers become colours; None leaves it to the frame.

    Taken from the first frame for the whole video: where later ones carry no tags, FFmpeg's
    decoders keep those of whatever was decoded before, and a frame that was sought would differ
    from the same frame reached by playing.
    """

    matrix: int | None = None
    range: int | None = None

    @classmethod
    def of(cls, frame: VideoFrame) -> Self:
        if frame.format.is_rgb or len(frame.format.components) < 3:
            return cls()
        matrix = (
            Colorspace.ITU601.value if frame.colorspace in (_UNSPECIFIED, _SMPTE170M) else frame.colorspace
        )
        full = ColorRange.JPEG.value if frame.format.name.startswith("yuvj") else ColorRange.MPEG.value
        return cls(matrix if matrix in _MATRICES else None, frame.color_range or full)


class _Scalers(threading.local):
    """FFmpeg's set-ups for scaling; one is never used by two threads."""

    def __init__(self) -> None:
        self.thumbnails: dict[tuple[int, _Pixels], VideoReformatter] = {}
        self.upright = VideoReformatter()


class PixelConverter:
    """Scales and converts in one step of FFmpeg's swscale; keeps its set-up from frame to frame.
    Thread-safe.

    Args:
        stored_size: ``(width, height)`` of the first frame: thumbnails keep its proportions even
            where the video changes size on the way, so that neighbours can be compared.
        pixel_aspect: Width of a stored pixel over its height.
        orientation: How the frame is to be laid down.
        colours: How its numbers become colours.
    """

    def __init__(
        self,
        *,
        stored_size: tuple[int, int],
        pixel_aspect: Fraction | None,
        orientation: Orientation,
        colours: ColorConversion,
    ) -> None:
        self._stored_size = stored_size
        self._pixel_aspect = pixel_aspect
        self._orientation = orientation
        self._colours = colours
        self._scalers = _Scalers()

    def thumbnail(self, frame: VideoFrame, width: int) -> Image:
        """The frame as stored, not rotated, ``(height, width, 3)``, ``width`` pixels wide at most; averaged
        over areas, so that grain does not flicker.

        Raises:
            ValueError: ``width`` is below 1 pixel.
        """
        return self._small(frame, width, "rgb24")

    def grey(self, frame: VideoFrame, width: int) -> Image:
        """A thumbnail without colours, ``(height, width)``."""
        return self._small(frame, width, "gray")

    def _small(self, frame: VideoFrame, width: int, pixels: _Pixels) -> Image:
        if width < 1:
            raise ValueError(f"a thumbnail must be at least 1 pixel wide, got {width}")
        stored_width, stored_height = self._stored_size
        width = min(width, stored_width)
        size = width, max(1, round(stored_height * width / stored_width))
        scaler = self._scalers.thumbnails.setdefault((width, pixels), VideoReformatter())
        return self._converted(scaler, frame, size, Interpolation.AREA, pixels)

    def upright(self, frame: VideoFrame, max_side: int | None) -> Image:
        """As displayed: square pixels, turned, no side above ``max_side``."""
        size = fit(displayed_size(frame.width, frame.height, self._pixel_aspect), max_side)
        smaller = size[0] * size[1] < frame.width * frame.height
        method = Interpolation.AREA if smaller else Interpolation.BICUBIC
        return self._orientation.apply(self._converted(self._scalers.upright, frame, size, method, "rgb24"))

    def _converted(
        self,
        reformatter: VideoReformatter,
        frame: VideoFrame,
        size: tuple[int, int],
        method: Interpolation,
        pixels: _Pixels,
    ) -> Image:
        converted = reformatter.reformat(
            frame,
            width=size[0],
            height=size[1],
            format=pixels,
            interpolation=method,
            src_colorspace=self._colours.matrix,
            src_color_range=self._colours.range,
            threads=1,  # waking others costs more than a small frame does
        )
        return _pixels(converted, 3 if pixels == "rgb24" else 1)


def _pixels(frame: VideoFrame, channels: int) -> Image:
    """The numbers of a frame whose channels lie side by side, ``(height, width[, channels])``: as
    ``to_ndarray`` has them, at a fraction of what it costs."""
    plane = frame.planes[0]
    numbers = np.frombuffer(plane, np.uint8)  # type: ignore[call-overload]  # PyAV's stubs know no buffers
    lines = numbers.reshape(plane.height, plane.line_size)[:, : plane.width * channels]
    whole: Image = np.ascontiguousarray(lines)
    return whole if channels == 1 else whole.reshape(plane.height, plane.width, channels)
