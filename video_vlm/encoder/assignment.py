"""Which token is merged into which. Every merger here gives such a table, so that merges can be undone and
checked.

An assignment says for each of the tokens it was made for where it ends up. No token can be left out of
one, so none is dropped silently; merging, undoing it and telling who came from where are three gathers.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from video_vlm.encoder.chunking import in_chunks

__all__ = [
    "Assignment",
    "first_sources",
    "identity",
    "in_order",
    "merge",
    "merged_size",
    "merged_span",
    "unmerge",
]


@dataclass(frozen=True, slots=True)
class Assignment:
    """Where tokens go: ``owner`` is ``(batch, tokens)`` int64, each in ``[0, num_merged)``."""

    owner: Tensor
    num_merged: int

    def __post_init__(self) -> None:
        if self.owner.dim() != 2 or self.num_merged < 1:
            raise ValueError(
                f"an assignment is (batch, tokens) into 1 or more, got {tuple(self.owner.shape)}"
            )

    def then(self, later: Assignment) -> Assignment:
        """This one and a second one for what it leaves, as one."""
        return Assignment(later.owner.gather(1, self.owner), later.num_merged)

    def sources(self, item: int, token: int) -> Tensor:
        """The tokens that went into one merged token, in ascending order: its provenance."""
        return (self.owner[item] == token).nonzero().flatten()


def identity(batch: int, tokens: int, *, device: torch.device | None = None) -> Assignment:
    """The assignment that leaves every one of ``(batch tokens)`` as it is."""
    return Assignment(torch.arange(tokens, device=device).expand(batch, tokens), tokens)


def first_sources(assignment: Assignment) -> Tensor:
    """The first token that went into each merged one, ``(batch merged)``; the number of tokens where none
    did."""
    batch, tokens = assignment.owner.shape
    places = torch.arange(tokens, device=assignment.owner.device).expand(batch, -1)
    none = places.new_full((batch, assignment.num_merged), tokens)
    return none.scatter_reduce(1, assignment.owner, places, "amin")


def in_order(assignment: Assignment) -> Assignment:
    """The same merge, its tokens in the order of the first that went into each: ``[2 0 2 1] -> [0 1 0
    2]``."""
    rank = first_sources(assignment).argsort(dim=1, stable=True).argsort(dim=1)
    return Assignment(rank.gather(1, assignment.owner), assignment.num_merged)


def merged_size(size: Tensor, assignment: Assignment) -> Tensor:
    """How many patches are in each merged token: ``(batch tokens) -> (batch merged)``."""
    total = size.new_zeros(size.shape[0], assignment.num_merged)
    return total.scatter_add(1, assignment.owner, size)


def merge(values: Tensor, assignment: Assignment, *, size: Tensor) -> Tensor:
    """The mean of what goes together, weighted by size: ``(batch tokens width) -> (batch merged width)``.

    Sums are made in float32 or better: in half precision a mean of many tokens would drift. A stretch of the
    width at a time, so that no second copy of all values is held.
    """
    weight = size.to(torch.promote_types(values.dtype, torch.float32))
    whole = merged_size(weight, assignment)[..., None]
    return torch.cat([_merged(part, assignment, weight, whole) for part in in_chunks(values, dim=2)], dim=2)


def _merged(values: Tensor, assignment: Assignment, weight: Tensor, whole: Tensor) -> Tensor:
    total = weight.new_zeros(values.shape[0], assignment.num_merged, values.shape[2])
    where = assignment.owner[..., None].expand(values.shape)
    return (total.scatter_add(1, where, values * weight[..., None]) / whole).to(values.dtype)


def unmerge(merged: Tensor, assignment: Assignment) -> Tensor:
    """Gives every token what its merged one has: ``(batch merged width) -> (batch tokens width)``."""
    where = assignment.owner[..., None].expand(*assignment.owner.shape, merged.shape[2])
    return merged.gather(1, where)


def merged_span(start: Tensor, end: Tensor, assignment: Assignment) -> tuple[Tensor, Tensor]:
    """The earliest start and the latest end of what went together: ``(batch tokens) -> (batch merged)``,
    seconds."""
    empty = start.new_zeros(start.shape[0], assignment.num_merged)
    first = empty.scatter_reduce(1, assignment.owner, start, "amin", include_self=False)
    last = empty.scatter_reduce(1, assignment.owner, end, "amax", include_self=False)
    return first, last
