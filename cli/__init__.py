"""The ``videoqa`` command line: one file a command; each parses, calls one library function, prints."""

from __future__ import annotations

import os
from collections.abc import Sequence

from video_vlm.cli.exit_codes import ExitCode
from video_vlm.telemetry import switch_off

__all__ = ["ExitCode", "main"]

_LET_HELPERS_SLEEP = {"OPENCV_FOR_THREADS_NUM": "1", "OPENBLAS_THREAD_TIMEOUT": "4"}
"""Idle threads of OpenCV and OpenBLAS spin on the cores that decode: about 4 % of the time of indexing a
video of three minutes. Here OpenCV has one thread, and OpenBLAS's threads sleep after 2 ** 4 clock ticks."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run ``videoqa`` with ``arguments`` (default: those of the process); return its exit code."""
    for name, value in _LET_HELPERS_SLEEP.items():
        os.environ.setdefault(name, value)
    switch_off()
    from video_vlm.cli.app import main as run  # last: these libraries read the variables when loaded

    return run(arguments)
