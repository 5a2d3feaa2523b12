"""Merging at each position over time, for fixed cameras: what does not change at a position becomes one
token.

Slides, screens and surveillance stand still almost everywhere. Each position gets its own optimal partition
of the time line, and the budget goes where a further cut saves most.
"""

from __future__ import annotations

import torch
from einops import rearrange
from torch import Tensor

from video_vlm.encoder.assignment import Assignment
from video_vlm.encoder.optimal_partition import gram, partition, stretch_errors

__all__ = ["merge_per_position"]


def merge_per_position(values: Tensor, *, num_tokens: int, tolerance: float | None = 0.0) -> Assignment:
    """Which tokens of ``(batch frames positions width)`` become one, each with others of its own position.

    Exactly ``num_tokens`` are left (at least one for each position), fewer where the whole batch can do with
    fewer: where a further cut would save no more than ``tolerance`` of a token's mean energy. None spends
    them all.
    """
    batch, frames, positions, _ = values.shape
    lines = rearrange(values, "batch frames positions width -> (batch positions) frames width")
    cuts = partition(
        stretch_errors(gram(lines), torch.ones(lines.shape[:2], device=values.device)), max_count=frames
    )
    # What each further cut saves, never more than the one before it.
    savings = (cuts.errors[:, :-1] - cuts.errors[:, 1:]).clamp_min(0).cummin(dim=1).values
    savings = rearrange(savings, "(batch positions) cuts -> batch positions cuts", batch=batch)
    energy = values.float().square().sum(dim=-1).mean(dim=(1, 2)).double()
    floor = torch.full_like(energy, -torch.inf) if tolerance is None else tolerance * energy
    counts = _spend(savings, num_cuts=max(num_tokens, positions) - positions, floor=floor)
    owner = rearrange(
        cuts.owner(counts.flatten()), "(batch positions) frames -> batch positions frames", batch=batch
    )
    offset = counts.cumsum(dim=1) - counts
    owner = rearrange(owner + offset[..., None], "batch positions frames -> batch (frames positions)")
    return Assignment(owner, int(counts[0].sum()))


def _spend(savings: Tensor, *, num_cuts: int, floor: Tensor) -> Tensor:
    """How many tokens each position gets, ``(batch positions cuts) -> (batch positions)``: the best cuts of a
    clip.

    All clips make the same number of cuts, the number that the one with most cuts above ``floor`` needs.
    """
    batch, positions, cuts = savings.shape
    flat = savings.flatten(1)
    worth = int((flat > floor[:, None]).sum(dim=1).max())
    best = flat.argsort(dim=1, descending=True, stable=True)[:, : min(num_cuts, worth)]
    chosen = torch.zeros_like(flat, dtype=torch.int64).scatter(1, best, 1)
    return chosen.view(batch, positions, cuts).sum(dim=2) + 1
