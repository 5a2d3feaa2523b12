"""Tiny language models with random weights, as their families save them: built from configurations, no
download."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from tests.models.local.tiny_models import llava, others, qwen

__all__ = ["CAPTIONERS", "FAMILIES", "READ_AS_ONE", "TEXT_FAMILIES"]

FAMILIES: Final[dict[str, Callable[[Path], Path]]] = {
    "Gemma 3": others.gemma3,
    "Gemma 4": others.gemma4,
    "GLM-4.6V": others.glm46v,
    "InternVL": llava.internvl,
    "LLaVA-NeXT-Video": llava.llava_next_video,
    "LLaVA-OneVision": llava.llava_onevision,
    "MiniCPM-V": others.minicpmv,
    "PerceptionLM": others.perception_lm,
    "Qwen2-VL": qwen.qwen2_vl,
    "Qwen2.5-VL": qwen.qwen2_5_vl,
    "Qwen3-VL": qwen.qwen3_vl,
    "Qwen3.5": qwen.qwen3_5,
    "SmolVLM": llava.smolvlm,
    "Video-LLaVA": llava.video_llava,
    "VideoLLaMA3": others.video_llama_3,
}
READ_AS_ONE: Final[dict[str, Callable[[Path], Path]]] = {"Molmo 2": others.molmo2}
"""All pictures of a prompt are read together: nothing of it can be kept for another."""
TEXT_FAMILIES: Final[dict[str, Callable[[Path], Path]]] = {"Llama": others.llama, "Qwen3": qwen.qwen3}
CAPTIONERS: Final[dict[str, Callable[[Path], Path]]] = {
    "BLIP-2": others.blip_2,
    "InstructBLIP": others.instructblip,
    "InstructBLIP-Video": others.instructblip_video,
}
