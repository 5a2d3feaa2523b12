"""From the frame as stored to the frame as displayed: pixel aspect, turning, mirroring."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from video_vlm.records import Image

__all__ = ["Orientation", "displayed_size", "fit"]


@dataclass(frozen=True, slots=True)
class Orientation:
    """One of the eight orientations of a frame: first transposed, then mirrored."""

    transposed: bool = False
    mirrored_x: bool = False
    mirrored_y: bool = False

    @classmethod
    def from_matrix(cls, a: int, b: int, c: int, d: int) -> Orientation:
        """From a display matrix ``[a b u; c d v; x y w]``, rounded to right angles.

        It sends the stored pixel ``(x, y)`` to ``(a x + c y, b x + d y)`` (ISO/IEC 14496-12, 6.2.2).
        """
        if abs(a) + abs(d) >= abs(b) + abs(c):
            return cls(mirrored_x=a < 0, mirrored_y=d < 0)
        return cls(transposed=True, mirrored_x=c < 0, mirrored_y=b < 0)

    @property
    def rotation(self) -> int:
        """The clockwise turn in degrees; the mirroring of a frame that is also mirrored is left out."""
        if self.transposed:
            return 270 if self.mirrored_y else 90
        return 180 if self.mirrored_x and self.mirrored_y else 0

    @property
    def reflected(self) -> bool:
        """Whether the frame is mirrored, which no rotation can do."""
        return self.transposed ^ self.mirrored_x ^ self.mirrored_y

    def apply(self, image: Image) -> Image:
        """The frame in this orientation, ``(height, width, 3)``, contiguous."""
        if self.transposed:
            image = image.transpose(1, 0, 2)
        return np.ascontiguousarray(image[:: -1 if self.mirrored_y else 1, :: -1 if self.mirrored_x else 1])

    def undo(self, image: Image) -> Image:
        """The frame as stored, ``(height, width, 3)``, from one in this orientation."""
        image = image[:: -1 if self.mirrored_y else 1, :: -1 if self.mirrored_x else 1]
        return np.ascontiguousarray(image.transpose(1, 0, 2) if self.transposed else image)


def displayed_size(width: int, height: int, pixel_aspect: Fraction | None) -> tuple[int, int]:
    """``(width, height)`` with square pixels, before turning.

    An aspect within one per cent of square is a rounding artefact of the encoder, and is ignored.
    """
    if not pixel_aspect or pixel_aspect <= 0 or abs(pixel_aspect - 1) < Fraction(1, 100):
        return width, height
    return max(1, round(width * pixel_aspect)), height


def fit(size: tuple[int, int], max_side: int | None) -> tuple[int, int]:
    """A ``(width, height)`` in pixels scaled down, never up, so that no side exceeds ``max_side``; at least 1
    x 1.

    Raises:
        ValueError: ``max_side`` is below 1 pixel.
    """
    longest = max(size)
    if max_side is None or longest <= max_side:
        return size
    if max_side < 1:
        raise ValueError(f"max_side must be at least 1 pixel, got {max_side}")
    return max(1, round(size[0] * max_side / longest)), max(1, round(size[1] * max_side / longest))
