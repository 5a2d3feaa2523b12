"""The losses of the stages of training: of what the tower sees, and of what the model says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, smooth_l1_loss

from video_vlm.encoder.checkpoint import describe
from video_vlm.toy_llava.batches import HELD_OUT, LessonBatch, LessonBatches
from video_vlm.toy_llava.lessons import Mix
from video_vlm.toy_llava.state_questions import FATES, is_there
from video_vlm.world import COLOURS, SHAPES
from video_vlm.world.draw import draw_some, position
from video_vlm.world.film import as_filmed
from video_vlm.world.story import write_scene

__all__ = ["LessonTask", "TowerTask"]

NARRATE_WEIGHT: Final = 1.0

_WEIGHTS: Final = torch.tensor([0.1, 0.4, *[1.0] * (len(FATES) - 2)])
"""Most patches are empty, and most actors stay where they are."""


class LessonTask:
    """Trains the answers of lessons, and below the last layer the state of each patch of the frames.

    ``learns`` are the beginnings of the names of the parameters that are trained.
    """

    def __init__(
        self, model: Any, processor: Any, mix: Mix, *, stage: str, learns: tuple[str, ...] = ("",)
    ) -> None:
        self.language = model
        self.narrator = nn.Linear(model.config.text_config.hidden_size, len(FATES))
        self.model = nn.ModuleDict({"language": model, "narrator": self.narrator})
        self.processor = processor
        self.mix = mix
        self.stage = stage
        for name, each in model.named_parameters():
            each.requires_grad_(name.startswith(learns))

    @property
    def recipe(self) -> str:
        return describe({"task": "lessons", "stage": self.stage, "mix": self.mix})

    def batches(self, *, batch_size: int) -> LessonBatches:
        return LessonBatches(self.processor, self.mix, batch_size)

    def loss(self, batch: LessonBatch) -> Tensor:
        pictures = {} if batch.pixels is None else {"pixel_values": batch.pixels}
        model = self.language
        # Padding stands at the end, where nothing that is to be said looks.
        out = model.model(input_ids=batch.tokens, output_hidden_states=True, **pictures)
        body = out.last_hidden_state
        # Only where something is to be said: the rest of the vocabulary's products would be thrown away.
        wanted = batch.labels[:, 1:] >= 0
        said = cross_entropy(model.lm_head(body[:, :-1][wanted]), batch.labels[:, 1:][wanted])
        if batch.fates is None or not bool((batch.fates >= 0).any()):
            return said
        told = self.narrator(out.hidden_states[-2][batch.tokens == model.config.image_token_id])
        return said + NARRATE_WEIGHT * cross_entropy(
            told, batch.fates.flatten(), ignore_index=-100, weight=_WEIGHTS
        )


@dataclass(frozen=True, slots=True)
class TowerBatch:
    """``pixels`` ``(batch 3 side side)``; for each patch ``(batch patches)`` the colour (0 for nobody) and
    the shape of who has their middle in it, and where in the picture, in patches from its middle, ``(batch
    patches 2)``."""

    pixels: Tensor
    colour: Tensor
    shape: Tensor
    place: Tensor


@dataclass(frozen=True, slots=True)
class TowerBatches:
    """Batches of single frames of scenes."""

    grid: int
    batch_size: int

    def __call__(self, number: int) -> TowerBatch:
        seeds = [(number * self.batch_size + place) % HELD_OUT for place in range(self.batch_size)]
        made = [_picture(seed, self.grid) for seed in seeds]
        pixels, colour, shape, place = (np.stack([one[part] for one in made]) for part in range(4))
        scaled = torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 127.5 - 1
        return TowerBatch(scaled, torch.from_numpy(colour), torch.from_numpy(shape), torch.from_numpy(place))


class TowerTask:
    """Trains the tower to name what is at each patch of a frame; it stands for training on pictures with
    captions."""

    def __init__(self, model: Any, *, grid: int) -> None:
        self.tower = model.model.vision_tower
        self.head = nn.Linear(self.tower.config.hidden_size, len(COLOURS) + 1 + len(SHAPES) + 2)
        self.model = nn.ModuleDict({"tower": self.tower, "head": self.head})
        self.grid = grid

    @property
    def recipe(self) -> str:
        return describe({"task": "tower", "grid": self.grid})

    def batches(self, *, batch_size: int) -> TowerBatches:
        return TowerBatches(self.grid, batch_size)

    def loss(self, batch: TowerBatch) -> Tensor:
        told = self.head(self.tower(batch.pixels).last_hidden_state)
        colour, shape, place = told.split([len(COLOURS) + 1, len(SHAPES), 2], dim=-1)
        there = batch.colour > 0
        return (
            cross_entropy(colour.flatten(0, 1), batch.colour.flatten())
            + cross_entropy(shape[there], batch.shape[there])
            + smooth_l1_loss(place[there], batch.place[there], beta=0.1)
        )


def _picture(seed: int, grid: int) -> tuple[Any, Any, Any, Any]:
    chance = np.random.default_rng((seed, 5))
    scene = write_scene(chance, start=0.0, seed=seed)
    number = int(chance.integers(0, scene.script.settings.num_frames))
    colour, shape = np.zeros(grid * grid, np.int64), np.zeros(grid * grid, np.int64)
    place = np.zeros((grid * grid, 2), np.float32)
    for actor in range(len(scene.script.actors)):
        if not is_there(scene, actor, number):
            continue
        line_x, line_y = position(scene.script, actor)
        x, y = float(line_x[number]) * grid, float(line_y[number]) * grid
        patch = min(int(y), grid - 1) * grid + min(int(x), grid - 1)
        colour[patch] = COLOURS.index(scene.script.actors[actor].colour) + 1
        shape[patch] = SHAPES.index(scene.script.actors[actor].shape)
        place[patch] = x - grid / 2, y - grid / 2
    return as_filmed(draw_some(scene.script, [number])[0]), colour, shape, place
