"""Batches of the scripted world: clips and their reverses, questions about them, and who moves which way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from video_vlm.encoder.narration_head import facts_of
from video_vlm.encoder.question_head import QuestionBatch, as_numbers
from video_vlm.world import Clip, Question, WorldSettings, ask_all, draw, write_script

__all__ = ["HELD_OUT", "WorldBatch", "WorldBatches", "frames_of", "with_reverses"]

HELD_OUT = 1_000_000_000
"""Scripts with seeds from here on are never trained on."""

QUESTIONS_A_CLIP = 16


@dataclass(frozen=True, slots=True)
class WorldBatch:
    """``frames`` ``(batch frames channels height width)`` uint8, ``seconds`` ``(batch frames)``, the
    questions, and ``facts`` ``(batch frames patches facts)``, 0 or 1, as
    :func:`~video_vlm.encoder.narration_head.facts_of` tells them."""

    frames: Tensor
    seconds: Tensor
    asked: QuestionBatch
    facts: Tensor

    def to(self, device: torch.device) -> WorldBatch:
        moved = {name: getattr(self, name).to(device) for name in ("frames", "seconds", "facts")}
        return replace(self, asked=self.asked.to(device), **moved)


@dataclass(frozen=True, slots=True)
class WorldBatches:
    """Makes the batch of a number: half of it clips, the other half their reverses."""

    settings: WorldSettings
    grid: int
    """Patches along a side."""
    batch_size: int

    def __call__(self, number: int) -> WorldBatch:
        clips = with_reverses(_seeds(number, max(1, self.batch_size // 2)), self.settings)
        asked = as_numbers([_some(ask_all(clip.script), seed=number) for clip in clips])
        facts = torch.stack([facts_of(clip.script, grid=self.grid) for clip in clips])
        return WorldBatch(*frames_of(clips), asked, facts.bool())


def with_reverses(seeds: Sequence[int], settings: WorldSettings) -> list[Clip]:
    """The clip of each seed, then the reverse of each: twice as many clips as seeds."""
    clips = [draw(write_script(seed, settings)) for seed in seeds]
    return [*clips, *(clip.reversed() for clip in clips)]


def frames_of(clips: Sequence[Clip]) -> tuple[Tensor, Tensor]:
    """Clips of one length: ``(batch frames channels height width)`` uint8, and ``(batch frames)`` seconds."""
    frames = torch.from_numpy(np.stack([clip.frames for clip in clips])).permute(0, 1, 4, 2, 3)
    return frames.contiguous(), torch.from_numpy(np.stack([clip.seconds for clip in clips]))


def _seeds(batch_number: int, count: int) -> list[int]:
    """Seeds of one batch's scripts, below those that are held out whatever the number of the batch."""
    return [(batch_number * count + place) % HELD_OUT for place in range(count)]


def _some(questions: Sequence[Question], *, seed: int) -> list[Question]:
    chance = np.random.default_rng((seed, len(questions)))
    return [questions[place] for place in chance.integers(0, len(questions), QUESTIONS_A_CLIP)]
