"""Two scales of one video fused per segment: a dense short clip looks at a sparse long one.

Both go through the same encoder. The dense clip sees what happens in a segment, the sparse one what the
segment is part of; the second is let in behind a gate that starts closed.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from video_vlm.encoder.compression import CrossAttention
from video_vlm.encoder.temporal import TimeEncoding
from video_vlm.encoder.video import Encoding

__all__ = ["ScaleFusion"]


class ScaleFusion(nn.Module):
    """One vector a segment, ``(segments width)``: its own dense clip's, and what that finds in the long one.

    Times of both scales are told as distances from the segment's middle, so that the long clip is seen from
    where the segment is: before, at it, after.
    """

    def __init__(self, width: int, *, num_heads: int = 8, initial_gate: float = 0.0) -> None:
        super().__init__()
        self.look = CrossAttention(width, num_heads=num_heads)
        self.time = TimeEncoding(width)
        self.gate = nn.Parameter(torch.full((1,), initial_gate))

    def forward(self, segments: Encoding, whole: Encoding) -> Tensor:
        """The fused vectors ``(segments width)``: ``segments`` is a batch of dense clips of one video,
        ``whole`` a batch of one, its sparse clip."""
        dense = segments.clip
        here = ((segments.start[:, :1] + segments.end[:, -1:]) / 2).expand(-1, whole.frames.shape[1])
        there = ((whole.start + whole.end) / 2).expand_as(here)
        away = torch.nn.functional.pad(there - here, (1, 0))  # TimeEncoding counts from the first
        context = whole.frames + self.time(away)[:, 1:]
        bias = whole.weight.log().expand(len(dense), -1)
        fused: Tensor = dense + self.gate * self.look(dense[:, None], context, bias=bias)[:, 0]
        return fused
