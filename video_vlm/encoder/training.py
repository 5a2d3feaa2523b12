"""The training loop; a task gives the model, the batches and the loss.

A task's batch follows from the step's number, so that a run that was interrupted and goes on ends with the
same weights as one that was not.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, Protocol, TypeVar

import torch
from torch import Tensor, nn

from video_vlm.encoder.batches import MakeBatch, batches_in_order
from video_vlm.encoder.checkpoint import read_checkpoint, restore_moments, write_checkpoint
from video_vlm.errors import SettingsError

__all__ = ["CHECKPOINT", "Task", "TrainReport", "TrainSettings", "Watch", "train"]

CHECKPOINT: Final = "checkpoint.safetensors"

Precision = Literal["float32", "bfloat16"]
"""bfloat16 has the range of float32, so that losses need no scaling."""


@dataclass(frozen=True, slots=True)
class TrainSettings:
    """The settings of a training run. One step is ``accumulate`` batches and one change of the weights."""

    num_steps: int = 1000
    batch_size: int = 32
    accumulate: int = 1
    learning_rate: float = 1e-3
    warmup_steps: int = 20
    weight_decay: float = 0.01
    max_norm: float = 1.0
    precision: Precision = "float32"
    seed: int = 0
    save_every: int = 200
    num_workers: int = 0
    """Processes that make batches ahead; 0: each is made when it is needed. No result depends on it."""

    def __post_init__(self) -> None:
        for name in ("num_steps", "batch_size", "accumulate", "save_every"):
            if getattr(self, name) < 1:
                raise SettingsError(f"training: {name} must be at least 1, got {getattr(self, name)}")
        if self.num_workers < 0:
            raise SettingsError(f"training: num_workers must not be negative, got {self.num_workers}")
        if self.learning_rate <= 0 or self.max_norm <= 0:
            raise SettingsError("training: learning_rate and max_norm must be above 0")

    def learning_rate_at(self, step: int) -> float:
        """The learning rate of a step: a linear warm-up, then half a cosine down to a twentieth (Loshchilov
        and Hutter 2017)."""
        up = min(1.0, (step + 1) / max(1, self.warmup_steps))
        down = 0.05 + 0.95 * (1 + math.cos(math.pi * step / self.num_steps)) / 2
        return self.learning_rate * up * down


B = TypeVar("B")


class Task(Protocol[B]):
    """A model, its batches and its loss. ``recipe`` names the task and everything that decides its
    batches."""

    @property
    def model(self) -> nn.Module: ...

    @property
    def recipe(self) -> str: ...

    def batches(self, *, batch_size: int) -> MakeBatch[B]:
        """What makes a batch from its number, anywhere."""
        ...

    def loss(self, batch: B) -> Tensor:
        """The loss of one batch, a scalar tensor; the batch is moved to the model's device."""
        ...


@dataclass(frozen=True, slots=True)
class TrainReport:
    """The number of the last step, the last loss, and the path of the checkpoint."""

    step: int
    loss: float
    checkpoint: Path


Watch = Callable[[int, float], None]
"""Called after each step with its number, from 1, and its loss."""


def train(
    task: Task[B],
    settings: TrainSettings,
    *,
    folder: Path,
    resume: bool = False,
    watch: Watch = lambda _step, _loss: None,
) -> TrainReport:
    """Trains until ``settings.num_steps`` and leaves a checkpoint in ``folder``; an interrupt leaves one too.

    Raises:
        SettingsError: ``resume`` without a checkpoint, or with one of another recipe.
        KeyboardInterrupt: passed on, the checkpoint written.
    """
    path = folder / CHECKPOINT
    learned = [each for each in task.model.parameters() if each.requires_grad]
    optimizer = torch.optim.AdamW(
        learned, lr=settings.learning_rate, weight_decay=settings.weight_decay, betas=(0.9, 0.98)
    )
    step, loss = (_go_on(path, task, optimizer) if resume else 0), math.nan
    seed_everything(settings.seed)
    task.model.train()
    batches = batches_in_order(
        task.batches(batch_size=settings.batch_size),
        _numbers(settings, step=step),
        num_workers=settings.num_workers,
    )
    try:
        while step < settings.num_steps:
            loss = _step(task, optimizer, settings, batches, step=step)
            step += 1
            watch(step, loss)
            if step % settings.save_every == 0:
                write_checkpoint(path, step=step, model=task.model, optimizer=optimizer, recipe=task.recipe)
    finally:
        write_checkpoint(path, step=step, model=task.model, optimizer=optimizer, recipe=task.recipe)
    return TrainReport(step, loss, path)


def seed_everything(seed: int) -> None:
    """Seeds every random number generator, so that what follows is repeatable."""
    random.seed(seed)
    torch.manual_seed(seed)


def _numbers(settings: TrainSettings, *, step: int) -> range:
    """The numbers of the batches from ``step`` on; no two seeds share one."""
    first = settings.seed * 1_000_003
    return range(first + step * settings.accumulate, first + settings.num_steps * settings.accumulate)


def _go_on(path: Path, task: Task[B], optimizer: torch.optim.Optimizer) -> int:
    found = read_checkpoint(path)
    if found.recipe != task.recipe:
        raise SettingsError(
            f"{path}: a checkpoint of something else; give another folder, or leave out --resume"
        )
    task.model.load_state_dict(dict(found.weights))
    restore_moments(optimizer, found.moments)
    return found.step


def _step(
    task: Task[B],
    optimizer: torch.optim.Optimizer,
    settings: TrainSettings,
    batches: Iterator[B],
    *,
    step: int,
) -> float:
    for group in optimizer.param_groups:
        group["lr"] = settings.learning_rate_at(step)
    optimizer.zero_grad(set_to_none=True)
    total = 0.0
    for _ in range(settings.accumulate):
        batch = next(batches)
        with _mixed(settings.precision, task.model):
            loss = task.loss(batch) / settings.accumulate
        loss.backward()
        total += float(loss.detach())
    if not math.isfinite(total):
        raise SettingsError(
            f"training: the loss is {total} at step {step + 1}; try a lower learning rate, or float32"
        )
    nn.utils.clip_grad_norm_(task.model.parameters(), settings.max_norm)
    optimizer.step()
    return total


def _mixed(precision: Precision, model: nn.Module) -> AbstractContextManager[object]:
    """Weights stay float32; products are made in ``precision``."""
    if precision == "float32":
        return nullcontext()
    device = next(model.parameters()).device.type
    return torch.autocast(device, dtype=torch.bfloat16)
