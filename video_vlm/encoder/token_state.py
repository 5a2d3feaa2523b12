"""The state of the tokens of a batch of clips between two blocks of the encoder, and how merging
changes it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from einops import rearrange, repeat
from torch import Tensor

from video_vlm.encoder.assignment import Assignment, identity, merge, merged_size, merged_span
from video_vlm.encoder.tokens import Tokens, frame_spans

__all__ = ["TokenState", "begin", "folded", "patch_tokens_of", "thinned"]


@dataclass(frozen=True, slots=True)
class TokenState:
    """All that is known of tokens on their way through the tower, but their values.

    ``size`` ``(batch frames tokens)`` in patches of one frame;
    ``weight`` ``(batch frames)`` in frames of the clip; ``seconds`` (the mean time), ``start`` and ``end``
    ``(batch frames)``; ``folded`` says which frame each frame of the clip went into, ``where``
    ``(batch frames positions)`` which token of its frame each position did.
    """

    size: Tensor
    weight: Tensor
    seconds: Tensor
    start: Tensor
    end: Tensor
    folded: Assignment
    where: Tensor

    @property
    def bias(self) -> Tensor | None:
        """What makes a merged token count as often as it has patches, ``((batch frames) tokens)``; None if
        none has."""
        if self.size.shape[2] == self.where.shape[2]:
            return None
        return rearrange(self.size, "batch frames tokens -> (batch frames) tokens").log()


def begin(seconds: Tensor, *, num_positions: int, end_seconds: Tensor | None = None) -> TokenState:
    """The stage before the first block: every position a token, every frame its own."""
    (batch, frames), device = seconds.shape, seconds.device
    start, end = frame_spans(seconds.double(), end_seconds=end_seconds)
    places = torch.arange(num_positions, device=device)
    return TokenState(
        torch.ones(batch, frames, num_positions, device=device),
        torch.ones(batch, frames, device=device),
        seconds.double(),
        start,
        end,
        identity(batch, frames, device=device),
        repeat(places, "positions -> batch frames positions", batch=batch, frames=frames),
    )


def folded(stage: TokenState, assignment: Assignment) -> TokenState:
    """Frames that became one, as ``merge_frames`` said, position by position; no tokens of a frame may be
    merged yet."""
    start, end = merged_span(stage.start, stage.end, assignment)
    kept = slice(None, assignment.num_merged)
    return TokenState(
        stage.size[:, kept],
        merged_size(stage.weight, assignment),
        merge(stage.seconds[..., None], assignment, size=stage.weight)[..., 0],
        start,
        end,
        stage.folded.then(assignment),
        stage.where[:, kept],
    )


def thinned(stage: TokenState, assignment: Assignment) -> TokenState:
    """Tokens that became one inside their frames: ``assignment`` is for ``(batch frames)`` as one batch."""
    frames = "batch frames tokens -> (batch frames) tokens"
    size = merged_size(rearrange(stage.size, frames), assignment)
    where = assignment.owner.gather(1, rearrange(stage.where, frames))
    return replace(stage, size=size.unflatten(0, stage.weight.shape), where=where.reshape(stage.where.shape))


def patch_tokens_of(stage: TokenState, last: Tensor, *, num_prefix: int) -> Tokens:
    """The tokens of patches, ``last`` being the tower's last values ``(batch frames tokens width)``."""
    batch, _, tokens, _ = last.shape
    each = "batch frames -> batch (frames tokens)"
    start, end = (repeat(time, each, tokens=tokens - num_prefix) for time in (stage.start, stage.end))
    size = stage.size[:, :, num_prefix:] * stage.weight[..., None]
    # Which of all patch tokens, frame after frame, each position went into: ``(batch frames positions)``.
    frames, num_patches = stage.size.shape[1], stage.size.shape[2] - num_prefix
    offset = num_patches * torch.arange(frames, device=stage.where.device)
    places = stage.where[:, :, num_prefix:] - num_prefix + offset[:, None]
    owner = places.gather(1, stage.folded.owner[..., None].expand(-1, -1, places.shape[2]))
    return Tokens(
        rearrange(last[:, :, num_prefix:], "batch frames tokens width -> batch (frames tokens) width"),
        rearrange(size, "batch frames tokens -> batch (frames tokens)"),
        start,
        end,
        Assignment(owner.reshape(batch, -1), last.shape[1] * (tokens - num_prefix)),
    )
