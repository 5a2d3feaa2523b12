"""The losses of training: agreement of clips and captions, and of frames with the order of events.

``similarity`` is ``(clips captions)``, the cosine of each with each; the pairs that belong together are the
diagonal.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, logsigmoid, normalize, softplus

__all__ = ["arrow_of_time_loss", "clip_loss", "order_loss", "siglip_loss", "similarities"]


def similarities(clips: Tensor, captions: Tensor) -> Tensor:
    """Cosines of every clip with every caption: ``(clips width), (captions width) -> (clips captions)``."""
    return normalize(clips.float(), dim=-1) @ normalize(captions.float(), dim=-1).T


def clip_loss(similarity: Tensor, *, scale: Tensor | float = 100.0) -> Tensor:
    """Each clip finds its caption among all, and each caption its clip (Radford et al. 2021): softmax, both
    ways."""
    own = torch.arange(len(similarity), device=similarity.device)
    return (cross_entropy(scale * similarity, own) + cross_entropy(scale * similarity.T, own)) / 2


def siglip_loss(similarity: Tensor, *, scale: Tensor | float = 10.0, bias: Tensor | float = -10.0) -> Tensor:
    """Each pair is judged by itself, together or not (Zhai et al. 2023): sigmoid, summed over captions."""
    together = 2 * torch.eye(len(similarity), device=similarity.device) - 1
    return -logsigmoid(together * (scale * similarity + bias)).sum(dim=1).mean()


def arrow_of_time_loss(forwards: Tensor, backwards: Tensor) -> Tensor:
    """A clip must seem to go forwards more than its reverse does: two scores ``(clips)``, after Wei et al.
    2018."""
    return softplus(backwards - forwards).mean()


def order_loss(own: Tensor, reversed_clip: Tensor, *, scale: Tensor | float = 10.0) -> Tensor:
    """A caption must fit its clip better than the same clip in the wrong order: two cosines ``(clips)``."""
    return softplus(scale * (reversed_clip - own)).mean()
