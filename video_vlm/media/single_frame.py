"""One frame: from a picture file, or from a video at a time."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np

from video_vlm.errors import MediaError
from video_vlm.media import open_video
from video_vlm.records import Image, clock

__all__ = ["frame_at", "read_image"]

_FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "PPM")
"""None of those that are read by another program."""

_MOST_PIXELS = 52_000_000
"""What the cameras of telephones give; larger ones are traps of some kilobytes that ask for gigabytes."""

_ENOUGH = 4_096
"""A JPEG with larger sides is decoded at a half, a quarter or an eighth of its size, but no smaller than
this."""


def read_image(path: Path) -> Image:
    """A picture file as RGB ``(height, width, 3)`` uint8, rotated as its EXIF data says.

    Raises:
        MediaError: it is no picture, a damaged one, or one so large that it must be a trap.
    """
    from PIL import Image as Pillow
    from PIL import ImageOps

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Pillow.DecompressionBombWarning)
            with Pillow.open(path, formats=_FORMATS) as opened:
                if opened.width * opened.height > _MOST_PIXELS:
                    raise MediaError(
                        path, f"a picture of {opened.width}x{opened.height} is too large; scale it down"
                    )
                opened.draft("RGB", (_ENOUGH, _ENOUGH))
                return np.asarray(ImageOps.exif_transpose(opened).convert("RGB"), np.uint8)
    except (
        OSError,
        ValueError,
        SyntaxError,
        Pillow.DecompressionBombError,
        Pillow.DecompressionBombWarning,
    ) as error:
        raise MediaError(path, f"cannot be read as a picture: {' '.join(str(error).split())}") from error


def frame_at(path: Path, seconds: float, *, max_side: int | None = None, decoder: str = "pyav") -> Image:
    """The frame on display at a time in player's seconds, RGB ``(height, width, 3)``; no side is above
    ``max_side`` pixels.

    Raises:
        MediaError: the file is no video, nothing is shown then, or nothing can be decoded there.
    """
    with open_video(path, decoder=decoder) as reader:
        # What the container says of its length may be wrong: frames decide.
        span = reader.video.span
        if not span.contains(seconds) and next(iter(reader.scan(max(seconds, 0.0))), None) is None:
            raise MediaError(path, f"shows nothing at {clock(seconds)}; it goes from {span}")
        frame = next(iter(reader.frames_at([seconds], max_side=max_side)), None)
    if frame is None:
        raise MediaError(path, f"nothing can be decoded at {clock(seconds)}")
    return frame.image
