"""Cheap tests of a picture: whether it may hold text, and whether anything changed.

Both are cheap (about a millisecond for 720p) next to reading. The first gate is deliberately wide: text
that is faint, tiny or huge must pass, so only flat and soft pictures are turned away; what it lets
through meets the text detector on a small copy, which is the finer gate (:mod:`text_reader`).
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from video_vlm.records import Image

__all__ = ["Gray", "differs", "gray_of", "may_hold_text"]

Gray = npt.NDArray[np.uint8]
"""A picture in grey: ``(height, width)``, uint8."""

_GATE_SIDE = 640
_FAINTEST_STROKE = 8
"""Grey levels between a stroke and its ground; below this lies what video coding adds by itself."""
_STROKE_WINDOW = (24, 8)
"""Width and height, in pixels of the small picture, of about one short word."""
_FEWEST_STROKES = 0.25
"""Share of a window's pixels that lie on an edge, in the window that has most of them."""
_SMALLEST_CHANGE = 14.0
"""Grey levels, averaged over 5x5 pixels: a thin character on a terminal changes more, coding noise less."""


def gray_of(image: Image) -> Gray:
    """``(height, width, 3)`` RGB to ``(height, width)``."""
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), dtype=np.uint8)


def may_hold_text(gray: Gray) -> bool:
    """Whether any part of a grey picture ``(height, width)`` is fine enough to be a word; False is
    certain."""
    scale = min(1.0, _GATE_SIDE / max(gray.shape))
    small = cv2.resize(gray, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else gray
    edges = cv2.morphologyEx(small, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) >= _FAINTEST_STROKE
    strokes = cv2.blur(edges.astype(np.float32), _STROKE_WINDOW)
    return bool(strokes.max(initial=0.0) >= _FEWEST_STROKES)


def differs(before: Gray, now: Gray) -> bool:
    """Whether two pictures (or the same place in both) show different things, coding noise aside."""
    if before.shape != now.shape:
        return True
    if before.size == 0:
        return False
    change = cv2.blur(cv2.absdiff(before, now).astype(np.float32), (5, 5))
    return bool(change.max() >= _SMALLEST_CHANGE)
