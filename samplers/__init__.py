"""Which moments to look at: shots, segments, representative frames, scenes, and planned times.

Nothing here decodes a video or runs a model; pictures and scores are handed in.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from video_vlm.records import Sample
from video_vlm.registry import Registry
from video_vlm.samplers.uniform import uniform

__all__ = ["SAMPLERS", "uniform"]

SAMPLERS: Final[Registry[Sequence[Sample]]] = Registry("sampler", {"uniform": uniform}, group="video_vlm.samplers")
"""Functions ``(span, *, num_frames) -> samples`` by name."""
