"""Time-stamped tokens: the output of the encoder, and the input and output of mergers."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from einops import rearrange, repeat
from torch import Tensor

from video_vlm.encoder.assignment import Assignment, identity, merge, merged_size, merged_span

__all__ = ["Tokens", "frame_spans", "patch_tokens"]


@dataclass(frozen=True, slots=True)
class Tokens:
    """Tokens that know what they are made of.

    ``values`` is ``(batch tokens width)``; ``size`` the number of patches in each, ``(batch tokens)``;
    ``start`` and ``end`` its span on the video's clock in seconds, ``[start, end)``, float64; ``patches``
    says which token each source patch ``(batch, frames x positions)`` went into.
    """

    values: Tensor
    size: Tensor
    start: Tensor
    end: Tensor
    patches: Assignment

    @property
    def num_tokens(self) -> int:
        return self.values.shape[1]

    def merged(self, assignment: Assignment) -> Tokens:
        """These tokens after one more merge; sizes, spans and provenance follow."""
        start, end = merged_span(self.start, self.end, assignment)
        return Tokens(
            merge(self.values, assignment, size=self.size),
            merged_size(self.size, assignment),
            start,
            end,
            self.patches.then(assignment),
        )


def frame_spans(seconds: Tensor, *, end_seconds: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """The stretch each frame stands for, ``(batch frames) -> 2 x (batch frames)``: until the next one.

    The last one lasts until ``end_seconds`` ``(batch)``; without it, as long as the one before it, and a
    single frame is an instant.
    """
    if end_seconds is None:
        step = seconds[:, -1:] - seconds[:, -2:-1] if seconds.shape[1] > 1 else torch.zeros_like(seconds)
        last = seconds[:, -1:] + step
    else:
        last = end_seconds[:, None].to(seconds)
    return seconds, torch.cat((seconds[:, 1:], last), dim=1)


def patch_tokens(values: Tensor, seconds: Tensor, *, end_seconds: Tensor | None = None) -> Tokens:
    """Every patch as a token of its own: ``(batch frames positions width)``, times ``(batch frames)``."""
    batch, frames, positions, _ = values.shape
    start, end = frame_spans(seconds.double(), end_seconds=end_seconds)
    each = "batch frames -> batch (frames positions)"
    return Tokens(
        rearrange(values, "batch frames positions width -> batch (frames positions) width"),
        torch.ones(batch, frames * positions, device=values.device),
        repeat(start, each, positions=positions),
        repeat(end, each, positions=positions),
        identity(batch, frames * positions, device=values.device),
    )
