"""Generates several answers in one batch. Each prompt is read by itself; their caches are then padded on the
left and joined.

The scores are those of each alone but for their last bits. In float32 the words stayed what they were
wherever they were compared; in 16-bit numbers, where the likeliest two tokens often tie, they do not. So it
is done where tests compare them: in float32 on a CPU, in the families that
:mod:`video_vlm.models.local.model_families` lists.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psutil
import torch
from torch import Tensor

from video_vlm.models.local.prefix_cache import CachedPrefix
from video_vlm.models.local.prompt_layout import Prompt

__all__ = ["BegunPrompt", "batch_inputs", "decoded_by_token", "has_room", "writes_exactly"]


@dataclass(frozen=True)
class BegunPrompt:
    """A prompt and its prefix that has been read."""

    prompt: Prompt
    read: CachedPrefix

    @property
    def nbytes(self) -> int:
        """The bytes of its keys and values."""
        return sum(layer.keys.nbytes + layer.values.nbytes for layer in self.read.cache.layers)


def writes_exactly(model: Any) -> bool:
    """Whether a batch gives the same tokens as single prompts: rounding is too small to change one."""
    is_quantized = getattr(model, "hf_quantizer", None) is not None
    return bool(model.dtype == torch.float32 and model.device.type == "cpu" and not is_quantized)


def has_room(one: BegunPrompt) -> bool:
    """Whether memory has room for another prompt of as many bytes, which is copied when it is put beside the
    others."""
    return bool(psutil.virtual_memory().available > 2 * one.nbytes)


def batch_inputs(several: Sequence[BegunPrompt]) -> dict[str, Any]:
    """What ``generate`` is given for all of them, of which as many tokens are left to be read: ``(prompts
    tokens)``. Their caches, of plain layers, become one."""
    prompts = [one.prompt for one in several]
    longest = max(one.ids.shape[1] for one in prompts)
    pads = [longest - one.ids.shape[1] for one in prompts]
    cache, *others = (one.read.cache for one in several)
    for number, layer in enumerate(cache.layers):
        layers = [layer, *(other.layers[number] for other in others)]
        layer.keys = _stacked([one.keys for one in layers], pads, axis=-2)
        layer.values = _stacked([one.values for one in layers], pads, axis=-2)
        for other in others:
            other.layers[number] = None  # so that memory holds no more than one layer twice
    aligned = {name: _stacked([one.aligned[name] for one in prompts], pads) for name in prompts[0].aligned}
    return {
        "input_ids": _stacked([one.ids for one in prompts], pads),
        "attention_mask": _stacked([torch.ones_like(one.ids) for one in prompts], pads),
        "position_ids": _stacked([one.positions for one in prompts], pads, prompt_axis=-2),
        "past_key_values": cache,
        **aligned,
    }


def _stacked(
    several: Sequence[Tensor], pads: Sequence[int], *, axis: int = -1, prompt_axis: int = 0
) -> Tensor:
    """Concatenated along ``prompt_axis``, each padded with ``pads`` zeros in front along ``axis``."""
    behind = (0, 0) * (-1 - axis)
    padded = [torch.nn.functional.pad(one, (*behind, pad, 0)) for one, pad in zip(several, pads, strict=True)]
    return torch.cat(padded, dim=prompt_axis)


def decoded_by_token(tokenizer: Any, tokens: Sequence[int], *, ends: frozenset[int]) -> str:
    """What the tokens up to an end are in words, a token at a time as they are when they are streamed."""
    import transformers

    pieces = transformers.TextIteratorStreamer(tokenizer, skip_special_tokens=True)
    for token in tokens:
        pieces.put(torch.tensor([token]))
        if token in ends:
            break
    pieces.end()
    return "".join(pieces)
