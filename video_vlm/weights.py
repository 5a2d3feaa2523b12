"""Weights that the user already has: their folders, and their fingerprints."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from video_vlm.errors import SettingsError
from video_vlm.settings import digest
from video_vlm.telemetry import switch_off

__all__ = ["cached_folder", "fingerprint", "no_progress_bar", "samples_of"]

_SAMPLES: Final = 64
_SAMPLE_BYTES: Final = 1 << 12


def cached_folder(name: str) -> Path | None:
    """The folder of a model in the local hub cache, if its weights are there as safetensors."""
    switch_off()
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


def fingerprint(folder: Path, *, decides: Sequence[str], version: int) -> str:
    """A digest of everything that decides a model's vectors: the files named in ``decides``, and the weights
    by their header and samples of their bytes.

    ``version`` is raised whenever the same files would give other vectors.

    Raises:
        SettingsError: there are no safetensors weights, or a named file is missing.
    """
    weights = sorted(folder.glob("*.safetensors"))
    if not weights:
        raise SettingsError(f"{folder}: no safetensors weights here; other formats are not loaded")
    missing = next((name for name in decides if not (folder / name).is_file()), None)
    if missing:
        raise SettingsError(f"{folder}: no {missing} here, which decides what the model is given")
    texts = [(folder / name).read_bytes().hex() for name in decides]
    return digest(version, texts, [list(samples_of(file)) for file in weights])


@contextmanager
def no_progress_bar() -> Iterator[None]:
    """Hides the progress bars of model loading inside the ``with``: stderr is for what the user asked
    to see."""
    from transformers.utils import logging

    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()


def samples_of(file: Path) -> Iterator[str]:
    """The size, the names and shapes of all tensors, and bytes from all over a safetensors file: reading all
    of it would take seconds at every start."""
    size = file.stat().st_size
    yield str(size)
    with file.open("rb") as opened:
        header = min(int.from_bytes(opened.read(8), "little"), size, 1 << 24)
        yield hashlib.sha256(opened.read(header)).hexdigest()
        for place in range(_SAMPLES):
            opened.seek(8 + header + place * max(0, size - header - 8 - _SAMPLE_BYTES) // (_SAMPLES - 1))
            yield hashlib.sha256(opened.read(_SAMPLE_BYTES)).hexdigest()
