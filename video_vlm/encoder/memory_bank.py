"""A memory of constant size for an endless stream (MA-LMM, He et al. 2024).

When it is full, at every position the two neighbours in time that are most alike become one. It knows of each token
how much is in it, from when to when, and which frames.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["MemoryBank"]


@dataclass(frozen=True, slots=True)
class MemoryBank:
    """What is held, each ``(slots positions ...)``: ``values``, ``size`` in patches, ``start`` and ``end`` in seconds,
    and ``first`` and ``last``, the numbers of the frames whose patches at this position are in it, both included."""

    capacity: int
    values: Tensor
    size: Tensor
    start: Tensor
    end: Tensor
    first: Tensor
    last: Tensor

    @classmethod
    def empty(cls, capacity: int, *, positions: int, width: int) -> MemoryBank:
        """A bank that will hold at most ``capacity`` tokens at each position.

        Raises:
            ValueError: the capacity is not positive.
        """
        if capacity < 1:
            raise ValueError(f"a bank holds at least one token at each position, got capacity {capacity}")
        none = torch.zeros(0, positions)
        frames = none.long()
        return cls(capacity, torch.zeros(0, positions, width), none, none.double(), none.double(), frames, frames)

    def pushed(self, frame: Tensor, *, number: int, start: float, end: float) -> MemoryBank:
        """The bank after one more frame ``(positions width)``; in order of time."""
        positions = frame.shape[0]
        new = {
            "values": frame[None],
            "size": torch.ones(1, positions),
            "start": torch.full((1, positions), start, dtype=torch.float64),
            "end": torch.full((1, positions), end, dtype=torch.float64),
            "first": torch.full((1, positions), number),
            "last": torch.full((1, positions), number),
        }
        grown = MemoryBank(self.capacity, **{name: torch.cat((getattr(self, name), one)) for name, one in new.items()})
        return grown if len(grown.values) <= self.capacity else grown._with_likest_merged()

    def _with_likest_merged(self) -> MemoryBank:
        unit = torch.nn.functional.normalize(self.values.float(), dim=-1)
        likest = (unit[1:] * unit[:-1]).sum(dim=-1).argmax(dim=0)  # slots positions width -> positions
        share = self.size / (self.size + self.size.roll(-1, 0))
        both = torch.lerp(self.values.roll(-1, 0), self.values, share[..., None].to(self.values.dtype))
        made = {
            "values": both,
            "size": self.size + self.size.roll(-1, 0),
            "start": self.start,
            "end": self.end.roll(-1, 0),
            "first": self.first,
            "last": self.last.roll(-1, 0),
        }
        return MemoryBank(self.capacity, **{name: _put(getattr(self, name), one, likest) for name, one in made.items()})


def _put(held: Tensor, made: Tensor, where: Tensor) -> Tensor:
    """At each position, ``made`` in the slot ``where``, and what was held in the slots before it and after the next."""
    slot = torch.arange(len(held) - 1, device=held.device)[:, None]
    place, at = (
        (slot < where, slot == where) if held.dim() == 2 else ((slot < where)[..., None], (slot == where)[..., None])
    )
    return torch.where(at, made[:-1], torch.where(place, held[:-1], held[1:]))
