"""Batches of videos with captions: a new order every epoch, each video with one of its captions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from video_vlm.encoder.captions import CaptionedVideo, ClipSettings, read_clip

__all__ = ["CaptionBatch", "CaptionBatches"]

HELD_CLIPS = 512
"""Decoded clips kept in memory by each process, so that a small set is not decoded again in every epoch."""


@dataclass(frozen=True, slots=True)
class CaptionBatch:
    """``pictures`` ``(batch frames channels height width)``, ``seconds`` ``(batch frames)``, one caption
    each."""

    pictures: Tensor
    seconds: Tensor
    captions: Sequence[str]


@dataclass(frozen=True, slots=True)
class CaptionBatches:
    """Makes the batch of a number; no larger than there are videos."""

    videos: Sequence[CaptionedVideo]
    frames: ClipSettings
    batch_size: int

    def __call__(self, number: int) -> CaptionBatch:
        size = min(self.batch_size, len(self.videos))
        epoch, place = divmod(number, len(self.videos) // size)
        chance = np.random.default_rng((epoch, len(self.videos)))
        order = chance.permutation(len(self.videos))[place * size : (place + 1) * size]
        chosen = [self.videos[index] for index in order]
        pictures, seconds = (
            torch.stack(part)
            for part in zip(*(_read(video.path, self.frames) for video in chosen), strict=True)
        )
        captions = [video.captions[int(chance.integers(len(video.captions)))] for video in chosen]
        return CaptionBatch(pictures, seconds, captions)


_read = lru_cache(maxsize=HELD_CLIPS)(read_clip)
