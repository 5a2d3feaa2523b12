"""The device and dtype of a model, and the messages where it cannot be loaded."""

from __future__ import annotations

from typing import Any

from video_vlm.errors import ModelError

__all__ = ["device_of", "dtype_of", "reason"]


def device_of(torch: Any, name: str) -> Any:
    """The torch device of that name; for ``auto`` a GPU if there is one, else the CPU.

    Raises:
        ModelError: this machine has none of that name.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        raise ModelError(f"ask.device={name} is no device of this machine: {reason(error)}") from error
    return device


def dtype_of(torch: Any, name: str) -> Any:
    """``auto``, or the numbers by that name.

    Raises:
        ModelError: there are none.
    """
    numbers = "auto" if name == "auto" else getattr(torch, name, None)
    if numbers != "auto" and not (isinstance(numbers, torch.dtype) and numbers.is_floating_point):
        raise ModelError(f"ask.dtype={name} is not known; try auto, bfloat16, float16 or float32")
    return numbers


def reason(error: BaseException) -> str:
    """The message of an error in one line."""
    return " ".join(str(error).split())[:200] or type(error).__name__
