"""A memory of constant size for an endless stream (MA-LMM, He et al. 2024).

When it is full, at every position the two neighbours in time that are most alike become one. It knows of each
token how much is in it, from when to when, and which frames.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from einops import rearrange
from torch import Tensor

from video_vlm.encoder.assignment import Assignment

__all__ = ["MemoryBank", "merge_in_bank"]


@dataclass(frozen=True, slots=True)
class MemoryBank:
    """What is held, each ``(slots positions ...)``: ``values``, ``size`` in patches, ``start`` and ``end`` in
    seconds, and ``first`` and ``last``, the numbers of the frames whose patches at this position are in it,
    both included."""

    capacity: int
    values: Tensor
    size: Tensor
    start: Tensor
    end: Tensor
    first: Tensor
    last: Tensor

    @classmethod
    def empty(
        cls, capacity: int, *, positions: int, width: int, device: torch.device | None = None
    ) -> MemoryBank:
        """A bank that will hold at most ``capacity`` tokens at each position.

        Raises:
            ValueError: the capacity is not positive.
        """
        if capacity < 1:
            raise ValueError(f"a bank holds at least one token at each position, got capacity {capacity}")
        none = torch.zeros(0, positions, device=device)
        frames = none.long()
        values = torch.zeros(0, positions, width, device=device)
        return cls(capacity, values, none, none.double(), none.double(), frames, frames)

    def pushed(self, frame: Tensor, *, number: int, start: float, end: float) -> MemoryBank:
        """The bank after one more frame ``(positions width)``; in order of time."""
        positions = frame.shape[0]
        new = {
            "values": frame[None],
            "size": self.size.new_ones(1, positions),
            "start": self.start.new_full((1, positions), start),
            "end": self.end.new_full((1, positions), end),
            "first": self.first.new_full((1, positions), number),
            "last": self.last.new_full((1, positions), number),
        }
        grown = MemoryBank(
            self.capacity, **{name: torch.cat((getattr(self, name), one)) for name, one in new.items()}
        )
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
        return MemoryBank(
            self.capacity, **{name: _put(getattr(self, name), one, likest) for name, one in made.items()}
        )


def merge_in_bank(values: Tensor, *, num_tokens: int) -> Assignment:
    """What a bank leaves of a clip that passes through it, ``(batch frames positions width)``.

    Exactly ``num_tokens`` are left, at least one for each position: a bank of that many for each position,
    rounded up, then one more pair at the positions where neighbours in time are most alike.
    """
    batch, frames, positions, width = values.shape
    capacity = -(-num_tokens // positions)
    held = MemoryBank.empty(capacity, positions=batch * positions, width=width, device=values.device)
    for number, frame in enumerate(values.float().unbind(dim=1)):
        held = held.pushed(frame.flatten(0, 1), number=number, start=number, end=number + 1)
    times = torch.arange(frames, device=values.device)[:, None]
    slot = (held.first[:, None] <= times).sum(dim=0) - 1  # slots frames lines -> frames lines
    slots = rearrange(slot, "frames (batch positions) -> batch positions frames", batch=batch)
    excess = max(0, len(held.values) * positions - max(num_tokens, positions))
    counts = torch.full((batch, positions), len(held.values), device=values.device)
    if excess:
        slots, counts = _one_pair_less(held, slots, counts, num_positions=excess)
    owner = slots + (counts.cumsum(dim=1) - counts)[..., None]
    owner = rearrange(owner, "batch positions frames -> batch (frames positions)")
    return Assignment(owner, int(counts[0].sum()))


def _one_pair_less(
    held: MemoryBank, slots: Tensor, counts: Tensor, *, num_positions: int
) -> tuple[Tensor, Tensor]:
    """``slots`` ``(batch positions frames)`` and ``counts`` ``(batch positions)`` after one more merge at so
    many."""
    unit = torch.nn.functional.normalize(held.values.float(), dim=-1)
    cosine, likest = (unit[1:] * unit[:-1]).sum(dim=-1).max(dim=0)  # pairs lines -> lines
    best = cosine.view_as(counts).argsort(dim=1, descending=True, stable=True)[:, :num_positions]
    chosen = torch.zeros_like(counts).scatter(1, best, 1)
    above = (slots > likest.view_as(counts)[..., None]).long()
    return slots - above * chosen[..., None], counts - chosen


def _put(held: Tensor, made: Tensor, where: Tensor) -> Tensor:
    """At each position, ``made`` in the slot ``where``, and what was held in the slots before it and after
    the next."""
    slot = torch.arange(len(held) - 1, device=held.device)[:, None]
    place, at = slot < where, slot == where
    if held.dim() == 3:
        place, at = place[..., None], at[..., None]
    return torch.where(at, made[:-1], torch.where(place, held[:-1], held[1:]))
