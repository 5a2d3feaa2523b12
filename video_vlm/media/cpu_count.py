"""The number of cores to decode with."""

from __future__ import annotations

import os

__all__ = ["num_cores"]


def num_cores() -> int:
    """The number of cores this process may use: containers and ``taskset`` give it fewer than the machine
    has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
