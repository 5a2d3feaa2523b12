"""The ``videoqa`` command line: one file a command; each parses, calls one library function, prints."""

from __future__ import annotations

import os
from collections.abc import Sequence

from video_vlm.cli.exit_codes import ExitCode
from video_vlm.telemetry import switch_off

__all__ = ["ExitCode", "main"]

_LET_HELPERS_SLEEP = {"OPENCV_FOR_THREADS_NUM": "1", "OPENBLAS_THREAD_TIMEOUT": "4"}
"""The threads of OpenCV and of OpenBLAS wait spinning for more work, on the cores that decode: some four
hundredths of what reading a film of three minutes costs. What OpenCV is given is small, and OpenBLAS (2 to
this power is how many clock ticks it waits) is given little."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run ``videoqa`` with ``arguments`` (default: those of the process) and give back its exit code."""
    for name, value in _LET_HELPERS_SLEEP.items():
        os.environ.setdefault(name, value)
    switch_off()
    from video_vlm.cli.app import main as run  # after that: they are read when these libraries are loaded

    return run(arguments)
