"""Merging across frames: tokens are linked to what they show in the next frame, wherever it moves.

After the tree-based spatiotemporal merging of FlashVID (2026): inside a segment of like frames, each token is
linked to the most similar token of the frame before, at any position, and a chain of links becomes its first
token, the anchor. What is still too much is clustered (:mod:`video_vlm.encoder.dpc_knn`).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from einops import rearrange
from torch import Tensor

from video_vlm.encoder.assignment import Assignment

__all__ = ["Links", "link_frames", "merge_trees"]


@dataclass(frozen=True, slots=True)
class Links:
    """For each token ``(batch frames positions)`` its best token in the frame before (a position there) and
    the cosine of the two; -inf where a segment begins."""

    parent: Tensor
    cosine: Tensor

    def natural_count(self, min_cosine: float) -> Tensor:
        """How many trees there are if all links above ``min_cosine`` are kept: ``(batch)``."""
        return (self.cosine <= min_cosine).flatten(1).sum(dim=1)


def link_frames(values: Tensor, *, segment_cosine: float = 0.9) -> Links:
    """Links between neighbouring frames of ``(batch frames positions width)``.

    A segment ends where the mean token of a frame and of the next differ: a cosine below ``segment_cosine``.
    """
    unit = torch.nn.functional.normalize(values.float(), dim=-1)
    cosine, parent = (unit[:, 1:] @ unit[:, :-1].transpose(2, 3)).max(dim=-1)
    mean = torch.nn.functional.normalize(values.float().mean(dim=2), dim=-1)
    same = (mean[:, 1:] * mean[:, :-1]).sum(dim=-1) >= segment_cosine
    cosine = cosine.masked_fill(~same[..., None], -torch.inf)
    return Links(_first_frame(parent, 0), _first_frame(cosine, -torch.inf))


def merge_trees(links: Links, *, num_tokens: int) -> Assignment:
    """Each token's anchor, when the strongest links are kept: ``(batch, frames x positions)``.

    ``num_tokens`` trees are left, more where segments begin so often that there are not links enough; the
    same number for all clips, so that a batch stays one tensor.
    """
    batch, frames, positions = links.parent.shape
    trees = max(num_tokens, int((links.cosine == -torch.inf).flatten(1).sum(dim=1).max()))
    trees = min(trees, frames * positions)
    strongest = links.cosine.flatten(1).argsort(dim=1, descending=True, stable=True)[
        :, : frames * positions - trees
    ]
    linked = torch.zeros(batch, frames * positions, dtype=torch.bool, device=links.parent.device)
    linked = rearrange(
        linked.scatter(1, strongest, value=True),
        "batch (frames positions) -> batch frames positions",
        frames=frames,
    )
    roots = _follow(links.parent, linked)
    rank = (~linked).flatten(1).cumsum(dim=1) - 1
    return Assignment(rank.gather(1, roots.flatten(1)), trees)


def _first_frame(later: Tensor, value: float) -> Tensor:
    """Puts a frame before the first, whose tokens have no parent."""
    return torch.nn.functional.pad(later, (0, 0, 1, 0), value=value)


def _follow(parent: Tensor, linked: Tensor) -> Tensor:
    """The anchor at the end of each token's chain of links, counted over all frames: ``(batch frames
    positions)``."""
    batch, frames, positions = parent.shape
    own = torch.arange(frames * positions, device=parent.device).view(frames, positions)
    roots = [own[0].expand(batch, positions)]
    for frame in range(1, frames):
        above = roots[-1].gather(1, parent[:, frame])
        roots.append(torch.where(linked[:, frame], above, own[frame]))
    return torch.stack(roots, dim=1)
