"""Merging over time of whole frames: neighbours that look alike become one, position by position.

Folding early is what saves most: every later layer then runs on fewer frames. Which neighbours go together is
decided per clip, by the partition that loses least: a still minute costs one frame, a sudden event keeps its
own.
"""

from __future__ import annotations

import torch
from einops import rearrange
from torch import Tensor

from video_vlm.encoder.assignment import Assignment, identity
from video_vlm.encoder.optimal_partition import energy, gram, partition, stretch_errors

__all__ = ["merge_frames"]


def merge_frames(*values: Tensor, weight: Tensor, num_frames: int, tolerance: float = 0.0) -> Assignment:
    """Which frames become one, ``(batch frames tokens width)``, so that ``num_frames`` are left.

    The tokens of the frames may come in several tensors. ``weight`` ``(batch frames)`` is how many frames
    each already stands for. Fewer are left where the whole batch can do with fewer: where what is lost is at
    most ``tolerance`` of the clip's own mean energy.
    """
    batch, frames = weight.shape
    if num_frames >= frames and tolerance <= 0:
        return identity(batch, frames, device=weight.device)
    flat = [
        rearrange(some.detach(), "batch frames tokens width -> batch frames (tokens width)")
        for some in values
    ]
    inner = sum((gram(some) for some in flat), start=torch.zeros_like(weight[0, 0], dtype=torch.float64))
    cuts = partition(stretch_errors(inner, weight), max_count=min(num_frames, frames))
    whole = torch.stack([energy(some).mean(dim=1) for some in flat]).sum(dim=0) * weight.double().sum(dim=1)
    enough = cuts.errors <= tolerance * whole[:, None]
    counts = torch.where(enough.any(dim=1), enough.int().argmax(dim=1) + 1, cuts.errors.shape[1])
    count = int(counts.max())
    return Assignment(cuts.owner(torch.full_like(counts, count)), count)
