"""Opening a library for writing, or for reading where it cannot be written."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

from video_vlm.encoder.image_text_tower import find_image_text_encoder
from video_vlm.errors import LibraryReadOnly
from video_vlm.memory import Library, open_library
from video_vlm.models.text_encoder import find_text_encoder
from video_vlm.protocols import ImageTextEncoder, TextEncoder
from video_vlm.settings import Settings, Speed

__all__ = ["open_to_write_or_read", "settings_with"]

logger = logging.getLogger(__name__)


def settings_with(settings: Settings, *, model: str | None, speed: Speed | None) -> Settings:
    """``settings``, with another model and speed where these are given."""
    if model is not None:
        settings = replace(settings, ask=replace(settings.ask, model=model))
    if speed is not None:
        settings = replace(settings, index=replace(settings.index, speed=speed))
    return settings


def open_to_write_or_read(
    place: Path | str | None,
    settings: Settings,
    *,
    encoder: TextEncoder | None,
    sight: ImageTextEncoder | None,
) -> Library:
    """Open a library for writing; if that fails for reading, with a warning.

    Args:
        place: As for :func:`~video_vlm.memory.open_library`.
        settings: The names of the encoders, where none is given.
        encoder: The sentence encoder.
        sight: The image-text encoder.

    Raises:
        SettingsError: an encoder that the settings name is not there.
        LibraryError: it cannot be opened at all.
    """
    sight = sight or find_image_text_encoder(settings.sight)
    encoder = encoder or find_text_encoder(settings.meaning)
    try:
        return open_library(place, encoder=encoder, sight=sight)
    except LibraryReadOnly:
        library = open_library(place, read_only=True, encoder=encoder, sight=sight)
    where = library.storage.where
    logger.warning("%s can only be read: questions are answered from it, nothing is kept in it", where)
    return library
