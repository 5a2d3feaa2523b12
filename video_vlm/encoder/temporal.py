"""Attention over time at each position, with times in seconds, behind a gate that starts at 0.

Divided space-time attention (Bertasius et al. 2021, "Is Space-Time Attention All You Need?"): a token looks
at the same position in all frames; looking around inside a frame stays with the tower. Times are the clock's
own seconds, counted from the clip's first frame, so that an uneven choice of frames is no other film. How far
two frames are apart also lowers their score directly, as in ALiBi (Press et al. 2022), but in seconds and
apart for past and future: half of the heads start out looking back, half looking ahead.
"""

from __future__ import annotations

import math

import torch
from einops import rearrange, repeat
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

from video_vlm.encoder.chunking import in_chunks

__all__ = ["TemporalAttention", "TimeBias", "TimeEncoding", "TimePosition", "seconds_to_waves"]

SHORTEST_SECONDS, LONGEST_SECONDS = 0.25, 4096.0
"""Periods of the waves that tell time: from less than a step between frames to more than an hour."""


def seconds_to_waves(seconds: Tensor, *, num_waves: int) -> Tensor:
    """Sines and cosines of time, ``(...) -> (... 2*num_waves)`` float32, periods in geometric steps."""
    periods = torch.logspace(
        math.log10(SHORTEST_SECONDS), math.log10(LONGEST_SECONDS), num_waves, dtype=torch.float64
    ).to(seconds.device)
    angle = 2 * math.pi * seconds.double()[..., None] / periods
    return torch.cat((angle.sin(), angle.cos()), dim=-1).float()


class TimeEncoding(nn.Module):
    """Seconds as vectors, ``(batch frames) -> (batch frames width)``: learned from
    :func:`seconds_to_waves`."""

    def __init__(self, width: int, *, num_waves: int = 24) -> None:
        super().__init__()
        self.num_waves = num_waves
        self.project = nn.Linear(2 * num_waves, width)

    def forward(self, seconds: Tensor) -> Tensor:
        waves = seconds_to_waves(seconds - seconds[:, :1], num_waves=self.num_waves)
        encoded: Tensor = self.project(waves.to(self.project.weight.dtype))
        return encoded


class TimePosition(nn.Module):
    """Adds each frame's time to its tokens, ``(batch frames tokens width)``, behind a gate."""

    def __init__(self, width: int, *, initial_gate: float = 0.0) -> None:
        super().__init__()
        self.encode = TimeEncoding(width)
        self.gate = nn.Parameter(torch.full((1,), initial_gate))

    def forward(self, values: Tensor, seconds: Tensor) -> Tensor:
        timed: Tensor = values + self.gate * self.encode(seconds)[:, :, None]
        return timed


class TimeBias(nn.Module):
    """What distance in time takes from attention's scores: ``(batch frames) -> (batch heads queries keys)``.

    Each head has a rate for the past and one for the future, in units per second. Pairs of heads start at
    half a second, four, thirty-two and so on, one head of a pair looking back and the other ahead; all rates
    are learned.
    """

    def __init__(self, num_heads: int) -> None:
        super().__init__()
        scale = 0.5 * 8.0 ** torch.arange((num_heads + 1) // 2).repeat_interleave(2)[:num_heads]
        looks_back = torch.arange(num_heads) % 2 == 0
        along, against = 1 / scale, 16 / scale
        self.log_past = nn.Parameter(torch.where(looks_back, along, against).log())
        self.log_future = nn.Parameter(torch.where(looks_back, against, along).log())

    def forward(self, seconds: Tensor) -> Tensor:
        ahead = (seconds[:, None, None, :] - seconds[:, None, :, None]).float()
        past, future = (rate.exp()[:, None, None] for rate in (self.log_past, self.log_future))
        bias: Tensor = -(future * ahead.clamp_min(0) + past * (-ahead).clamp_min(0))
        return bias


class TemporalAttention(nn.Module):
    """A residual over time for tokens ``(batch frames tokens width)``.

    ``where`` ``(batch frames positions)`` says which token of its frame stands for each position, so that
    tokens that were merged inside their frames still meet position by position: projections run on the few
    merged tokens, only the attention itself on all positions.

    The attention itself is ``reduction`` times narrower than the tokens (as adapters are): what is asked
    along time takes fewer numbers than what is shown in a picture, and costs less.
    """

    def __init__(self, width: int, *, num_heads: int, reduction: int = 1, initial_gate: float = 0.0) -> None:
        super().__init__()
        self.num_heads = num_heads
        inner = num_heads * max(1, width // (num_heads * reduction))
        self.norm = nn.LayerNorm(width)
        self.time = TimeEncoding(width)
        self.distance = TimeBias(num_heads)
        self.query_key_value = nn.Linear(width, 3 * inner)
        self.out = nn.Linear(inner, width)
        self.gate = nn.Parameter(torch.full((1,), initial_gate))

    @property
    def is_closed(self) -> bool:
        """Whether the gate is 0 and nothing is trained: the layer then adds nothing and is skipped."""
        return not self.training and not bool(self.gate.any())

    def forward(
        self, values: Tensor, seconds: Tensor, *, where: Tensor | None = None, in_place: bool = False
    ) -> Tensor:
        """Adds self-attention along time at each position: ``(batch frames tokens width)`` at ``seconds``
        ``(batch frames)``.

        Where tokens were merged, ``where`` ``(batch frames positions)`` says which token each position went
        into. ``in_place`` writes over ``values`` where no gradient is needed, so that a long clip is held
        once.
        """
        if self.is_closed:
            return values
        if where is not None or torch.is_grad_enabled():
            return self._look(values, seconds, where)
        looked = values if in_place else torch.empty_like(values)
        for part, place in zip(
            in_chunks(values, dim=2), in_chunks(looked, dim=2), strict=True
        ):  # positions by themselves
            place.copy_(self._look(part, seconds, None))
        return looked

    def _look(self, values: Tensor, seconds: Tensor, where: Tensor | None) -> Tensor:
        timed = self.norm(values) + self.time(seconds)[:, :, None]
        projected = self.query_key_value(timed)
        if where is not None:  # batch frames tokens width -> batch frames positions width
            projected = projected.gather(2, where[..., None].expand(*where.shape, projected.shape[3]))
        seen = self._attend(projected, self.distance(seconds))
        if where is not None:
            # The mean over each token's positions: batch frames positions width -> batch frames tokens width
            shape = values.shape[:3]
            total = seen.new_zeros(*shape, seen.shape[3])
            total = total.scatter_add(2, where[..., None].expand_as(seen), seen)
            count = seen.new_zeros(shape).scatter_add(2, where, torch.ones_like(seen[..., 0]))
            seen = total / count.clamp_min(1)[..., None]
        looked: Tensor = values + self.gate * self.out(seen)
        return looked

    def _attend(self, projected: Tensor, bias: Tensor) -> Tensor:
        query, key, value = rearrange(
            projected,
            "batch frames positions (part heads width) -> part (batch positions) heads frames width",
            part=3,
            heads=self.num_heads,
        )
        mask = repeat(
            bias.to(query.dtype),
            "batch heads queries keys -> (batch positions) heads queries keys",
            positions=projected.shape[2],
        )
        seen = scaled_dot_product_attention(query, key, value, attn_mask=mask)
        return rearrange(
            seen,
            "(batch positions) heads frames width -> batch frames positions (heads width)",
            positions=projected.shape[2],
        )
