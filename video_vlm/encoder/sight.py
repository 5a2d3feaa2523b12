"""Image-text towers for the pipeline: pictures and words as vectors of one space, from weights the user has.

Any SigLIP, SigLIP 2 or CLIP of transformers, from a folder or from the local hub cache. Nothing is downloaded, and
nothing heavy is loaded before the first picture or word.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from video_vlm.encoder.fingerprint import samples_of
from video_vlm.encoder.load import NEEDED, load_model, require_models
from video_vlm.errors import SettingsError
from video_vlm.protocols import ImageTextEncoder
from video_vlm.records import Image
from video_vlm.settings import SightSettings, digest

__all__ = ["HOW_TO_NAME", "KNOWN_TOWERS", "TransformersSight", "find_sight", "require_sight"]

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

HOW_TO_NAME: Final = f"--set sight.model=FOLDER (SigLIP or CLIP), or: hf download {KNOWN_TOWERS[0]}"
"""What to type where there is no tower."""

_KINDS: Final = ("siglip", "siglip2", "clip")

_VERSION: Final = 1
"""Raised whenever the same weights would give another vector for the same picture."""

_BATCH: Final = 4
"""On a CPU more at a time are no faster, and a killed run loses fewer."""

_Vectors = npt.NDArray[np.float32]


class TransformersSight:
    """An :class:`~video_vlm.protocols.ImageTextEncoder` from a folder of safetensors weights.

    ``name`` says which weights they are by what they are, not by where they lie: a folder that was copied has the
    same name, one in which the weights were exchanged another.

    Args:
        folder: Holds ``config.json``, ``preprocessor_config.json``, the weights, and the tokenizer's files.
        label: What people call it; the folder's name if empty.
        device: Where it runs; ``"auto"`` for a GPU if torch sees one.

    Raises:
        MissingExtra: torch, transformers, einops or safetensors is not installed.
        SettingsError: the folder holds no such model.
    """

    batch_size = _BATCH

    def __init__(self, folder: Path, *, label: str = "", device: str = "auto") -> None:
        require_models("an image-text tower")
        self.folder = folder
        self.label = label or folder.name
        self.device = device
        config = _config(folder)
        self.dimension = _dimension(config, folder)
        self.name = f"{config['model_type']}:{self.dimension}:{_fingerprint(folder)}"
        self._loading = threading.Lock()
        self._loaded: tuple[Any, Any, Any] | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        """As where it is, not as what was loaded: another process loads its own."""
        return _again, (self.folder, self.label, self.device)

    def encode_pictures(self, pictures: Sequence[Image]) -> _Vectors:
        """``(len(pictures), dimension)`` float32, rows of length one."""
        if not pictures:
            return np.zeros((0, self.dimension), np.float32)
        import torch

        model, prepare, _ = self._load()
        with torch.inference_mode():
            prepared = prepare(images=list(pictures), return_tensors="pt").to(model.device)
            return self._unit(model.get_image_features(**prepared))

    def encode_texts(self, texts: Sequence[str]) -> _Vectors:
        """``(len(texts), dimension)`` float32, rows of length one. In small letters, as these towers were taught."""
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
            raise SettingsError(f"{self.folder}: its vectors have {vectors.shape[-1]} numbers, not {self.dimension}")
        unit: _Vectors = torch.nn.functional.normalize(vectors.float(), dim=-1).cpu().numpy()
        return unit

    def _load(self) -> tuple[Any, Any, Any]:
        with self._loading:
            if self._loaded is None:
                self._loaded = _load(self.folder, self.device)
            return self._loaded


def find_sight(settings: SightSettings) -> TransformersSight | None:
    """The tower that the settings name; with ``"auto"`` a known one that is on this machine, else None.

    Raises:
        MissingExtra: a tower is named, and what it takes is not installed.
        SettingsError: there is no such folder or cached model, or it is no image-text tower.
    """
    if settings.model == "none":
        return None
    if settings.model == "auto":
        if any(find_spec(name) is None for name in NEEDED):
            return None
        found = next(((name, folder) for name in KNOWN_TOWERS if (folder := _cached(name)) is not None), None)
        return None if found is None else TransformersSight(found[1], label=found[0], device=settings.device)
    require_models(f"the image-text tower {settings.model}")
    named = Path(settings.model).expanduser()
    folder = named if named.is_dir() else _cached(settings.model)
    if folder is None:
        raise SettingsError(
            f"sight.model: {settings.model} is no folder, and no model of that name with safetensors weights is in the"
            f" local hub cache: hf download {settings.model}, or name a folder, or sight.model=none"
        )
    return TransformersSight(folder, label=settings.model, device=settings.device)


def require_sight(sight: ImageTextEncoder | None) -> None:
    """Raises:
    MissingExtra: there is no tower, as what it takes is not installed.
    SettingsError: there is no tower.
    """
    if sight is None:
        require_models("comparing pictures")
        raise SettingsError(f"comparing pictures needs an image-text tower, and none is here: {HOW_TO_NAME}")


def _again(folder: Path, label: str, device: str) -> TransformersSight:
    return TransformersSight(folder, label=label, device=device)


def _cached(name: str) -> Path | None:
    """The folder of a model in the local hub cache, if its weights are there as safetensors."""
    from huggingface_hub.constants import HF_HUB_CACHE

    if not Path(HF_HUB_CACHE).is_dir():
        return None  # what would look into it takes a fifth of a second to load
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    for file in ("model.safetensors", "model.safetensors.index.json"):
        try:
            cached = try_to_load_from_cache(name, file)
        except HFValidationError:
            return None
        if isinstance(cached, str):
            return Path(cached).parent
    return None


def _config(folder: Path) -> dict[str, Any]:
    try:
        config: dict[str, Any] = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        kind = config["model_type"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SettingsError(f"{folder}: no image-text tower here: its config.json cannot be read") from error
    if kind not in _KINDS:
        raise SettingsError(f"{folder}: a model of type {kind!r} is no image-text tower; known: {', '.join(_KINDS)}")
    return config


def _dimension(config: dict[str, Any], folder: Path) -> int:
    """What the model's own configuration says, with the defaults of transformers for what it leaves out."""
    vision = config.get("vision_config") or {}
    own = config.get("projection_dim", 512) if config["model_type"] == "clip" else vision.get("hidden_size", 768)
    if not isinstance(own, int) or own < 1:
        raise SettingsError(f"{folder}: its config.json names no width of its vectors: {own!r}")
    return own


