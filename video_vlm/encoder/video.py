"""The video encoder: an image tower with attention along time and merging between its blocks.

Between the tower's own blocks, frames that look alike are folded into one, tokens look along time, and tokens
that look alike inside a frame become one. Each of these is off unless asked for, and with all of them off the
result is the tower's, bit for bit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import torch
from einops import rearrange
from torch import Tensor, nn

from video_vlm.encoder.assignment import Assignment, merge
from video_vlm.encoder.bipartite import key_metric, match_tokens
from video_vlm.encoder.frame_merge import merge_frames
from video_vlm.encoder.image_tower import Tower
from video_vlm.encoder.temporal import TemporalAttention, TimePosition
from video_vlm.encoder.token_state import TokenState, begin, folded, patch_tokens_of, thinned
from video_vlm.encoder.tokens import Tokens

__all__ = ["EncoderSettings", "Encoding", "Fold", "VideoEncoder"]

_STRIPS = 8
"""The strips a long clip is folded in: of the folded copy only one strip is held at a time."""


@dataclass(frozen=True, slots=True)
class Fold:
    """Before block ``depth``, leave one frame in ``factor``."""

    depth: int
    factor: float

    def __post_init__(self) -> None:
        if self.depth < 0 or self.factor < 1:
            raise ValueError(f"a fold needs depth >= 0 and factor >= 1, got {self.depth} and {self.factor}")


@dataclass(frozen=True, slots=True)
class EncoderSettings:
    """How frames and tokens are mixed and merged between the blocks of the tower."""

    temporal_depths: tuple[int, ...] = ()
    """Blocks in front of which tokens look along time."""
    temporal_reduction: int = 4
    """How many times narrower than the tower the attention along time is."""
    initial_gate: float = 0.0
    """The weight of that attention before training; 0 leaves the tower as it is."""
    time_position: bool = False
    """Whether the first block is told each frame's time."""
    folds: tuple[Fold, ...] = ()
    tolerance: float = 0.0
    """Fold further where no more than this share of a clip's energy is lost."""
    r: int = 0
    """Tokens removed from each frame by each block from ``r_from`` on."""
    r_from: int = 0
    frames_at_once: int = 2
    """The tower runs on this many frames at a time."""

    def __post_init__(self) -> None:
        if self.temporal_reduction < 1:
            raise ValueError(f"temporal_reduction must be 1 or more, got {self.temporal_reduction}")
        if self.r < 0 or self.r_from < 0 or self.frames_at_once < 1 or self.tolerance < 0:
            raise ValueError(
                f"r, r_from and tolerance must not be negative, nor frames_at_once below 1: {self}"
            )
        if self.r and any(fold.depth > self.r_from for fold in self.folds):
            raise ValueError(
                "frames are folded position by position: fold before tokens merge inside frames (r_from)"
            )


@dataclass(frozen=True, slots=True)
class Encoding:
    """A batch of clips, encoded.

    ``tokens`` are those of patches (no class token); ``frames`` ``(batch frames width)`` is one vector for
    each frame left, which stands for ``[start, end)`` and ``weight`` frames of the clip.
    """

    tokens: Tokens
    frames: Tensor
    start: Tensor
    end: Tensor
    weight: Tensor

    @property
    def clip(self) -> Tensor:
        """One vector a clip, ``(batch width)``: the mean over its time."""
        share = self.weight / self.weight.sum(dim=1, keepdim=True)
        return torch.einsum("bfw,bf->bw", self.frames, share.to(self.frames.dtype))


