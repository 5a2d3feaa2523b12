"""Merging inside a frame: bipartite soft matching (Bolya et al. 2023, "Token Merging", section 3).

Every other token is asked for the most similar one among the rest; the ``r`` most similar pairs become one
token each. Written from the paper.
"""

from __future__ import annotations

import torch
from einops import rearrange
from torch import Tensor

from video_vlm.encoder.assignment import Assignment, identity

__all__ = ["key_metric", "match_tokens"]


def key_metric(keys: Tensor, *, num_heads: int) -> Tensor:
    """What tokens are compared by: their attention keys, the mean over heads.

    ``(batch tokens (heads width)) -> (batch tokens width)``
    """
    return rearrange(keys, "batch tokens (heads width) -> batch tokens heads width", heads=num_heads).mean(dim=2)


def match_tokens(metric: Tensor, *, r: int, num_protected: int = 0) -> Assignment:
    """Which tokens merge when ``r`` are to go, by cosine of ``metric`` ``(batch tokens width)``.

    At most half of the unprotected tokens can go at once; those that stay keep their order. The first
    ``num_protected`` tokens (a class token) neither go nor receive.
    """
    batch, tokens, _ = metric.shape
    r = min(r, (tokens - num_protected) // 2)
    if r < 1:
        return identity(batch, tokens, device=metric.device)
    unit = torch.nn.functional.normalize(metric[:, num_protected:].float(), dim=-1)
    # From the odd places into the even ones, so that an odd token out is one that receives.
    similarity = unit[:, 1::2] @ unit[:, 0::2].transpose(1, 2)
    closeness, nearest = similarity.max(dim=-1)
    going = closeness.argsort(dim=-1, descending=True, stable=True)[:, :r]
    return _assign(going, nearest, tokens=tokens, num_protected=num_protected)


def _assign(going: Tensor, nearest: Tensor, *, tokens: int, num_protected: int) -> Assignment:
    """``going`` are places among the odd tokens, ``nearest`` places among the even ones."""
    batch, r = going.shape
    place = torch.arange(tokens, device=going.device).repeat(batch, 1)
    leaving = num_protected + 2 * going + 1
    target = place.scatter(1, leaving, num_protected + 2 * nearest.gather(1, going))
    stays = torch.ones_like(place).scatter(1, leaving, 0)
    rank = stays.cumsum(dim=1) - 1  # stays = [1,1,0,1] -> rank = [0,1,1,2]
    return Assignment(rank.gather(1, target), tokens - r)
