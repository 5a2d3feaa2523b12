"""What a language model is given of pictures, kept in memory: a picture that is shown again is not looked at
again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from threading import Lock
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from video_vlm.encoder.assignment import Assignment, merge

if TYPE_CHECKING:
    from video_vlm.models.local.disk_features import DiskFeatureStore

__all__ = ["FeatureStore", "ImageTokens", "key_of"]


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
        """The mean of what goes together."""
        size = torch.ones(1, len(self.rows))
        rows, *deep = (merge(one[None], assignment, size=size)[0] for one in (self.rows, *self.deep))
        return ImageTokens(rows, tuple(deep), self.is_listed)

    def split(self, counts: Sequence[int]) -> tuple[ImageTokens, ...]:
        """Stretches of so many tokens each."""
        parts = zip(*(one.split(list(counts)) for one in (self.rows, *self.deep)), strict=True)
        return tuple(ImageTokens(rows, tuple(deep), self.is_listed) for rows, *deep in parts)

    @classmethod
    def joined(cls, several: Sequence[ImageTokens]) -> ImageTokens:
        """One after the other."""
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


class FeatureStore:
    """ImageTokens by key, those least recently used going first where there is no more room. Thread-safe.

    Args:
        most_bytes: How much it holds; 0 for nothing.
        beneath: What holds more of them, and longer; None for nothing.
    """

    def __init__(self, most_bytes: int, *, beneath: DiskFeatureStore | None = None) -> None:
        self._most_bytes = most_bytes
        self._beneath = beneath
        self._kept: OrderedDict[bytes, ImageTokens] = OrderedDict()
        self._lock = Lock()
        self.nbytes = 0

    def get(self, key: bytes) -> ImageTokens | None:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
            found = None if self._beneath is None else self._beneath.get(key)
            if found is not None:
                self._keep(key, found)
            return found

    def put(self, key: bytes, features: ImageTokens) -> None:
        """What is larger than all there is room for is not kept."""
        with self._lock:
            if key not in self._kept:
                self._keep(key, features)
            if self._beneath is not None:
                self._beneath.put(key, features)

    def clear(self) -> None:
        """What lies beneath stays."""
        with self._lock:
            self._kept.clear()
            self.nbytes = 0

    def __len__(self) -> int:
        return len(self._kept)

    def _keep(self, key: bytes, features: ImageTokens) -> None:
        if features.nbytes > self._most_bytes:
            return
        self._kept[key] = features
        self.nbytes += features.nbytes
        while self.nbytes > self._most_bytes:
            self.nbytes -= self._kept.popitem(last=False)[1].nbytes
