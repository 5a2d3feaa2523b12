"""Full or fast: in which way a video is read, and which existing memories are good enough."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from video_vlm.index.observer_set import ObserverSet
from video_vlm.index.recipe import Recipe, recipe_for
from video_vlm.memory import Library, StoredVideo
from video_vlm.protocols import Need
from video_vlm.settings import IndexSettings, Speed

__all__ = ["IndexMode", "IndexModes", "index_modes", "looked_at"]

_FAST = "fast: looked at keyframes and what was in doubt between them"


@dataclass(frozen=True)
class IndexMode:
    """One way to read a video: settings, and the observers that can work with them."""

    settings: IndexSettings
    watch: ObserverSet

    @property
    def missing(self) -> tuple[str, ...]:
        return (_FAST, *self.watch.missing) if self.settings.speed == "fast" else self.watch.missing

    def recipe(self, path: Path, content_id: str, library: Library) -> Recipe:
        return recipe_for(path, content_id, library, self.settings, self.watch)

    def has_made(self, stored: StoredVideo, path: Path, library: Library) -> bool:
        """Whether a complete memory was made in this way."""
        return stored.complete and stored.recipe == self.recipe(path, stored.video.content_id, library).whole


@dataclass(frozen=True)
class IndexModes:
    """The ways to read a video: as ``asked``, or in ``full`` where it cannot be read fast. A memory made in
    one of ``will_do`` is good enough."""

    asked: IndexMode
    full: IndexMode
    will_do: tuple[IndexMode, ...]

    def have_made(self, stored: StoredVideo, path: Path, library: Library) -> bool:
        return any(manner.has_made(stored, path, library) for manner in self.will_do)


def index_modes(settings: IndexSettings, *, at_least: Speed) -> IndexModes:
    """The ways to read a video with these settings. A memory read in full is always good enough; a fast one
    if ``at_least`` says so.

    Raises:
        UnknownName: the settings name an observer that is not registered.
    """
    watch = ObserverSet.from_settings(settings)
    full = IndexMode(replace(settings, speed="full"), watch)
    why = "left out, as a fast run sees no neighbouring pictures; read the video again with --speed full"
    fast = IndexMode(replace(settings, speed="fast"), watch.without(watch.needing(Need.NEIGHBOURS), why=why))
    return IndexModes(
        asked=full if settings.speed == "full" else fast,
        full=full,
        will_do=(full,) if at_least == "full" else (full, fast),
    )


def looked_at(missing: tuple[str, ...], *, num_seen: int, num_frames: int) -> tuple[str, ...]:
    """``missing`` with the numbers of frames of a fast run filled in."""
    return tuple(
        f"fast: looked at {num_seen} of {num_frames} pictures" if one == _FAST else one for one in missing
    )
