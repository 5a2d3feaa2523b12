"""The channel ``sight``: how much the frames of a video look like words, by the vectors in its memory."""

from __future__ import annotations

import numpy as np

from video_vlm.memory import MemoryView
from video_vlm.relook.score_channels import Similarity
from video_vlm.samplers.frame_times import Seconds
from video_vlm.samplers.sampler_input import Scores

__all__ = ["visual_similarity"]


def visual_similarity(memory: MemoryView) -> Similarity:
    """By the representative frame that stands for each time; NaN everywhere where no tower has seen the
    video."""

    def similarity(text: str, seconds: Seconds) -> Scores:
        frames = memory.frames_like(text)
        if not frames:
            return np.full(len(seconds), np.nan)
        starts = np.array([span.start for span, _ in frames])
        cosines = np.array([cosine for _, cosine in frames])
        return np.asarray(
            cosines[np.maximum(np.searchsorted(starts, seconds, side="right") - 1, 0)], np.float64
        )

    return similarity
