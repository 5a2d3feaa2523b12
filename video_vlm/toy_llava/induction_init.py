"""Initial weights of induction heads: a token is likely to be followed by what followed it before.

A transformer finds out for itself that this pays (induction heads: Olsson et al. 2022), after far more
lessons than a CPU gets through in half an hour. To begin near it is mimetic initialisation (Trockman and
Kolter 2023). Heads of the first layer look at the token before and at the one before that, and write them
down; the first head of each later layer looks for places that were come to as the present one was, and passes
on what stands there. All of it goes on learning.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import torch
from torch import Tensor, nn

__all__ = ["init_induction_heads"]

_SHARPNESS: Final = 5.5
"""How closely the heads of the first layer look at one token, and no other."""
_FREQUENCIES: Final = 4
"""They tell positions apart by so many of the fastest rotations."""
_BACK: Final = 2
"""So many tokens back, each by a head."""
_SLOWEST: Final = 6
"""Likeness is told by the rotations from this one on: the faster ones turn it away over a few lines."""
_LIKENESS: Final = 2.0
_OWN: Final = 1.7
"""A token's own directions are fainter in it than those written down."""
_ADDED: Final = 0.1
_WRITTEN: Final = 0.18
_PASSED_ON: Final = 0.3


def init_induction_heads(language_model: Any, head: int) -> None:
    """Sets the attention heads, ``head`` numbers wide, of a Qwen2 with new weights to induction heads (Olsson
    et al. 2022)."""
    layers = language_model.layers
    width = layers[0].self_attn.q_proj.weight.shape[1]
    back = min(_BACK, width // head)
    read = _directions(head, width)
    writes = _directions(width, width).split(head)[:back]
    with torch.no_grad():
        for layer in layers:
            # What layers add stays small beside what stands there, the token itself.
            layer.self_attn.o_proj.weight *= _ADDED
            layer.mlp.down_proj.weight *= _ADDED
        first = layers[0].self_attn
        for place, write in enumerate(writes):
            rows = slice(place * head, (place + 1) * head)
            _look_back(
                first.q_proj,
                first.k_proj,
                rows,
                place + 1,
                language_model.config.rope_parameters["rope_theta"],
            )
            first.v_proj.weight[rows] = read
            first.o_proj.weight[:, rows] = _WRITTEN * write.T
        slow = [place for place in range(head) if place % (head // 2) >= _SLOWEST]
        turns = [_directions(len(slow), len(slow)) for _ in range(back)]
        for layer in layers[1:]:
            _come_to_alike(layer.self_attn, head, slow, turns, [_OWN * read, *writes])


def _come_to_alike(
    attention: Any, head: int, slow: Sequence[int], turns: Sequence[Tensor], held: Sequence[Tensor]
) -> None:
    """Let the first head look where what stands before is what stands here and before, and pass on what is
    there.

    ``held`` are the directions in which a place holds its own token and those before it; ``turns`` keep them
    apart.
    """
    passed = _directions(head, held[0].shape[1])
    attention.q_proj.weight[:head] = 0.0
    attention.k_proj.weight[:head] = 0.0
    attention.q_proj.weight[slow] = _LIKENESS * _together(turns, held[:-1], slow)
    attention.k_proj.weight[slow] = _LIKENESS * _together(turns, held[1:], slow)
    attention.v_proj.weight[:head] = passed
    attention.o_proj.weight[:, :head] = _PASSED_ON * passed.T


def _together(turns: Sequence[Tensor], held: Sequence[Tensor], slow: Sequence[int]) -> Tensor:
    """``(slow width)``: each token turned its own way, all of them together."""
    return torch.stack([turn @ directions[slow] for turn, directions in zip(turns, held, strict=True)]).sum(
        dim=0
    )


def _directions(count: int, width: int) -> Tensor:
    """``(count width)``, orthonormal."""
    rows: Tensor = nn.init.orthogonal_(torch.empty(count, width))
    return rows


def _look_back(query: nn.Linear, key: nn.Linear, rows: slice, tokens: int, base: float) -> None:
    """Let a head look so many tokens back, whatever they are: rotary positions turn a pair ``(i, i + head /
    2)`` by ``base ** (-2 i / head)`` a token, so a query that is turned so often less meets the key that
    stands there."""
    query.weight[rows].zero_()
    key.weight[rows].zero_()
    head = rows.stop - rows.start
    for place in range(_FREQUENCIES):
        angle = torch.tensor(tokens * base ** (-2 * place / head))
        key.bias[rows.start + place] = _SHARPNESS
        query.bias[rows.start + place] = _SHARPNESS * torch.cos(angle)
        query.bias[rows.start + place + head // 2] = -_SHARPNESS * torch.sin(angle)
