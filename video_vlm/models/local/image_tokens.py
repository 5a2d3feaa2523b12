"""Image tokens: what stands in the place of an image in a prompt, and the key of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import torch
from torch import Tensor

from video_vlm.encoder.assignment import Assignment, merge

__all__ = ["ImageTokens", "key_of"]


@dataclass(frozen=True, slots=True)
class ImageTokens:
    """What stands in the place of one picture's tokens.

    Args:
        rows: ``(tokens width)``, as they go into the first layer.
        deep: Of the same shape, for families that add to later layers too.
        is_listed: Whether the family hands them on as a list, one item a picture, or as one tensor.
    """

    rows: Tensor
    deep: tuple[Tensor, ...] = ()
    is_listed: bool = True

    @property
    def nbytes(self) -> int:
        return sum(one.nbytes for one in (self.rows, *self.deep))

    def merged(self, assignment: Assignment) -> ImageTokens:
        """The size-weighted means of the tokens that are merged: ``(tokens width) -> (merged width)``."""
        size = torch.ones(1, len(self.rows))
        rows, *deep = (merge(one[None], assignment, size=size)[0] for one in (self.rows, *self.deep))
        return ImageTokens(rows, tuple(deep), self.is_listed)

    def split(self, counts: Sequence[int]) -> tuple[ImageTokens, ...]:
        """The tokens cut into consecutive parts of ``counts`` tokens each."""
        parts = zip(*(one.split(list(counts)) for one in (self.rows, *self.deep)), strict=True)
        return tuple(ImageTokens(rows, tuple(deep), self.is_listed) for rows, *deep in parts)

    @classmethod
    def joined(cls, several: Sequence[ImageTokens]) -> ImageTokens:
        """The tokens of several images one after the other, ``(tokens width)``."""
        rows, *deep = (
            torch.cat(parts) for parts in zip(*((one.rows, *one.deep) for one in several), strict=True)
        )
        return cls(rows, tuple(deep), several[0].is_listed)


def key_of(tensors: dict[str, Any]) -> bytes:
    """The identity of what a vision tower is given: equal tensors, equal features. 16 bytes."""
    found = blake2b(digest_size=16)
    for name in sorted(tensors):
        value = tensors[name].contiguous()
        found.update(f"{name} {value.dtype} {tuple(value.shape)} ".encode())
        found.update(value.flatten().view(torch.uint8).numpy())
    return found.digest()
