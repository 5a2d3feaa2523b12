"""Reads the text in a picture: lines are detected at a coarse size, and at full size where they are small."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from video_vlm.perception.text_change import Gray, differs, gray_of, may_hold_text
from video_vlm.perception.text_engine import Quad, TextEngine
from video_vlm.perception.text_rows import Box, TextRow, legible, rows_of, tidy
from video_vlm.records import Image
from video_vlm.settings import ScreenTextSettings

__all__ = ["ReadFrame", "ScreenTextReader"]

_COARSE_SIDE = 640
"""Detecting at this size costs 25 to 40 ms on two cores, and no text of the test films is missed by it."""
_MAX_ENLARGEMENT = 2.0
_SMALL_LINE = 20.0
"""Lines lower than this in the coarse picture are looked for again in the full one: words fall apart
there."""
_TINY_LINE = 16
"""Of lines this low, a pixel more on each side is read better: the detector's boxes cut into the letters."""
_TITLE_HEIGHT = 0.12
_TITLE_CUTS = (0.45, 0.5, 0.55, 0.6)
_SURE = 0.95


@dataclass(frozen=True, slots=True, eq=False)
class ReadFrame:
    """A picture in grey and the pieces of text read from it, in its pixels."""

    picture: Gray
    pieces: tuple[TextRow, ...] = ()

    @property
    def rows(self) -> tuple[TextRow, ...]:
        """The rows of text from top to bottom; boxes as shares of the picture, in [0, 1]."""
        height, width = self.picture.shape
        return tuple(
            replace(
                row, box=(row.box[0] / width, row.box[1] / height, row.box[2] / width, row.box[3] / height)
            )
            for row in rows_of(self.pieces)
        )


