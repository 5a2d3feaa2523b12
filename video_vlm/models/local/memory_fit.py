"""Whether a model fits into this machine's memory, without loading it."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from shutil import which
from typing import Any, Final

import psutil

from video_vlm.errors import MissingExtra, ModelError
from video_vlm.models.local.model_files import folder_of
from video_vlm.models.local.presets import PRESETS
from video_vlm.settings import AskSettings

__all__ = ["AvailableMemory", "MemoryFit", "available_memory", "best_preset", "fit_of", "stored_weights"]

_SHARE_OF_16_BITS: Final = {"none": 1.0, "8bit": 0.55, "4bit": 0.32}
"""Of a quantized model's weights some stay as they were."""

_WORKING_SHARE, _WORKING_BYTES = 0.1, 500_000_000
"""What a run takes beside weights and cache: a share of the weights, and what any program of torch takes."""

_CPU_BILLIONS = 2.5
"""Larger ones are named without a GPU only if asked for: a dozen pictures would take them many minutes."""

_WORDS_TOKENS = 4096
_BYTES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "F8_E4M3": 1, "F8_E5M2": 1, "I8": 1, "U8": 1}


@dataclass(frozen=True, slots=True)
class AvailableMemory:
    """How much memory a model may take, in bytes, and where."""

    where: str
    bytes: int
    is_gpu: bool = False


@dataclass(frozen=True, slots=True)
class MemoryFit:
    """What one model needs of one machine.

    Args:
        name: As it is asked for.
        folder: Where its files are; None if they are not here.
        weights_bytes: As they would be loaded.
        cache_bytes: Keys and values of the longest talk that the settings allow.
        room: What there is.
    """

    name: str
    folder: Path | None
    weights_bytes: int
    cache_bytes: int
    room: AvailableMemory

    @property
    def needed_bytes(self) -> int:
        return (
            self.weights_bytes
            + self.cache_bytes
            + round(self.weights_bytes * _WORKING_SHARE)
            + _WORKING_BYTES
        )

    @property
    def fits(self) -> bool:
        return self.needed_bytes <= self.room.bytes


def available_memory() -> AvailableMemory:
    """The free memory in bytes: of the first GPU where there is one, else of the machine."""
    if which("nvidia-smi"):
        try:
            import torch
        except ImportError:
            pass
        else:
            if torch.cuda.is_available():
                free, _ = torch.cuda.mem_get_info(0)
                return AvailableMemory(torch.cuda.get_device_name(0), int(free), is_gpu=True)
    return AvailableMemory("memory", int(psutil.virtual_memory().available))


def fit_of(name: str, settings: AskSettings, room: AvailableMemory) -> MemoryFit:
    """The bytes a model takes, by its files where they are here, else by what is known of the preset; and the
    free bytes.

    Raises:
        ModelError: it is neither here nor a preset, or its files cannot be read.
    """
    preset = next((one for one in PRESETS if one.name == name), None)
    try:
        folder = folder_of(name)
    except (ModelError, MissingExtra):
        if preset is None:
            raise
        weights = _loaded_bytes({"BF16": preset.weights_bytes // 2}, settings)
        # Not known before its configuration is here; models of this size keep about this much of a token.
        bytes_per_token = round(40_000 * math.sqrt(preset.billions) + 20_000)
        return MemoryFit(name, None, weights, bytes_per_token * _tokens(settings), room)
    try:
        config: Mapping[str, Any] = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"{folder / 'config.json'} cannot be read: {error}") from error
    weights = _loaded_bytes(stored_weights(folder), settings)
    return MemoryFit(name, folder, weights, _cache_bytes(config, settings), room)


def best_preset(settings: AskSettings, room: AvailableMemory) -> MemoryFit | None:
    """The largest preset, by bytes of weights, that fits into memory: of those that are downloaded, if any,
    else of all. Without a GPU only small ones count."""
    fits = [
        fit_of(one.name, settings, room) for one in PRESETS if room.is_gpu or one.billions <= _CPU_BILLIONS
    ]
    fits = [fit for fit in fits if fit.fits]
    return max([fit for fit in fits if fit.folder] or fits, key=lambda fit: fit.weights_bytes, default=None)


def stored_weights(folder: Path) -> Mapping[str, int]:
    """The number of weights of each type, by the headers of the safetensors files.

    Raises:
        MissingExtra: safetensors is not installed.
        ModelError: a file is no safetensors file.
    """
    try:
        from safetensors import SafetensorError, safe_open
    except ImportError as error:
        raise MissingExtra("a language model in this process", "models") from error
    counts: Counter[str] = Counter()
    for path in sorted(folder.glob("*.safetensors")):
        try:
            with safe_open(path, framework="numpy") as weights:
                slices = [weights.get_slice(name) for name in weights.keys()]  # noqa: SIM118 - it is no mapping
                for one in slices:
                    counts[one.get_dtype()] += math.prod(one.get_shape())
        except (OSError, SafetensorError) as error:
            raise ModelError(f"{path} is no safetensors file: {error}") from error
    return counts


def _loaded_bytes(counts: Mapping[str, int], settings: AskSettings) -> int:
    numbers = sum(counts.values())
    if settings.quantization in ("4bit", "8bit"):
        return round(numbers * 2 * _SHARE_OF_16_BITS[settings.quantization])
    if settings.dtype == "auto":
        return sum(count * _BYTES.get(kind, 4) for kind, count in counts.items())
    return numbers * {"float64": 8, "float32": 4}.get(settings.dtype, 2)


def _cache_bytes(config: Mapping[str, Any], settings: AskSettings) -> int:
    """Keys and values of the prompts that are kept, or of the one that is read, two bytes a number."""
    text = config.get("text_config") or config
    try:
        layers, heads, width = (
            int(text[key]) for key in ("num_hidden_layers", "num_attention_heads", "hidden_size")
        )
        pairs = int(text.get("num_key_value_heads") or heads)
        each = int(text.get("head_dim") or width // heads)
    except (KeyError, TypeError, ValueError):
        return 0
    tokens = min(_tokens(settings), int(text.get("max_position_embeddings") or _tokens(settings)))
    return 2 * 2 * layers * pairs * each * tokens * max(1, settings.kept_prefixes)


def _tokens(settings: AskSettings) -> int:
    """The longest talk that the settings allow."""
    return settings.max_look_frames * settings.tokens_per_frame + _WORDS_TOKENS + settings.answer_tokens
