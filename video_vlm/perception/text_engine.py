"""RapidOCR behind two functions: detection of lines of text, and recognition.

The models are PP-OCRv6 (small) as RapidOCR ships them in its wheel: Latin letters with their accents,
Greek capitals, Chinese and Japanese; no Cyrillic, Arabic, Hebrew, Korean or Indic scripts. Nothing is
downloaded.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from video_vlm.errors import MissingExtra
from video_vlm.records import Image
from video_vlm.telemetry import switch_off

__all__ = ["Quad", "TextEngine", "require_text_engine"]

Quad = npt.NDArray[np.float32]
"""Four corners ``(4, 2)`` as x, y in pixels: top left, top right, bottom right, bottom left."""

_MAX_THREADS = 4
"""The small models gain little from more threads, and decoding needs cores as well."""


def require_text_engine() -> None:
    """Checks that text can be read on this machine.

    Raises:
    MissingExtra: RapidOCR or ONNX Runtime is not installed.
    """
    if find_spec("rapidocr") is None or find_spec("onnxruntime") is None:
        raise MissingExtra("reading on-screen text", "senses")


class TextEngine:
    """Finds and reads text. Holds two small networks (30 MB), loaded when first used.

    Raises:
        MissingExtra: RapidOCR or ONNX Runtime is not installed.
    """

    def __init__(self) -> None:
        require_text_engine()
        self._engine: Any = None

    @property
    def name(self) -> str:
        return f"rapidocr {version('rapidocr')}"

    def detect(self, image: Image) -> Sequence[Quad]:
        """The corners of each line of text, ``(4, 2)`` in pixels of the picture, in no particular order."""
        found = self._rapidocr()(_bgr(image), use_det=True, use_cls=False, use_rec=False)
        return () if found.boxes is None else tuple(np.asarray(box, dtype=np.float32) for box in found.boxes)

    def recognise(self, line: Image) -> tuple[str, float]:
        """What one line of text says, and how sure that is, in ``[0, 1]``; empty where nothing is legible."""
        read = self._rapidocr()(_bgr(line), use_det=False, use_cls=False, use_rec=True)
        if not read.txts:
            return "", 0.0
        return str(read.txts[0]), float(read.scores[0])

    def _rapidocr(self) -> Any:
        if self._engine is None:
            switch_off()
            import onnxruntime
            from rapidocr import RapidOCR

            # On Windows its events go to the system's log, which no variable turns off.
            onnxruntime.disable_telemetry_events()
            # RapidOCR logs to a handler of its own, and a picture without text is a warning to it.
            logging.getLogger("RapidOCR").setLevel(logging.CRITICAL)
            self._engine = RapidOCR(
                params={
                    "Global.log_level": "critical",
                    "Global.use_cls": False,
                    "Global.use_preprocess_img": False,
                    "Global.text_score": 0.0,
                    "Det.limit_type": "max",
                    "Det.limit_side_len": 4096,
                    "EngineConfig.onnxruntime.intra_op_num_threads": min(_MAX_THREADS, os.cpu_count() or 1),
                }
            )
        return self._engine


def _bgr(image: Image) -> Image:
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2BGR), dtype=np.uint8)