class ScreenTextReader:
    """Reads the text in pictures, one at a time; places that did not change since the picture before are not
    read again.

    Raises:
        MissingExtra: RapidOCR or ONNX Runtime is not installed.
    """

    def __init__(self, settings: ScreenTextSettings) -> None:
        self._settings = settings
        self._engine = TextEngine()

    @property
    def engine(self) -> str:
        """The name and version of the OCR engine: another version has other models."""
        return self._engine.name

    def read(self, image: Image) -> tuple[TextRow, ...]:
        """The rows of text in one RGB picture ``(height, width, 3)``, from top to bottom; boxes as shares of
        it, in [0, 1]."""
        return self.look(image).rows

    def look(self, image: Image, *, after: ReadFrame | None = None) -> ReadFrame:
        """Reads an RGB picture ``(height, width, 3)``; ``after`` is the one read before it in the same
        segment, if any."""
        image = _scaled(image, min(1.0, self._settings.max_side / max(image.shape[:2])))
        gray = gray_of(image)
        if after is not None and not differs(after.picture, gray):
            return after
        if not may_hold_text(gray):
            return ReadFrame(gray)
        return ReadFrame(gray, tuple(self._pieces(image, gray, after)))

    def _pieces(self, image: Image, gray: Gray, after: ReadFrame | None) -> Iterator[TextRow]:
        for quad in self._detect(image):
            height, width = gray.shape[:2]
            left, top = np.floor(np.clip(quad.min(axis=0), 0, (width - 1, height - 1)))
            right, bottom = np.ceil(np.clip(quad.max(axis=0), (left + 1, top + 1), (width, height)))
            box = float(left), float(top), float(right), float(bottom)
            piece = _unchanged(box, gray, after) or self._recognise(image, quad, box)
            if legible(piece.text, piece.confidence, min_confidence=self._settings.min_confidence):
                yield piece

    def _detect(self, image: Image) -> Sequence[Quad]:
        side = max(image.shape[:2])
        scale = min(_COARSE_SIDE / side, _MAX_ENLARGEMENT)
        coarse = self._engine.detect(_scaled(image, scale))
        quads = [quad / np.float32(scale) for quad in coarse]
        if scale < 1 and quads and np.quantile([_line_height(quad) for quad in coarse], 0.25) < _SMALL_LINE:
            fine = self._engine.detect(image)
            return [*fine, *(quad for quad in quads if not any(_covers(other, quad) for other in fine))]
        return quads

    def _recognise(self, image: Image, quad: Quad, box: Box) -> TextRow:
        # A plain cut where the line is level, straightened where it leans.
        left, top, right, bottom = (int(edge) for edge in box)
        leaning = max(abs(quad[0][1] - quad[1][1]), abs(quad[0][0] - quad[3][0])) > 0.15 * _line_height(quad)
        margin = 1 if bottom - top < _TINY_LINE else 0
        level = image[max(0, top - margin) : bottom + margin, max(0, left - margin) : right + margin]
        line = _straightened(image, quad) if leaning else level
        line = np.rot90(line) if line.shape[0] >= 1.5 * line.shape[1] else line
        text, confidence = self._engine.recognise(line)
        height, width = line.shape[:2]
        is_title = height > _TITLE_HEIGHT * image.shape[0] and width < 4 * height
        if _num_letters(text) >= 3 and is_title and 0.5 <= confidence < _SURE:
            text, confidence = max([(text, confidence), *self._stacked(line)], key=lambda reading: reading[1])
        return TextRow(tidy(text), confidence, box)

    def _stacked(self, block: Image) -> Iterator[tuple[str, float]]:
        """A title of two interlocked lines is one box to the detector and nonsense to the recogniser:
        read an upper and a lower part instead, cut at several heights."""
        height, width = block.shape[:2]
        inner = block[height // 25 : height - height // 25, width // 50 : width - width // 50]
        for cut in _TITLE_CUTS:
            at = round(inner.shape[0] * cut)
            upper, upper_confidence = self._engine.recognise(inner[:at])
            lower, lower_confidence = self._engine.recognise(inner[at:])
            if min(_num_letters(upper), _num_letters(lower)) >= 3:
                yield f"{_spaced(upper)} {_spaced(lower)}", (upper_confidence + lower_confidence) / 2


def _scaled(image: Image, scale: float) -> Image:
    if scale == 1:
        return image
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
    return np.asarray(cv2.resize(image, size, interpolation=method), dtype=np.uint8)


def _line_height(quad: Quad) -> float:
    """The shorter side: text runs along the longer one."""
    return float(min(np.linalg.norm(quad[0] - quad[3]), np.linalg.norm(quad[0] - quad[1])))


def _covers(quad: Quad, other: Quad) -> bool:
    """Whether two boxes share enough to be the same text."""
    shared = np.minimum(quad.max(axis=0), other.max(axis=0)) - np.maximum(quad.min(axis=0), other.min(axis=0))
    smaller = min(float(np.prod(np.ptp(box, axis=0))) for box in (quad, other))
    return bool((shared > 0).all()) and float(shared.prod()) > 0.2 * smaller


def _straightened(image: Image, quad: Quad) -> Image:
    width = max(1, round(float(max(np.linalg.norm(quad[0] - quad[1]), np.linalg.norm(quad[3] - quad[2])))))
    height = max(1, round(float(max(np.linalg.norm(quad[0] - quad[3]), np.linalg.norm(quad[1] - quad[2])))))
    level = np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=np.float32)
    warp = cv2.getPerspectiveTransform(np.ascontiguousarray(quad), level)
    line = cv2.warpPerspective(
        image, warp, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(line, dtype=np.uint8)


def _unchanged(box: Box, gray: Gray, after: ReadFrame | None) -> TextRow | None:
    """What was read at this place in the picture before, if the place still looks the same."""
    if after is None or after.picture.shape != gray.shape:
        return None
    left, top, right, bottom = (int(edge) for edge in box)
    tolerance = 0.25 * (bottom - top)
    for piece in after.pieces:
        in_place = all(abs(edge - now) <= tolerance for edge, now in zip(piece.box, box, strict=True))
        if in_place and not differs(after.picture[top:bottom, left:right], gray[top:bottom, left:right]):
            return piece
    return None


def _num_letters(text: str) -> int:
    return sum(1 for character in text if character.isalnum())


def _spaced(text: str) -> str:
    """Letters of a title may touch, and then its words come out glued: ``BigBuck`` is ``Big Buck``."""
    return re.sub(r"(?<=[a-z])(?=[A-Z][a-z])", " ", text)