def _fingerprint(folder: Path) -> str:
    """What decides the vectors: configuration, preparation of pictures, and the weights by their header and samples."""
    weights = sorted(folder.glob("*.safetensors"))
    if not weights:
        raise SettingsError(f"{folder}: no safetensors weights here; other formats are not loaded")
    if not (folder / "preprocessor_config.json").is_file():
        raise SettingsError(f"{folder}: no preprocessor_config.json here, which says how pictures are prepared")
    texts = [(folder / name).read_bytes().hex() for name in ("config.json", "preprocessor_config.json")]
    return digest(_VERSION, texts, [list(samples_of(file)) for file in weights])


@contextmanager
def _no_progress_bar() -> Iterator[None]:
    """Loading takes a moment, and stderr is for what the user asked to see."""
    from transformers.utils import logging

    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()


def _load(folder: Path, device: str) -> tuple[Any, Any, Any]:
    """Model, preparation of pictures, and text tower."""
    import torch
    from transformers import AutoImageProcessor, AutoTokenizer

    from video_vlm.encoder.text import TransformersTextTower

    chosen = ("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device
    here = {"local_files_only": True, "trust_remote_code": False}
    # In float32 everywhere: weights of half precision are no faster on a CPU, and the vectors must be the same.
    try:
        with _no_progress_bar():
            model = load_model(str(folder), dtype=torch.float32, device=chosen)
        # Always PIL's: the preparation by torchvision gives slightly other pictures, and is not installed everywhere.
        prepare = AutoImageProcessor.from_pretrained(folder, backend="pil", **here)
        tokenizer = AutoTokenizer.from_pretrained(folder, **here)
    except (OSError, ValueError, KeyError, RuntimeError, AssertionError) as error:  # the last two: no such device
        first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise SettingsError(f"{folder}: the tower cannot be loaded: {first}") from error
    return model, prepare, TransformersTextTower(model, tokenizer)
