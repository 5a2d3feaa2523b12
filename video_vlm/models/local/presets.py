"""Models that are known to work for this program's questions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["PRESETS", "Preset"]


@dataclass(frozen=True, slots=True)
class Preset:
    """A model on the hub with about ``billions`` (10**9) of parameters; its own card says what it is
    good at."""

    name: str
    billions: float
    licence: str
    good_at: str

    @property
    def weights_bytes(self) -> int:
        """The bytes of the weights in bfloat16."""
        return round(self.billions * 2e9)


PRESETS: Final = (
    Preset("HuggingFaceTB/SmolVLM2-256M-Video-Instruct", 0.26, "Apache-2.0", "a first try; Video-MME 33.7"),
    Preset(
        "HuggingFaceTB/SmolVLM2-500M-Video-Instruct", 0.51, "Apache-2.0", "small machines; Video-MME 42.2"
    ),
    Preset("HuggingFaceTB/SmolVLM2-2.2B-Instruct", 2.25, "Apache-2.0", "short looks; Video-MME 52.1"),
    Preset("Qwen/Qwen3-VL-2B-Instruct", 2.13, "Apache-2.0", "long videos, times, writing in 32 languages"),
    Preset("Qwen/Qwen3-VL-4B-Instruct", 4.44, "Apache-2.0", "the same, larger"),
    Preset("Qwen/Qwen3-VL-8B-Instruct", 8.77, "Apache-2.0", "the same, larger; for a GPU"),
)
"""Smaller before larger. Video-MME as their cards give it: none of these was run where this was written."""
