"""Quantized weights, by whichever library is installed: bitsandbytes, else torchao."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any, Final

from video_vlm.errors import ModelError

__all__ = ["quantized"]

_BITS: Final = {"4bit": "load_in_4bit", "8bit": "load_in_8bit"}


def quantized(quantization: str, device: Any) -> dict[str, Any]:
    """The arguments of ``from_pretrained`` for quantized weights; empty for ``none``.

    Args:
        quantization: ``none``, ``4bit`` or ``8bit``.
        device: Where the model goes: weights are made smaller there, as they come.

    Raises:
        ModelError: there is no such thing, or no library for it.
    """
    if quantization == "none":
        return {}
    if quantization not in _BITS:
        raise ModelError(f"ask.quantization is none, 4bit or 8bit, not {quantization}")
    if find_spec("bitsandbytes") is None and find_spec("torchao") is None:
        raise ModelError(
            f"ask.quantization={quantization} needs bitsandbytes or torchao: pip install bitsandbytes"
        )
    if find_spec("accelerate") is None:
        raise ModelError(f"ask.quantization={quantization} needs accelerate: pip install accelerate")
    import transformers

    if find_spec("bitsandbytes") is not None:
        config = transformers.BitsAndBytesConfig(**{_BITS[quantization]: True})
    else:
        from torchao.quantization import Int4WeightOnlyConfig, Int8WeightOnlyConfig

        kind = Int4WeightOnlyConfig if quantization == "4bit" else Int8WeightOnlyConfig
        config = transformers.TorchAoConfig(kind())
    return {"quantization_config": config, "device_map": {"": device}}
