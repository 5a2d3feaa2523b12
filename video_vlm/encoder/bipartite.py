"""Merging inside a frame: bipartite soft matching (Bolya et al. 2023, "Token Merging", section 3).

Every other token is asked for the most similar one among the rest; the ``r`` most similar pairs become one
token each. Written from the paper.
"""

from __future__ import annotations

import torch
from einops import rearrange
from torch import Tensor

from video_vlm.encoder.assignment import Assignment, identity, merge, merged_size

__all__ = ["key_metric", "match_inside_frames", "match_tokens"]


def key_metric(keys: Tensor, *, num_heads: int) -> Tensor:
    """What tokens are compared by: their attention keys, the mean over heads.

    ``(batch tokens (heads width)) -> (batch tokens width)``
    """
    return rearrange(keys, "batch tokens (heads width) -> batch tokens heads width", heads=num_heads).mean(
        dim=2
    )


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
    place = torch.arange(tokens, device=going.device).repeat(batch, 1)
    leaving = num_protected + 2 * going + 1
    target = place.scatter(1, leaving, num_protected + 2 * nearest.gather(1, going))
    stays = torch.ones_like(place).scatter(1, leaving, 0)
    rank = stays.cumsum(dim=1) - 1  # stays = [1,1,0,1] -> rank = [0,1,1,2]
    return Assignment(rank.gather(1, target), tokens - r)


def match_inside_frames(values: Tensor, *, num_tokens: int) -> Assignment:
    """Matching round after round until ``num_tokens`` are left of ``(batch frames positions width)``.

    First all frames down to equally many, then one more from the frames with the likest pair. Below one token
    a frame, frames are matched as tokens are.
    """
    batch, frames, positions, _ = values.shape
    each = max(1, -(-num_tokens // frames))
    inside = _matched_down(values.flatten(0, 1), num_tokens=each)
    owner = rearrange(inside.owner, "(batch frames) positions -> batch frames positions", batch=batch)
    offset = each * torch.arange(frames, device=values.device)[:, None]
    assignment = Assignment((owner + offset).flatten(1), each * frames)
    excess = each * frames - num_tokens
    if excess < 1:
        return assignment
    size = torch.ones(batch, frames * positions, device=values.device)
    left = merge(values.flatten(1, 2), assignment, size=size)
    if each > 1:
        return assignment.then(_likest_pairs(left.unflatten(1, (frames, each)), num_frames=excess))
    return assignment.then(_matched_down(left, num_tokens=num_tokens, size=merged_size(size, assignment)))


def _matched_down(values: Tensor, *, num_tokens: int, size: Tensor | None = None) -> Assignment:
    """As many rounds as it takes: ``(batch tokens width)``."""
    batch, tokens, _ = values.shape
    size = torch.ones(batch, tokens, device=values.device) if size is None else size
    assignment, left = identity(batch, tokens, device=values.device), values
    while assignment.num_merged > num_tokens:
        step = match_tokens(left, r=assignment.num_merged - num_tokens)
        assignment = assignment.then(step)
        left = merge(values, assignment, size=size)
    return assignment


def _likest_pairs(values: Tensor, *, num_frames: int) -> Assignment:
    """One pair in each of the ``num_frames`` frames whose pair is the likest: ``(batch frames positions
    width)``."""
    batch, frames, positions, _ = values.shape
    unit = torch.nn.functional.normalize(values.float(), dim=-1)
    cosine, nearest = (unit[:, :, 1::2] @ unit[:, :, 0::2].transpose(2, 3)).max(dim=-1)
    closeness, going = cosine.max(dim=-1)  # batch frames pairs -> batch frames
    target = nearest.gather(2, going[..., None])[..., 0]
    chosen = closeness.argsort(dim=1, descending=True, stable=True)[:, :num_frames]
    place = torch.arange(frames * positions, device=values.device).repeat(batch, 1)
    leaving = positions * chosen + 2 * going.gather(1, chosen) + 1
    into = place.scatter(1, leaving, positions * chosen + 2 * target.gather(1, chosen))
    rank = torch.ones_like(place).scatter(1, leaving, 0).cumsum(dim=1) - 1
    return Assignment(rank.gather(1, into), frames * positions - num_frames)
