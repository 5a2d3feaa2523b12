"""Compression to a fixed number of tokens by learned queries that attend to all of a clip's tokens.

A Q-Former-style reader (Li et al. 2023, "BLIP-2"; the idea of Perceiver, Jaegle et al. 2021): the queries
look at each other, then at the tokens, and what comes out is as long as there are queries, whatever goes in.
"""

from __future__ import annotations

import torch
from einops import rearrange, repeat
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

from video_vlm.encoder.temporal import TimeEncoding
from video_vlm.encoder.tokens import Tokens

__all__ = ["Compressor", "CrossAttention"]


class CrossAttention(nn.Module):
    """Queries look at a context: ``(batch queries width), (batch tokens width) -> (batch queries width)``.

    ``bias`` ``(batch tokens)`` is added to the scores of the tokens looked at, e.g. the logarithm of their
    size.
    """

    def __init__(self, width: int, *, num_heads: int) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.query_norm, self.context_norm = nn.LayerNorm(width), nn.LayerNorm(width)
        self.query = nn.Linear(width, width)
        self.key_value = nn.Linear(width, 2 * width)
        self.out = nn.Linear(width, width)

    def forward(self, queries: Tensor, context: Tensor, *, bias: Tensor | None = None) -> Tensor:
        key, value = self.key_value(self.context_norm(context)).chunk(2, dim=-1)
        mask = None if bias is None else bias[:, None, None].to(queries.dtype)
        asked, key, value = (
            rearrange(each, "batch tokens (heads width) -> batch heads tokens width", heads=self.num_heads)
            for each in (self.query(self.query_norm(queries)), key, value)
        )
        seen = scaled_dot_product_attention(asked, key, value, attn_mask=mask)
        out: Tensor = self.out(rearrange(seen, "batch heads queries width -> batch queries (heads width)"))
        return out


class _Layer(nn.Module):
    """Queries look at each other, at the tokens, and think: three residuals."""

    def __init__(self, width: int, *, num_heads: int) -> None:
        super().__init__()
        self.among = CrossAttention(width, num_heads=num_heads)
        self.across = CrossAttention(width, num_heads=num_heads)
        self.think = nn.Sequential(
            nn.LayerNorm(width), nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)
        )

    def forward(self, queries: Tensor, context: Tensor, bias: Tensor) -> Tensor:
        queries = queries + self.among(queries, queries)
        queries = queries + self.across(queries, context, bias=bias)
        thought: Tensor = queries + self.think(queries)
        return thought


class Compressor(nn.Module):
    """A clip in ``num_queries`` tokens, ``(batch num_queries width)``, whatever its length.

    Tokens are told their time and count as often as they have patches.
    """

    def __init__(self, width: int, *, num_queries: int = 32, num_heads: int = 8, num_layers: int = 2) -> None:
        super().__init__()
        self.queries = nn.Parameter(torch.randn(num_queries, width) / width**0.5)
        self.time = TimeEncoding(width)
        self.layers = nn.ModuleList(_Layer(width, num_heads=num_heads) for _ in range(num_layers))
        self.norm = nn.LayerNorm(width)

    def forward(self, tokens: Tokens) -> Tensor:
        middle = (tokens.start + tokens.end) / 2
        # Counted from the earliest token, wherever merging has put it.
        since = middle - tokens.start.amin(dim=1, keepdim=True)
        context = tokens.values + self.time(torch.nn.functional.pad(since, (1, 0)))[:, 1:]
        queries = repeat(self.queries, "queries width -> batch queries width", batch=len(context))
        for layer in self.layers:
            queries = layer(queries, context, tokens.size.log())
        out: Tensor = self.norm(queries)
        return out
