"""Turns off the telemetry of the libraries below this one; nothing is counted, kept or sent.

They read the environment when they are imported, so this is called before: where each of them is imported,
and first of all on the command line. What the user has set is left as it is.
"""

from __future__ import annotations

import os
from typing import Final

__all__ = ["SWITCHES", "switch_off"]

SWITCHES: Final = {
    # ONNX Runtime keeps a store of events (onnxruntime.db, a device id) in the home folder and sends it on.
    "ORT_DISABLE_TELEMETRY": "1",
    "RAY_USAGE_STATS_ENABLED": "0",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    # What others have agreed on: https://consoledonottrack.com
    "DO_NOT_TRACK": "1",
}
"""The variables, each with the value that means no."""


def switch_off() -> None:
    """Turns off the telemetry of all these packages, in this process and those it starts."""
    for name, value in SWITCHES.items():
        os.environ.setdefault(name, value)
