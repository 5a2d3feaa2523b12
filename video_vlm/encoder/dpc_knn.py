"""Clusters tokens down to a number by density peaks among k nearest neighbours (DPC-kNN).

A centre is dense and far from anything denser (Rodriguez and Laio 2014; with k nearest neighbours, Du et al.
2016).
"""

from __future__ import annotations

import torch
from torch import Tensor

from video_vlm.encoder.assignment import Assignment, identity

__all__ = ["cluster_tokens"]


def cluster_tokens(values: Tensor, *, num_tokens: int, num_neighbours: int = 7) -> Assignment:
    """Which of ``num_tokens`` centres each token is nearest to: ``(batch tokens width)``.

    Every centre keeps at least itself, so that none of the clusters is empty.
    """
    batch, tokens, width = values.shape
    if num_tokens >= tokens:
        return identity(batch, tokens, device=values.device)
    distance = torch.cdist(values.float(), values.float()) / width**0.5
    density = _density(distance, num_neighbours)
    denser = density[:, None, :] > density[:, :, None]
    nearest = distance.masked_fill(~denser, torch.inf).amin(dim=2)
    # For the densest token, the distance to the farthest one.
    score = density * torch.where(nearest.isinf(), distance.amax(dim=(1, 2))[:, None], nearest)
    centres = score.argsort(dim=1, descending=True, stable=True)[:, :num_tokens].sort(dim=1).values
    owner = distance.gather(2, centres[:, None].expand(-1, tokens, -1)).argmin(dim=2)
    rank = torch.arange(num_tokens, device=values.device).expand(batch, -1)
    return Assignment(owner.scatter(1, centres, rank), num_tokens)


def _density(distance: Tensor, num_neighbours: int) -> Tensor:
    """``(batch tokens tokens) -> (batch tokens)``, ties broken by place."""
    count = min(num_neighbours, distance.shape[1])
    density = (-distance.topk(count, dim=2, largest=False).values.square().mean(dim=2)).exp()
    return density - 1e-6 * torch.arange(distance.shape[1], device=distance.device) / distance.shape[1]