class VideoEncoder(nn.Module):
    """Frames with their times in, time-stamped tokens and vectors out.

    Args:
        tower: For pictures; its weights are used unchanged.
        settings: What happens between its blocks.
    """

    def __init__(self, tower: Tower, settings: EncoderSettings | None = None) -> None:
        super().__init__()
        self.tower = tower
        self.settings = settings or EncoderSettings()
        gate = self.settings.initial_gate
        self.time_position = (
            TimePosition(tower.width, initial_gate=gate) if self.settings.time_position else None
        )
        self.temporal = nn.ModuleDict(
            {
                str(depth): TemporalAttention(
                    tower.width,
                    num_heads=tower.num_heads,
                    reduction=self.settings.temporal_reduction,
                    initial_gate=gate,
                )
                for depth in self.settings.temporal_depths
            }
        )

    def forward(self, pictures: Tensor, seconds: Tensor, *, end_seconds: Tensor | None = None) -> Encoding:
        """Encode clips.

        Args:
            pictures: ``(batch frames channels height width)``, normalised for the tower.
            seconds: ``(batch frames)``, each frame's time on the video's clock, ascending.
            end_seconds: ``(batch)``, where the last frame's stretch ends; a step after it if not given.
        """
        seconds = seconds.to(pictures.device)
        strips = self._embed(pictures, seconds)
        positions = sum(strip.shape[2] for strip in strips)
        stage = begin(seconds, num_positions=positions, end_seconds=end_seconds)
        for depth in range(len(self.tower.blocks)):
            stage, values = self._fold(stage, strips, depth)
            if str(depth) in self.temporal:
                where = None if stage.bias is None else stage.where
                values = self.temporal[str(depth)](values, stage.seconds, where=where, in_place=True)
            stage, values = self._block(stage, values, depth)
            strips = [values]
        return self._finish(stage, values)

    def _embed(self, pictures: Tensor, seconds: Tensor) -> list[Tensor]:
        """What goes into the first block, ``(batch frames tokens width)`` or strips of that.

        Where frames are folded before it, each strip of positions is a tensor of its own, freed one by one.
        """
        flat = pictures.flatten(0, 1)
        count = _STRIPS if any(fold.depth == 0 for fold in self.settings.folds) else 1

        def embed(some: slice) -> tuple[Tensor, ...]:
            return self.tower.embed(flat[some]).chunk(count, dim=1)

        strips = [strip.unflatten(0, pictures.shape[:2]) for strip in self._in_parts(len(flat), embed)]
        if self.time_position is None:
            return strips
        return [self.time_position(strip, seconds) for strip in _drained(strips)]

    def _fold(self, stage: TokenState, strips: list[Tensor], depth: int) -> tuple[TokenState, Tensor]:
        """The tokens of a clip in one tensor, folded at the depths of the settings; frees ``strips`` on the
        way."""
        for fold in self.settings.folds:
            if fold.depth == depth:
                weight, kept = stage.weight, max(1, round(stage.weight.shape[1] / fold.factor))
                which = merge_frames(
                    *strips, weight=weight, num_frames=kept, tolerance=self.settings.tolerance
                )
                if which.num_merged < weight.shape[1]:
                    strips = [_merge_frames(strip, which, weight) for strip in _drained(strips)]
                    stage = folded(stage, which)
        return stage, strips.pop() if len(strips) == 1 else torch.cat(strips, dim=2)

    def _block(self, stage: TokenState, values: Tensor, depth: int) -> tuple[TokenState, Tensor]:
        shape, tokens = values.shape[:2], values.flatten(0, 1)
        if not self.settings.r or depth < self.settings.r_from:
            return stage, self._run(depth, tokens, stage.bias).unflatten(0, shape)
        with self.tower.keys_of(depth, partial(key_metric, num_heads=self.tower.num_heads)) as metrics:
            out = self._run(depth, tokens, stage.bias)
        which = match_tokens(torch.cat(metrics), r=self.settings.r, num_protected=self.tower.num_prefix)
        thinner = merge(out, which, size=stage.size.flatten(0, 1))
        return thinned(stage, which), thinner.unflatten(0, shape)

    def _run(self, depth: int, tokens: Tensor, bias: Tensor | None) -> Tensor:
        def block(some: slice) -> tuple[Tensor]:
            return (self.tower.block(depth, tokens[some], bias=None if bias is None else bias[some]),)

        return self._in_parts(len(tokens), block, over=(tokens,))[0]

    def _finish(self, stage: TokenState, values: Tensor) -> Encoding:
        shape, tokens, bias = values.shape[:2], values.flatten(0, 1), stage.bias

        def finish(some: slice) -> tuple[Tensor, Tensor]:
            return self.tower.finish(tokens[some], bias=None if bias is None else bias[some])

        last, vectors = (
            each.unflatten(0, shape) for each in self._in_parts(len(tokens), finish, over=(tokens,))
        )
        patches = patch_tokens_of(stage, last, num_prefix=self.tower.num_prefix)
        return Encoding(patches, vectors, stage.start, stage.end, stage.weight)

    def _in_parts(
        self, count: int, run: Callable[[slice], Sequence[Tensor]], *, over: Sequence[Tensor] = ()
    ) -> list[Tensor]:
        """``run`` on some frames at a time, each of its results one after the other.

        Where nothing is learned they are written ``over`` what they were made from, so that a long clip is
        held once.
        """
        step = self.settings.frames_at_once
        parts = [slice(start, start + step) for start in range(0, count, step)]
        if torch.is_grad_enabled():
            return [torch.cat(done) for done in zip(*map(run, parts), strict=True)]
        whole: list[Tensor] = []
        for some in parts:
            done = run(some)
            whole = whole or [*over, *(each.new_empty(count, *each.shape[1:]) for each in done[len(over) :])]
            for room, each in zip(whole, done, strict=True):
                room[some] = each
        return whole


def _drained(items: list[Tensor]) -> Iterator[Tensor]:
    """One after the other, held no longer here."""
    while items:
        yield items.pop(0)


def _merge_frames(values: Tensor, which: Assignment, weight: Tensor) -> Tensor:
    """Frames that become one, position by position: ``(batch frames tokens width)``."""
    flat = rearrange(values, "batch frames tokens width -> batch frames (tokens width)")
    merged: Tensor = merge(flat, which, size=weight).unflatten(2, values.shape[2:])
    return merged
