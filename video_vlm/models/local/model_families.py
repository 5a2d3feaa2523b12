"""The family of a model by its configuration, and the known faults of families."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from video_vlm.errors import ModelError

__all__ = ["ModelFamily", "family_of"]
_MISPLACED: Final = {
    "qwen2_vl": "Qwen2-VL",
    "qwen2_5_vl": "Qwen2.5-VL",
}
"""In transformers 5 the positions of what follows their pictures overlap the pictures' own."""

_PICTURES: Final = {"blip-2": 1, "instructblip": 1, "instructblipvideo": 4}
"""Captioners: they take a number of images before an instruction, and no conversation."""

_TOGETHER: Final = frozenset(
    {
        "glm46v",
        "internvl",
        "llava_next_video",
        "llava_onevision",
        "minicpmv4_6",
        "qwen2_5_vl",
        "qwen2_vl",
        "qwen3_vl",
        "smolvlm",
        "video_llava",
        "video_llama_3",
    }
)
"""Tests have them write several answers at once, and get the words of each alone."""


@dataclass(frozen=True, slots=True)
class ModelFamily:
    """How a model is loaded: by which class of transformers, with how many pictures at most, with which
    warning; and whether it may write several answers at once."""

    auto_class: str
    max_images: int
    warning: str = ""
    writes_together: bool = False


def family_of(config: Any, *, max_images: int = 32) -> ModelFamily:
    """The kind of a model by its configuration.

    Raises:
        ModelError: transformers knows no such model that writes.
    """
    from transformers.models.auto.modeling_auto import (
        MODEL_FOR_CAUSAL_LM_MAPPING_NAMES,
        MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES,
    )

    name = str(config.model_type)
    if name in MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES:
        warning = ""
        if name in _MISPLACED:
            warning = f"{_MISPLACED[name]} is misplaced in time by this transformers on long videos; prefer Qwen3-VL"
        most = min(_PICTURES.get(name, max_images), max_images)
        return ModelFamily("AutoModelForImageTextToText", most, warning, writes_together=name in _TOGETHER)
    if name in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES:
        return ModelFamily("AutoModelForCausalLM", 0)
    raise ModelError(f"a model of type {name} does not write: it cannot answer")
