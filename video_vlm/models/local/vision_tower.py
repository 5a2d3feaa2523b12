"""A family's own vision tower, called for one image at a time, so that features do not depend on other
images."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from itertools import accumulate, pairwise
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor

from video_vlm.errors import ModelError
from video_vlm.models.local.image_tokens import ImageTokens

__all__ = ["VisionTower", "split_images", "vision_tower_of"]

_OF_ALL = frozenset({"batch_num_images"})
"""What is said of all pictures together: whether they are one or several."""

_LOOK_AHEAD = frozenset({"molmo2"})
"""Families in which pictures are read with those that come after them, so that no beginning of a prompt stays
as it was."""


class VisionTower:
    """The way from the numbers of a picture to what the language model is given of it.

    Args:
        model: Of transformers, with ``get_image_features``, taking ``mm_encoder_outputs``.
    """

    def __init__(self, model: Any) -> None:
        self._encode = model.base_model.get_image_features
        self._device = model.device
        self._known = inspect.signature(self._encode).parameters.keys() - {"kwargs"}
        self.placeholder = int(model.config.image_token_id)

    def tensors(self, inputs: dict[str, Any]) -> dict[str, Tensor]:
        """Those of the processor's tensors that the vision tower takes, by name."""
        return {
            name: value for name, value in inputs.items() if name in self._known and hasattr(value, "shape")
        }

    def features(self, picture: dict[str, Tensor]) -> ImageTokens:
        """The image tokens of one image's tensors, ``(tokens width)`` on the CPU."""
        placed = {name: value.to(self._device) for name, value in picture.items()}
        found = self._encode(**placed, return_dict=True)
        deep = getattr(found, "deepstack_features", None) or ()
        rows, *later = (
            torch.cat([one.reshape(-1, one.shape[-1]) for one in given]).cpu()
            for given in (found.pooler_output, *deep)
        )
        return ImageTokens(rows, tuple(later), is_listed=not isinstance(found.pooler_output, Tensor))

    def handed_on(self, several: Sequence[ImageTokens]) -> dict[str, Any]:
        """As ``mm_encoder_outputs``: pictures in the order of their tokens."""
        one = ImageTokens.joined(several)
        rows, *deep = (rows.to(self._device) for rows in (one.rows, *one.deep))
        given = SimpleNamespace(pooler_output=[rows] if one.is_listed else rows[None])
        if deep:
            given.deepstack_features = [[later] for later in deep]
        return {"image": given}


def vision_tower_of(model: Any) -> VisionTower | None:
    """The vision tower of a model; None where its family passes features on in an unknown way, or reads all
    images as one."""
    if model.config.model_type in _LOOK_AHEAD:
        return None
    takes = inspect.signature(model.forward).parameters
    can_do_without_numbers = "pixel_values" in takes and takes["pixel_values"].default is None
    has_place = getattr(model.config, "image_token_id", None) is not None
    has_tower = hasattr(model.base_model, "get_image_features")
    if "mm_encoder_outputs" in takes and can_do_without_numbers and has_place and has_tower:
        return VisionTower(model)
    return None


def split_images(
    tensors: dict[str, Tensor], *, tokens: Sequence[int], runs: Sequence[int]
) -> tuple[dict[str, Tensor], ...]:
    """The tensors of each image, out of tensors that hold all images one after the other.

    Args:
        tensors: For the tower.
        tokens: How many tokens each picture is in the prompt.
        runs: In how many stretches they stand there: one for each tile, in families that cut pictures into
            some.

    Raises:
        ModelError: it cannot be told which is whose.
    """
    parts: dict[str, Sequence[Tensor]] = {}
    for name, value in tensors.items():
        if name in _OF_ALL:
            parts[name] = [value.clamp(max=2)] * len(tokens)
            continue
        axis, counts = _counts(name, value, tensors, tokens=tokens, runs=runs)
        if sum(counts) != value.shape[axis]:
            raise ModelError(
                f"pictures cannot be told apart: {value.shape[axis]} of {name} for {len(tokens)}"
            )
        parts[name] = [
            value.narrow(axis, begin, end - begin) for begin, end in pairwise(accumulate(counts, initial=0))
        ]
    return tuple(dict(zip(parts, each, strict=True)) for each in zip(*parts.values(), strict=True))


def _counts(
    name: str, value: Tensor, tensors: dict[str, Tensor], *, tokens: Sequence[int], runs: Sequence[int]
) -> tuple[int, Sequence[int]]:
    """Along which axis pictures lie, and how long each is there."""
    if name == "pixel_values" and "image_grid_thw" in tensors:  # patches, all in a row
        return 0, tensors["image_grid_thw"].prod(dim=-1).tolist()
    if "target_sizes" in tensors:  # tiles of patches, side by side
        areas = [int(some.prod(dim=-1).sum()) for some in tensors["target_sizes"].split(list(runs))]
        return (0, runs) if name == "target_sizes" else (value.dim() - 1, _shares(value.shape[-1], areas))
    axis = 1 if "pixel_attention_mask" in tensors else 0  # one conversation of tiles, or tiles
    if value.shape[axis] == len(tokens):
        return axis, [1] * len(tokens)
    return axis, _shares(value.shape[axis], tokens)


def _shares(total: int, weights: Sequence[int]) -> list[int]:
    """``total`` by weight; the sum is less where it does not come out even."""
    return [total * weight // sum(weights) for weight in weights]
