"""Processes a long clip in chunks, because intermediate results are larger than the clip."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

__all__ = ["in_chunks"]

_ON_A_CPU, _ELSEWHERE = 2**18, 2**24
"""Numbers at once. A GPU has the room, and would wait for many small calls."""


def in_chunks(values: Tensor, *, dim: int) -> Sequence[Tensor]:
    """Consecutive views of ``values`` along ``dim``: 2**18 numbers each on a CPU, 2**24 on other devices, at
    least one slice."""
    at_once = _ON_A_CPU if values.device.type == "cpu" else _ELSEWHERE
    each = max(1, values.numel() // max(1, values.shape[dim]))
    parts: Sequence[Tensor] = values.split(max(1, at_once // each), dim=dim)
    return parts
