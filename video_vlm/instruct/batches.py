"""Batches of lessons: the numbers a model reads, made by the reader that also serves it when it is asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from video_vlm.instruct.lessons import Lesson, Mix, make_lesson
from video_vlm.models.local.processing import Reader

__all__ = ["HELD_OUT", "LessonBatch", "LessonBatches", "collate"]

HELD_OUT = 1_000_000_000
"""Lessons with seeds from here on are never trained on."""

_IGNORED = -100


@dataclass(frozen=True, slots=True)
class LessonBatch:
    """``tokens``, ``mask`` and ``labels`` ``(batch tokens)``; ``pixels`` ``(pictures 3 side side)``, None without any.

    ``labels`` is -100 wherever it is not the model's turn.
    """

    tokens: Tensor
    mask: Tensor
    labels: Tensor
    pixels: Tensor | None


@dataclass(frozen=True)
class LessonBatches:
    """Makes the batch of a number."""

    processor: Any
    mix: Mix
    batch_size: int

    def __call__(self, number: int) -> LessonBatch:
        seeds = ((number * self.batch_size + place) % HELD_OUT for place in range(self.batch_size))
        return collate([make_lesson(seed, self.mix) for seed in seeds], Reader(self.processor))


def collate(lessons: Sequence[Lesson], reader: Reader) -> LessonBatch:
    """Lessons side by side, padded at the end."""
    tokenizer = reader.tokenizer
    rows, labels, pixels = [], [], []
    for lesson in lessons:
        asked = reader.inputs(lesson.turns)
        answer = tokenizer(lesson.answer, add_special_tokens=False)["input_ids"] + [tokenizer.eos_token_id]
        question = asked["input_ids"][0].tolist()
        rows.append([*question, *answer])
        labels.append([*[_IGNORED] * len(question), *answer])
        pixels += [asked["pixel_values"]] if "pixel_values" in asked else []
    most = max(map(len, rows))
    return LessonBatch(
        _padded(rows, most, tokenizer.pad_token_id),
        _padded([[1] * len(row) for row in rows], most, 0),
        _padded(labels, most, _IGNORED),
        torch.cat(pixels) if pixels else None,
    )


def _padded(rows: Sequence[Sequence[int]], length: int, value: int) -> Tensor:
    return torch.tensor([[*row, *[value] * (length - len(row))] for row in rows])
