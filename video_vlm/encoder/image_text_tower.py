"""Image-text towers: pictures and words as vectors of one space, from weights the user has.

Any SigLIP, SigLIP 2 or CLIP of transformers, from a folder or from the local hub cache. Nothing is
downloaded, and nothing heavy is loaded before the first picture or word.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from video_vlm.encoder.tower_files import NEEDED, fast_dtype, load_model, require_models
from video_vlm.errors import SettingsError
from video_vlm.protocols import ImageTextEncoder
from video_vlm.records import Image
from video_vlm.settings import SightSettings
from video_vlm.weights import cached_folder, fingerprint, no_progress_bar

__all__ = [
    "HOW_TO_NAME",
    "KNOWN_TOWERS",
    "TransformersImageTextEncoder",
    "find_image_text_encoder",
    "require_image_text_encoder",
]

KNOWN_TOWERS: Final = (
    "google/siglip2-base-patch16-224",
    "google/siglip2-base-patch16-256",
    "google/siglip2-so400m-patch14-384",
    "google/siglip-base-patch16-224",
    "google/siglip-so400m-patch14-384",
    "openai/clip-vit-base-patch32",
    "openai/clip-vit-base-patch16",
    "openai/clip-vit-large-patch14",
)
"""Looked for in the local hub cache, in this order."""

HOW_TO_NAME: Final = f"--set sight.model=FOLDER (SigLIP or CLIP), or: videoqa models pull {KNOWN_TOWERS[0]}"
"""What to type where there is no tower."""

_KINDS: Final = ("siglip", "siglip2", "clip")

_DECIDES: Final = ("config.json", "preprocessor_config.json")
_VERSION: Final = 1
"""Raised whenever the same weights would give another vector for the same picture."""

_BATCH: Final = 4
"""On a CPU more at a time are no faster, and a killed run loses fewer."""

_Vectors = npt.NDArray[np.float32]


class TransformersImageTextEncoder:
    """An :class:`~video_vlm.protocols.ImageTextEncoder` from a folder of safetensors weights.

    ``name`` says which weights they are by what they are, not by where they lie: a folder that was copied has
    the same name, one in which the weights were exchanged another.

    Args:
        folder: Holds ``config.json``, ``preprocessor_config.json``, the weights, and the tokenizer's files.
        label: What people call it; the folder's name if empty.
        device: Where it runs; ``"auto"`` for a GPU if torch sees one.
        dtype: What it computes in, as torch names it; ``"auto"`` for what
            :func:`~video_vlm.encoder.tower_files.fast_dtype` says. ``name`` is the same in all of them: they
            change a cosine in its third digit.

    Raises:
        MissingExtra: torch, transformers, einops or safetensors is not installed.
        SettingsError: the folder holds no such model.
    """

    batch_size = _BATCH

    def __init__(self, folder: Path, *, label: str = "", device: str = "auto", dtype: str = "auto") -> None:
        require_models("an image-text tower")
        self.folder = folder
        self.label = label or folder.name
        self.device = device
        self.dtype = dtype
        config = _config(folder)
        # Where the configuration leaves the width out, transformers has these defaults.
        if config["model_type"] == "clip":
            width = config.get("projection_dim", 512)
        else:
            width = (config.get("vision_config") or {}).get("hidden_size", 768)
        if not isinstance(width, int) or width < 1:
            raise SettingsError(f"{folder}: its config.json names no width of its vectors: {width!r}")
        self.dimension = width
        self.name = f"{config['model_type']}:{self.dimension}:{fingerprint(folder, decides=_DECIDES, version=_VERSION)}"
        self._loading = threading.Lock()
        self._loaded: tuple[Any, Any, Any] | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        """As where it is, not as what was loaded: another process loads its own."""
        return _again, (self.folder, self.label, self.device, self.dtype)

    def encode_images(self, pictures: Sequence[Image]) -> _Vectors:
        """``(len(pictures), dimension)`` float32, rows of length one."""
        if not pictures:
            return np.zeros((0, self.dimension), np.float32)
        import torch

        model, prepare, _ = self._load()
        with torch.inference_mode():
            prepared = prepare(images=list(pictures), return_tensors="pt").to(model.device, model.dtype)
            # Of several in half precision, SigLIP's pooling alone takes a CPU as long as all its blocks
            # (torch 2.13).
            step = 1 if model.device.type == "cpu" and model.dtype != torch.float32 else len(pictures)
            parts = (
                {name: value[at : at + step] for name, value in prepared.items()}
                for at in range(0, len(pictures), step)
            )
            return np.concatenate([self._unit(model.get_image_features(**part)) for part in parts])

    def encode_texts(self, texts: Sequence[str]) -> _Vectors:
        """``(len(texts), dimension)`` float32, rows of length one. In small letters, as these towers were
        taught."""
        if not texts:
            return np.zeros((0, self.dimension), np.float32)
        import torch

        _, _, text = self._load()
        with torch.inference_mode():
            return self._unit(text([one.lower() for one in texts]))

    def _unit(self, features: Any) -> _Vectors:
        import torch

        vectors = getattr(features, "pooler_output", features)
        if vectors.shape[-1] != self.dimension:
            raise SettingsError(
                f"{self.folder}: its vectors have {vectors.shape[-1]} numbers, not {self.dimension}"
            )
        unit: _Vectors = torch.nn.functional.normalize(vectors.float(), dim=-1).cpu().numpy()
        return unit

    def _load(self) -> tuple[Any, Any, Any]:
        with self._loading:
            if self._loaded is None:
                self._loaded = _load(self.folder, self.device, self.dtype)
            return self._loaded


def find_image_text_encoder(settings: SightSettings) -> TransformersImageTextEncoder | None:
    """The tower that the settings name; with ``"auto"`` a known one that is on this machine, else None. Its
    weights are loaded at the first use.

    Raises:
        MissingExtra: a tower is named, and what it takes is not installed.
        SettingsError: there is no such folder or cached model, or it is no image-text tower.
    """
    if settings.model == "none":
        return None
    if settings.model == "auto":
        if any(find_spec(name) is None for name in NEEDED):
            return None
        found = next(
            ((name, folder) for name in KNOWN_TOWERS if (folder := cached_folder(name)) is not None), None
        )
        return None if found is None else _opened(found[1], found[0], settings)
    require_models(f"the image-text tower {settings.model}")
    named = Path(settings.model).expanduser()
    folder = named if named.is_dir() else cached_folder(settings.model)
    if folder is None:
        raise SettingsError(
            f"sight.model: {settings.model} is no folder, and no model of that name with safetensors weights "
            f"is in the local hub cache: videoqa models pull {settings.model}, or name a folder, "
            "or sight.model=none"
        )
    return _opened(folder, settings.model, settings)


def require_image_text_encoder(sight: ImageTextEncoder | None) -> None:
    """Raises the error that says what is missing, where there is no tower.

    Raises:
    MissingExtra: there is no tower, as what it takes is not installed.
    SettingsError: there is no tower.
    """
    if sight is None:
        require_models("comparing pictures")
        raise SettingsError(f"comparing pictures needs an image-text tower, and none is here: {HOW_TO_NAME}")


def _opened(folder: Path, label: str, settings: SightSettings) -> TransformersImageTextEncoder:
    return _again(folder, label, settings.device, settings.dtype)


def _again(folder: Path, label: str, device: str, dtype: str) -> TransformersImageTextEncoder:
    return TransformersImageTextEncoder(folder, label=label, device=device, dtype=dtype)


def _config(folder: Path) -> dict[str, Any]:
    try:
        config: dict[str, Any] = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        kind = config["model_type"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SettingsError(f"{folder}: no image-text tower here: its config.json cannot be read") from error
    if kind not in _KINDS:
        raise SettingsError(
            f"{folder}: a model of type {kind!r} is no image-text tower; known: {', '.join(_KINDS)}"
        )
    return config


def _load(folder: Path, device: str, dtype: str) -> tuple[Any, Any, Any]:
    """Model, preparation of pictures, and text tower."""
    import torch
    from transformers import AutoImageProcessor, AutoTokenizer

    from video_vlm.encoder.text_tower import TransformersTextTower

    chosen = ("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device
    here = {"local_files_only": True, "trust_remote_code": False}
    try:
        numbers = fast_dtype(chosen) if dtype == "auto" else getattr(torch, dtype)
        with no_progress_bar():
            model = load_model(str(folder), dtype=numbers, device=chosen)
        # Always PIL's: the preparation by torchvision gives slightly other pictures, and is not installed
        # everywhere.
        prepare = AutoImageProcessor.from_pretrained(folder, backend="pil", **here)
        tokenizer = AutoTokenizer.from_pretrained(folder, **here)
    except (
        OSError,
        ValueError,
        KeyError,
        RuntimeError,
        AssertionError,
    ) as error:  # the last two: no such device
        first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise SettingsError(f"{folder}: the tower cannot be loaded: {first}") from error
    return model, prepare, TransformersTextTower(model, tokenizer)
