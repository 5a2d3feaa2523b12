"""The cost of an encoder, counted and not timed: operations and memory."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import accumulate
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from torch.profiler import ProfilerActivity, profile
from torch.utils.flop_counter import FlopCounterMode

__all__ = ["count_flops", "peak_bytes"]


def count_flops(run: Callable[[], object]) -> int:
    """Floating-point operations of the matrix products and convolutions in ``run``, a multiply-add being two.

    Attention is counted with the products it is made of: the fused kernel of the CPU is not seen by the
    counter.
    """
    from torch.nn.attention import SDPBackend, sdpa_kernel

    counter = FlopCounterMode(display=False)
    with torch.inference_mode(), sdpa_kernel(SDPBackend.MATH), counter:
        run()
    return int(counter.get_total_flops())


def peak_bytes(run: Callable[[], object]) -> int:
    """The most bytes of tensors on the CPU that ``run`` holds at a time, beside those it was given.

    That is the same in every run, unlike the memory of the process, in which what malloc keeps is more than
    what merging saves.
    """
    with TemporaryDirectory() as folder, torch.inference_mode():
        with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiled:
            run()
        profiled.export_chrome_trace(str(Path(folder) / "trace.json"))
        events = json.loads((Path(folder) / "trace.json").read_text(encoding="utf-8"))["traceEvents"]
    changes = sorted(
        (event["ts"], event["args"]["Bytes"]) for event in events if event.get("name") == "[memory]"
    )
    return max(accumulate(change for _, change in changes), default=0)
