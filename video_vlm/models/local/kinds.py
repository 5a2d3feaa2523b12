"""What kind of model a configuration is of, and what is known to go wrong with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from video_vlm.errors import ModelError

__all__ = ["Kind", "kind_of"]
_MISPLACED: Final = {
    "qwen2_vl": "Qwen2-VL",
    "qwen2_5_vl": "Qwen2.5-VL",
}
"""In transformers 5 the positions of what follows their pictures overlap the pictures' own."""

_NO_SINGLE_PICTURES: Final = {
    "instructblipvideo": "InstructBLIP-Video",
    "instructblip": "InstructBLIP",
}
"""They take one video or one picture beside one instruction, not pictures with their times between them."""

_ONE_PICTURE: Final = frozenset({"blip-2"})
"""Captioners."""


@dataclass(frozen=True, slots=True)
class Kind:
    """How a model is loaded: by which class of transformers, with how many pictures at most, with which warning."""

    auto_class: str
    max_pictures: int
    warning: str = ""


def kind_of(config: Any, *, max_pictures: int = 32) -> Kind:
    """The kind of a model by its configuration.

    Raises:
        ModelError: transformers knows no such model that writes.
    """
    from transformers.models.auto.modeling_auto import (
        MODEL_FOR_CAUSAL_LM_MAPPING_NAMES,
        MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES,
    )

    name = str(config.model_type)
    if name in _NO_SINGLE_PICTURES:
        raise ModelError(
            f"{_NO_SINGLE_PICTURES[name]} takes no conversation of several pictures with their times; "
            "use a model that does, such as Qwen3-VL, SmolVLM2, LLaVA-OneVision or InternVL"
        )
    if name in MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES:
        warning = ""
        if name in _MISPLACED:
            warning = f"{_MISPLACED[name]} is misplaced in time by this transformers on long videos; prefer Qwen3-VL"
        return Kind("AutoModelForImageTextToText", 1 if name in _ONE_PICTURE else max_pictures, warning)
    if name in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES:
        return Kind("AutoModelForCausalLM", 0)
    raise ModelError(f"a model of type {name} does not write: it cannot answer")
