"""Finding and opening a tower: a local folder, or a name in the local hub cache; nothing is downloaded."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from video_vlm.errors import MissingExtra, SettingsError

if TYPE_CHECKING:
    import torch

    from video_vlm.encoder.image_tower import Tower

__all__ = ["fast_dtype", "load_model", "load_tower", "require_models"]

NEEDED: Final = ("torch", "transformers", "einops", "safetensors")


def require_models(feature: str) -> None:
    """Checks that what the encoder needs is installed.

    Raises:
    MissingExtra: something the encoder needs is not installed.
    """
    if any(find_spec(name) is None for name in NEEDED):
        raise MissingExtra(feature, "models")


def fast_dtype(device: str) -> torch.dtype:
    """bfloat16 where the device has instructions for it, else float32."""
    import torch

    kind = torch.device(device).type
    if kind == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float32
    if kind != "cpu":
        return torch.float32
    able: Mapping[str, Any] = getattr(
        torch.cpu, "get_capabilities", dict
    )()  # a younger one than our oldest torch
    return torch.bfloat16 if able.get("avx512_bf16") or able.get("amx_bf16") else torch.float32


def load_tower(name: str, *, dtype: torch.dtype | None = None, device: str = "cpu") -> Tower:
    """The vision tower of a model, in evaluation mode; arguments and errors are those of
    :func:`load_model`."""
    from video_vlm.encoder.image_tower import as_tower

    return as_tower(load_model(name, dtype=dtype, device=device)).eval()


def load_model(name: str, *, dtype: torch.dtype | None = None, device: str = "cpu") -> Any:
    """A vision or image-text model of transformers, from safetensors weights only.

    Args:
        name: A folder, or the id of a model whose weights are in the local hub cache.
        dtype: What the weights are computed in; None for the dtype they are stored in.
        device: Where they are put.

    Raises:
        MissingExtra: torch, transformers, einops or safetensors is not installed.
        SettingsError: there is no such folder or cached model, or its weights are no safetensors.
    """
    require_models("an image tower")
    from safetensors import SafetensorError
    from transformers import AutoModel

    try:
        where = str(Path(name)) if Path(name).is_dir() else name
        model = AutoModel.from_pretrained(
            where,
            local_files_only=True,
            use_safetensors=True,
            trust_remote_code=False,
            dtype="auto" if dtype is None else dtype,
        )
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise SettingsError(
            f"{name}: no image tower that can be loaded from here: {first} (a folder with config.json and "
            "model.safetensors, or a model in the local hub cache)"
        ) from error
    return model.to(device).eval()
