"""A beginning that copies: weights under which a token is likely to be followed by what followed it before.

A transformer finds out for itself that this pays (induction heads: Olsson et al. 2022), after far more lessons than a
CPU gets through in half an hour. To begin near it is mimetic initialisation (Trockman and Kolter 2023): the first head
of the first layer looks at the token before and writes it down; the first head of each later layer looks for places
whose written token is like the present one, and passes on what stands there. All of it goes on learning.
"""

from __future__ import annotations

from typing import Any, Final

import torch
from torch import Tensor, nn

__all__ = ["begin_by_copying"]

_SHARPNESS: Final = 5.5
"""How closely the first head looks at the token before, and no other."""
_FREQUENCIES: Final = 4
"""It tells positions apart by so many of the fastest rotations."""
_SLOWEST: Final = 6
"""Likeness is told by the rotations from this one on: the faster ones turn it away over a few lines."""
_LIKENESS: Final = 2.0
_ADDED: Final = 0.1
_WRITTEN: Final = 0.18
_PASSED_ON: Final = 0.3


def begin_by_copying(language_model: Any, head: int) -> None:
    """Set the first heads, ``head`` wide, of a Qwen2 whose weights are new."""
    layers = language_model.layers
    width = layers[0].self_attn.q_proj.weight.shape[1]
    read, write = (_directions(head, width) for _ in range(2))
    with torch.no_grad():
        for layer in layers:
            # What layers add stays small beside what stands there, the token itself.
            layer.self_attn.o_proj.weight *= _ADDED
            layer.mlp.down_proj.weight *= _ADDED
        first = layers[0].self_attn
        _look_back(first.q_proj, first.k_proj, head, float(language_model.config.rope_parameters["rope_theta"]))
        first.v_proj.weight[:head] = read
        first.o_proj.weight[:, :head] = _WRITTEN * write.T
        slow = [place for place in range(head) if place % (head // 2) >= _SLOWEST]
        for layer in layers[1:]:
            attention, passed = layer.self_attn, _directions(head, width)
            attention.q_proj.weight[:head] = 0.0
            attention.k_proj.weight[:head] = 0.0
            attention.q_proj.weight[slow] = _LIKENESS * read[slow]
            attention.k_proj.weight[slow] = _LIKENESS * write[slow]
            attention.v_proj.weight[:head] = passed
            attention.o_proj.weight[:, :head] = _PASSED_ON * passed.T


def _directions(count: int, width: int) -> Tensor:
    """``(count width)``, orthonormal."""
    rows: Tensor = nn.init.orthogonal_(torch.empty(count, width))
    return rows


def _look_back(query: nn.Linear, key: nn.Linear, head: int, base: float) -> None:
    """Let a head look at the token before, whatever the tokens are: rotary positions turn a pair ``(i, i + head / 2)``
    by ``base ** (-2 i / head)`` a token, so a query that is turned once less meets the key before its own."""
    query.weight[:head].zero_()
    key.weight[:head].zero_()
    for place in range(_FREQUENCIES):
        angle = torch.tensor(base ** (-2 * place / head))
        key.bias[place] = _SHARPNESS
        query.bias[place] = _SHARPNESS * torch.cos(angle)
        query.bias[place + head // 2] = -_SHARPNESS * torch.sin(angle)
