"""The recipe of a memory: a digest of everything that decides what will be written."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from video_vlm.index.observer_set import ObserverSet
from video_vlm.index.stages import Stage, digest_of, stages_of, to_json
from video_vlm.memory import Library
from video_vlm.perception.sidecars import MAX_BYTES, find_sidecars
from video_vlm.settings import IndexSettings, digest

__all__ = ["Recipe", "recipe_for"]


@dataclass(frozen=True, slots=True)
class Recipe:
    """All stages, and their names: ``whole`` of everything, ``base`` of what segments and frames rest on.
    Nodes are named by them, so that those that are kept keep their names."""

    stages: tuple[Stage, ...]
    whole: str

    @property
    def base(self) -> str:
        return digest_of(self.stages[:2])

    def to_json(self, *, tail: str | None = None) -> str:
        """The stages as JSON, to be kept with a memory; ``tail`` is the state from which a run goes on if the
        file grows."""
        return to_json(self.stages, tail=tail)


def recipe_for(
    path: Path, content_id: str, library: Library, settings: IndexSettings, watch: ObserverSet
) -> Recipe:
    """The recipe of a video: settings, observers, stages, and the content of the subtitle files beside it.

    A subtitle file that was added or corrected makes a new recipe. One that is gone does not: a video that
    was moved without its subtitles keeps the memory that has them.
    """
    files = [one.path for one in find_sidecars(path).files] if "subtitles" in watch.names else []
    beside = digest(sorted(_fingerprint(file) for file in files)) if files else ""
    stages = stages_of(settings, watch, beside=beside)
    recipe = digest_of(stages)
    if beside:
        return Recipe(stages, f"{recipe}+{beside}")
    stored = library.find(content_id)
    keeps = stored is not None and stored.recipe.startswith(recipe)
    return Recipe(stages, stored.recipe if stored is not None and keeps else recipe)


def _fingerprint(file: Path) -> str:
    try:
        if file.stat().st_size > MAX_BYTES:
            return f"too large: {file.stat().st_size} bytes"
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError as error:
        return f"unreadable: {error.strerror}"
