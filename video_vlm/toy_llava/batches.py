"""Batches of lessons as token ids and pixels, made by the same reader that serves the trained model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from video_vlm.models.local.chat_input import ChatInput
from video_vlm.records import Frame
from video_vlm.toy_llava.lessons import Lesson, Mix, make_lesson
from video_vlm.toy_llava.state_questions import states_of
from video_vlm.toy_llava.word_tokenizer import MODEL

__all__ = ["HELD_OUT", "LessonBatch", "LessonBatches", "collate"]

HELD_OUT = 1_000_000_000
"""Lessons with seeds from here on are never trained on."""

_IGNORED = -100
_GROUP = 4


@dataclass(frozen=True, slots=True)
class LessonBatch:
    """``tokens`` and ``labels`` ``(batch tokens)``; ``pixels`` ``(pictures 3 side side)``, None without any.

    ``labels`` is -100 wherever it is not the model's turn. ``fates`` ``(pictures patches)`` says what has
    become of each place of each picture (:mod:`video_vlm.toy_llava.state_questions`), -100 where nobody says
    it.
    """

    tokens: Tensor
    labels: Tensor
    pixels: Tensor | None
    fates: Tensor | None


@dataclass(frozen=True)
class LessonBatches:
    """Makes the batch of a number. Four batches are made at a time, and lessons of a length put into the same
    one."""

    processor: Any
    mix: Mix
    batch_size: int

    def __call__(self, number: int) -> LessonBatch:
        group, place = divmod(number, _GROUP)
        rows = _group(self, group)[place * self.batch_size : (place + 1) * self.batch_size]
        return _beside_each_other(rows, self.processor.tokenizer.pad_token_id)


@dataclass(frozen=True, slots=True)
class _Row:
    """One lesson in numbers."""

    tokens: list[int]
    labels: list[int]
    pixels: Tensor | None
    fates: Tensor | None


@lru_cache(maxsize=2)
def _group(batches: LessonBatches, group: int) -> list[_Row]:
    count = _GROUP * batches.batch_size
    seeds = ((group * count + place) % HELD_OUT for place in range(count))
    reader = ChatInput(batches.processor)
    return sorted(
        (_row(make_lesson(seed, batches.mix), reader) for seed in seeds), key=lambda row: len(row.tokens)
    )


def collate(lessons: Sequence[Lesson], reader: ChatInput) -> LessonBatch:
    """A batch of lessons, ``(lessons tokens)``, padded at the end."""
    return _beside_each_other([_row(lesson, reader) for lesson in lessons], reader.tokenizer.pad_token_id)


def _row(lesson: Lesson, reader: ChatInput) -> _Row:
    tokenizer = reader.tokenizer
    asked = reader.inputs(lesson.turns)
    answer = [*tokenizer(lesson.answer, add_special_tokens=False)["input_ids"], tokenizer.eos_token_id]
    question = asked["input_ids"][0].tolist()
    pixels = asked.get("pixel_values")
    fates = None if pixels is None else _fates(lesson, len(pixels), reader)
    tokens = [*question, *answer]
    # The tokens of the model's turns, up to the end of each.
    model, end = tokenizer.convert_tokens_to_ids(MODEL), tokenizer.eos_token_id
    labels, speaks = [], False
    for token in tokens:
        labels.append(token if speaks else _IGNORED)
        speaks = token == model or (speaks and token != end)
    return _Row(tokens, labels, pixels, fates)


def _fates(lesson: Lesson, num_pictures: int, reader: ChatInput) -> Tensor:
    """``(pictures patches)``."""
    grid = int(reader._processor.image_processor.size["height"] // reader._processor.patch_size)
    if lesson.scene is None:
        return torch.full((num_pictures, grid * grid), _IGNORED)
    times = [part.pts_seconds for turn in lesson.turns for part in turn.parts if isinstance(part, Frame)]
    return torch.from_numpy(states_of(lesson.scene, times, grid=grid))


def _beside_each_other(rows: Sequence[_Row], padding: int) -> LessonBatch:
    most = max(len(row.tokens) for row in rows)
    pixels = [row.pixels for row in rows if row.pixels is not None]
    return LessonBatch(
        _padded([row.tokens for row in rows], most, padding),
        _padded([row.labels for row in rows], most, _IGNORED),
        torch.cat(pixels) if pixels else None,
        torch.cat([row.fates for row in rows if row.fates is not None]) if pixels else None,
    )


def _padded(rows: Sequence[Sequence[int]], length: int, value: int) -> Tensor:
    return torch.tensor([[*row, *[value] * (length - len(row))] for row in rows])
