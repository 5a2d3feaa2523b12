"""The recipe of a memory: a digest of everything that decides what will be written."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from pathlib import Path

from video_vlm.index.watch import Watch
from video_vlm.memory import Library
from video_vlm.perception.subtitles import find_sidecars
from video_vlm.settings import IndexSettings, digest

__all__ = ["STAGES_VERSION", "recipe_for"]

STAGES_VERSION = 2
"""Raised whenever shots, segments, frames, scenes or chapters would come out otherwise for the same video."""


def recipe_for(path: Path, content_id: str, library: Library, settings: IndexSettings, watch: Watch) -> str:
    """Settings, observers and stages, and the subtitle files beside the video, by content.

    A subtitle file that was added or corrected makes a new recipe. One that is gone does not: a video
    that was moved without its subtitles keeps the memory that has them.
    """
    recipe = digest(STAGES_VERSION, asdict(settings), watch.digests)
    beside = find_sidecars(path) if "subtitles" in watch.names else ()
    if beside:
        return f"{recipe}+{digest(sorted(_fingerprint(file) for file in beside))}"
    stored = library.find(content_id)
    return stored.recipe if stored is not None and stored.recipe.startswith(recipe) else recipe


def _fingerprint(file: Path) -> str:
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError as error:
        return f"unreadable: {error.strerror}"
