"""Finds a model's files: a folder, or a name in the local hub cache. Nothing is downloaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from video_vlm.errors import MissingExtra, ModelError

__all__ = ["WANTED", "folder_of", "libraries"]

WANTED: Final = ("*.safetensors", "*.json", "*.jinja", "*.txt", "*.model")
"""Of a model's files those that are read: no code, and no weights that could be some."""


def libraries() -> tuple[Any, Any]:
    """The modules torch and transformers, imported when they are first needed.

    Raises:
        MissingExtra: they are not installed.
    """
    try:
        import torch
        import transformers
    except ImportError as error:
        raise MissingExtra("a language model in this process", "models") from error
    return torch, transformers


def folder_of(name: str) -> Path:
    """The folder that holds a model's files: ``name`` itself, or its snapshot in the local hub cache.

    Raises:
        MissingExtra: it is no folder, and what knows the cache is not installed.
        ModelError: there is no such folder, and no such name in the cache; or it holds no safetensors.
    """
    if not name.strip():
        raise ModelError("hf: names no model; write hf:FOLDER, or hf:ID of one in the local cache")
    folder = Path(name).expanduser()
    folder = folder if folder.is_dir() else _cached(name)
    if not (folder / "config.json").is_file():
        raise ModelError(f"{folder} holds no model: there is no config.json in it")
    if not any(folder.glob("*.safetensors")):
        raise ModelError(f"{folder} holds no *.safetensors; other formats can run code, and are not loaded")
    return folder


def _cached(name: str) -> Path:
    try:
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError
    except ImportError as error:
        raise MissingExtra("a language model in this process", "models") from error
    try:
        return Path(snapshot_download(name, allow_patterns=list(WANTED), local_files_only=True))
    except LocalEntryNotFoundError as error:
        raise ModelError(
            f"{name} is not in the local cache; to have it there, type: videoqa models pull {name}"
        ) from error
    except (HFValidationError, OSError) as error:
        raise ModelError(f"{name} is neither a folder nor the name of a model on the hub") from error
