"""Full or fast: which memories will do for what was asked, and which is made."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from video_vlm.index.recipe import recipe_for
from video_vlm.index.watch import Watch
from video_vlm.memory import Library, StoredVideo
from video_vlm.perception import NEED_NEIGHBOURS
from video_vlm.settings import IndexSettings

__all__ = ["Manner", "looked_at", "manners"]

_FAST = "fast: looked at keyframes and what was in doubt between them"


@dataclass(frozen=True)
class Manner:
    """One way to read a video: settings, and the observers that can work with them."""

    settings: IndexSettings
    watch: Watch

    @property
    def missing(self) -> tuple[str, ...]:
        return (_FAST, *self.watch.missing) if self.settings.speed == "fast" else self.watch.missing

    def recipe(self, path: Path, content_id: str, library: Library) -> str:
        return recipe_for(path, content_id, library, self.settings, self.watch)

    def has_made(self, stored: StoredVideo, path: Path, library: Library) -> bool:
        """Whether this is how a memory was made, to the end."""
        return stored.complete and stored.recipe == self.recipe(path, stored.video.content_id, library)


def manners(settings: IndexSettings) -> tuple[Manner, ...]:
    """Those whose memory will do, the best first; the last is what was asked for. In full is better than fast.

    Raises:
        UnknownName: the settings name an observer nobody registered.
    """
    watch = Watch.from_settings(settings)
    full = Manner(replace(settings, speed="full"), watch)
    if settings.speed == "full":
        return (full,)
    why = "left out, as a fast run sees no neighbouring pictures; read the video again with --speed full"
    return full, Manner(settings, watch.without(NEED_NEIGHBOURS, why=why))


def looked_at(missing: tuple[str, ...], *, num_seen: int, num_frames: int) -> tuple[str, ...]:
    """``missing`` with the figures of a fast run."""
    return tuple(f"fast: looked at {num_seen} of {num_frames} pictures" if one == _FAST else one for one in missing)
