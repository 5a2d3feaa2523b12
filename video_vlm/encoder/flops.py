"""Counting the arithmetic of an encoder, to tell what merging should save from what it does save."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch.utils.flop_counter import FlopCounterMode

__all__ = ["count_flops"]


def count_flops(run: Callable[[], object]) -> int:
    """Floating-point operations of the matrix products and convolutions in ``run``, a multiply-add being two.

    Attention is counted with the products it is made of: the fused kernel of the CPU is not seen by the counter.
    """
    from torch.nn.attention import SDPBackend, sdpa_kernel

    counter = FlopCounterMode(display=False)
    with torch.inference_mode(), sdpa_kernel(SDPBackend.MATH), counter:
        run()
    return int(counter.get_total_flops())
