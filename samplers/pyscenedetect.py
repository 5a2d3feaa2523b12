"""Hard cuts found by PySceneDetect's detectors on thumbnails, for comparison with ours."""

from __future__ import annotations

import math
from collections import deque
from typing import Any, Literal

import cv2

from video_vlm.records import Cut, Image, Span

__all__ = ["PySceneDetectDetector"]

_WINDOW = 2  # AdaptiveDetector judges a frame among two on each side


class PySceneDetectDetector:
    """PySceneDetect's ``AdaptiveDetector`` or ``ContentDetector`` with its default threshold.

    Args:
        detector: Which one.
    """

    def __init__(self, detector: Literal["adaptive", "content"]) -> None:
        # Imported here: `import video_vlm` stays light.
        from scenedetect.detectors import AdaptiveDetector, ContentDetector

        # Shortest lengths are kept by ShotDetector, whose last cut survives an interruption.
        if detector == "adaptive":
            self._finder: Any = AdaptiveDetector(min_scene_len=0, window_width=_WINDOW)
            self._lag = _WINDOW
        else:
            self._finder = ContentDetector(min_scene_len=0)
            self._lag = 0
        self._origin: float | None = None
        self._waiting: deque[float] = deque()
        self._last: tuple[float, Image] | None = None

    def push(self, pts_seconds: float, image: Image) -> tuple[Cut, ...]:
        """Take the next thumbnail (RGB uint8 ``(height, width, 3)``); return the cuts that are now
        certain."""
        if self._origin is None:
            # The first frame is repeated before the beginning, so that the first frames have neighbours too.
            # Times start above 0 because PySceneDetect rejects negative ones.
            self._origin = pts_seconds - _WINDOW
            for still in range(_WINDOW):
                self._feed(pts_seconds - _WINDOW + still, image)
        self._waiting.append(pts_seconds)
        self._last = (pts_seconds, image)
        found = self._feed(pts_seconds, image)
        return self._verdict(found=found) if len(self._waiting) > self._lag else ()

    def finish(self) -> tuple[Cut, ...]:
        """No more pictures: the cuts among those that were still waiting."""
        cuts: list[Cut] = []
        for later in range(len(self._waiting)):
            if self._last is not None:
                seconds, image = self._last
                cuts += self._verdict(found=self._feed(seconds + 1 + later, image))
        return tuple(cuts)

    @property
    def undecided_since(self) -> float:
        """The earliest frame that may still turn out to begin a shot; infinity where none may."""
        return self._waiting[0] if self._waiting else math.inf

    def _feed(self, pts_seconds: float, image: Image) -> bool:
        from scenedetect.common import FrameTimecode

        time = FrameTimecode(pts_seconds - (self._origin or 0.0), fps=1000.0)
        return bool(self._finder.process_frame(time, cv2.cvtColor(image, cv2.COLOR_RGB2BGR)))

    def _verdict(self, *, found: bool) -> tuple[Cut, ...]:
        """A cut ``found`` now begins ``_lag`` frames before the newest one."""
        judged = self._waiting.popleft()
        return (Cut(Span(judged, judged), "hard", 1.0, judged),) if found else ()
