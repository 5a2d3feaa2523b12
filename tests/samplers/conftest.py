"""Decoded pictures without a decoder."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import pytest

from video_vlm.protocols import DecodedFrame
from video_vlm.records import Frame, Image

BLOCK_SIZE = 20


@dataclass(frozen=True)
class Picture:
    """A ``DecodedFrame`` made from an array."""

    pts_seconds: float
    image: Image
    is_keyframe: bool = False
    is_rough: bool = False

    @property
    def pts(self) -> int:
        return round(self.pts_seconds * 1000)

    def thumbnail(self, width: int) -> Image:
        full_height, full_width = self.image.shape[:2]
        width = min(width, full_width)
        size = (width, max(1, round(full_height * width / full_width)))
        return np.asarray(cv2.resize(self.image, size, interpolation=cv2.INTER_AREA), np.uint8)

    def grey(self, width: int) -> Image:
        return np.asarray(cv2.cvtColor(self.thumbnail(width), cv2.COLOR_RGB2GRAY), np.uint8)

    def frame(self, max_side: int | None = None) -> Frame:
        return Frame(self.pts, self.pts_seconds, self.image)


@pytest.fixture(scope="session")
def stream() -> Callable[..., Sequence[DecodedFrame]]:
    """``stream(images, start=0.0, fps=25.0)``: the pictures a decoder would give."""

    def make(images: Iterable[Image], *, start: float = 0.0, fps: float = 25.0) -> Sequence[DecodedFrame]:
        return [Picture(start + index / fps, image) for index, image in enumerate(images)]

    return make


@pytest.fixture(scope="session")
def blocks() -> Callable[[int], Image]:
    """``blocks(seed)``: a 160 x 120 picture of coloured blocks; another seed, other colours."""

    def make(seed: int) -> Image:
        colours = np.random.default_rng(seed).integers(40, 255, (6, 8, 3)).astype(np.uint8)
        return np.asarray(np.kron(colours, np.ones((BLOCK_SIZE, BLOCK_SIZE, 1))), np.uint8)

    return make
