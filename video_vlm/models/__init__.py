"""Who answers: the built-in reader, others through entry points (group ``video_vlm.models``), and language
models by where they are: ``openai:NAME@URL``, ``ollama:NAME``, ``hf:ID-or-folder``."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Final

from video_vlm.chat import ChatModel
from video_vlm.errors import UnknownName
from video_vlm.memory import Library
from video_vlm.protocols import Answerer, Detector
from video_vlm.registry import Registry
from video_vlm.settings import AskSettings

__all__ = ["CHAT_MODELS", "MODELS", "open_detector", "open_model"]


def _builtin(settings: AskSettings) -> Answerer:
    from video_vlm.models.builtin import BuiltinAnswerer

    return BuiltinAnswerer(min_confidence=settings.min_confidence)


def _server(target: str, settings: AskSettings, library: Library | None) -> ChatModel:  # noqa: ARG001
    from video_vlm.models.server import open_server, server_settings

    return open_server(target, settings=server_settings(settings, api_key=os.environ.get("OPENAI_API_KEY")))


def _ollama(target: str, settings: AskSettings, library: Library | None) -> ChatModel:  # noqa: ARG001
    from video_vlm.models.server import open_ollama, server_settings

    return open_ollama(target, settings=server_settings(settings))


def _local(target: str, settings: AskSettings, library: Library | None) -> ChatModel:
    from video_vlm.models.local import Savings, open_local

    stored_bytes = settings.stored_picture_mb * 1_000_000
    shelf = library.storage.feature_cache(stored_bytes) if library is not None and stored_bytes else None
    kept_bytes = settings.kept_picture_mb * 1_000_000
    savings = Savings(settings.merge, settings.kept_prefixes, kept_bytes, shelf, settings.merger)
    return open_local(
        target,
        device=settings.device,
        dtype=settings.dtype,
        quantization=settings.quantization,
        savings=savings,
        batch_size=settings.caption_batch,
    )


def open_detector(settings: AskSettings) -> Detector | None:
    """Who finds what words name in a picture, as ``settings.detector`` says; None for nobody.

    Raises:
        MissingExtra: torch or transformers is not installed.
        ModelError: it is not there, or cannot be loaded.
    """
    if settings.detector == "none":
        return None
    from video_vlm.models.local.grounding_dino import open_detector as open_local_detector

    return open_local_detector(settings.detector.removeprefix("hf:"), device=settings.device)


MODELS: Registry[Answerer] = Registry("model", {"builtin": _builtin}, group="video_vlm.models")
"""Answerers by name; each factory takes the :class:`~video_vlm.settings.AskSettings`."""

CHAT_MODELS: Final[Mapping[str, Callable[[str, AskSettings, Library | None], ChatModel]]] = {
    "openai": _server,
    "ollama": _ollama,
    "hf": _local,
}
"""Language models by what stands before the colon."""


def open_model(settings: AskSettings, library: Library | None = None) -> Answerer | ChatModel:
    """The model that ``settings.model`` names, ready to be asked.

    Args:
        settings: Which, and how it runs.
        library: Where one in this process keeps what it made of pictures, for later processes; None for
            nowhere.

    Raises:
        MissingExtra: what it runs on is not installed.
        ModelError: it cannot be loaded, or the name is not of its form.
        UnknownName: nobody of that name, or no such kind.
    """
    kind, colon, target = settings.model.partition(":")
    if not colon:
        return MODELS[kind](settings)
    if kind not in CHAT_MODELS:
        raise UnknownName("kind of model", kind, CHAT_MODELS)
    return CHAT_MODELS[kind](target, settings, library)
