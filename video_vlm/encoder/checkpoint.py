"""The checkpoint of a training run: one safetensors file, written in one step, with everything needed to
resume.

Weights, the optimizer's moments and the step are in the same file, so that no two of them can disagree.
Nothing is pickled.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from video_vlm.errors import SettingsError

__all__ = ["TrainingCheckpoint", "load_weights", "read_checkpoint", "save_tensors", "write_checkpoint"]

WEIGHTS, MOMENTS = "weights.", "optimizer."


@dataclass(frozen=True, slots=True)
class TrainingCheckpoint:
    """Training at one step: ``weights`` by name, the optimizer's ``moments`` by parameter number and name,
    and the ``recipe`` of the task."""

    step: int
    weights: Mapping[str, Tensor]
    moments: Mapping[str, Tensor]
    recipe: str
    """What was trained on what, to refuse going on with something else."""


def write_checkpoint(
    path: Path, *, step: int, model: nn.Module, optimizer: torch.optim.Optimizer, recipe: str
) -> None:
    """Writes a file that :func:`read_checkpoint` reads; it replaces an earlier one in one step."""
    tensors = {WEIGHTS + name: value for name, value in model.state_dict().items()}
    for place, state in optimizer.state_dict()["state"].items():
        tensors |= {f"{MOMENTS}{place}.{name}": torch.as_tensor(value) for name, value in state.items()}
    save_tensors(path, tensors, about={"step": str(step), "recipe": recipe})


def save_tensors(path: Path, tensors: Mapping[str, Tensor], *, about: Mapping[str, str]) -> None:
    """Writes a safetensors file under a temporary name and renames it, so that a file of this name is always
    whole."""
    from safetensors.torch import save

    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    with partial.open("wb") as file:
        plain = {name: value.detach().cpu().contiguous().clone() for name, value in tensors.items()}
        file.write(save(plain, metadata=dict(about)))
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def read_checkpoint(path: Path) -> TrainingCheckpoint:
    """Read what :func:`write_checkpoint` wrote.

    Raises:
        SettingsError: there is no such file, or it is no checkpoint.
    """
    about, tensors = _read(path)
    try:
        step, recipe = int(about["step"]), about["recipe"]
    except (KeyError, ValueError) as error:
        raise SettingsError(f"{path}: not a checkpoint of training") from error
    return TrainingCheckpoint(step, _under(tensors, WEIGHTS), _under(tensors, MOMENTS), recipe)


def load_weights(path: Path) -> tuple[Mapping[str, str], Mapping[str, Tensor]]:
    """The metadata of a file of weights, and the weights by name; a checkpoint's file works too.

    Raises:
        SettingsError: there is no such file, or it holds no weights.
    """
    about, tensors = _read(path)
    return about, _under(tensors, WEIGHTS) or tensors


def restore_moments(optimizer: torch.optim.Optimizer, moments: Mapping[str, Tensor]) -> None:
    """Puts the moments of a checkpoint into the optimizer."""
    state: dict[int, dict[str, Any]] = {}
    for key, value in moments.items():
        place, _, name = key.partition(".")
        state.setdefault(int(place), {})[name] = value
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})


def _read(path: Path) -> tuple[Mapping[str, str], dict[str, Tensor]]:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            return file.metadata() or {}, {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        raise SettingsError(f"{path}: no safetensors file that can be read: {error}") from error


def _under(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}


def describe(settings: Mapping[str, Any]) -> str:
    """Settings as text; equal settings give equal text."""
    return json.dumps(settings, sort_keys=True, default=str)
