"""Batches made ahead of their use, by processes beside the one that trains.

A batch follows from its number, so every process makes the same one, and a run that goes on from a checkpoint
meets the batches it would have met.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from torch.utils.data import DataLoader, Dataset

__all__ = ["MakeBatch", "batches_in_order"]

B = TypeVar("B")

MakeBatch = Callable[[int], B]
"""From the number of a batch to the batch, tensors on the CPU; where processes make them it must survive
pickling."""

_AHEAD = 4
"""Batches each process may be ahead."""


@dataclass(frozen=True)
class _Numbered(Dataset[B]):
    make: MakeBatch[B]

    def __getitem__(self, number: int) -> B:
        return self.make(number)


def batches_in_order(make: MakeBatch[B], numbers: range, *, num_workers: int) -> Iterator[B]:
    """The batches of ``numbers``, in that order; without workers each is made when it is asked for."""
    workers = min(num_workers, len(numbers))
    if not workers:
        return map(make, numbers)
    loader: DataLoader[B] = DataLoader(
        _Numbered(make),
        batch_size=None,
        sampler=numbers,
        num_workers=workers,
        # Started anew: a decoder's threads do not survive a fork.
        multiprocessing_context="spawn",
        prefetch_factor=_AHEAD,
    )
    return iter(loader)
