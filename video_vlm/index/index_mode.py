"""Full, fast or by its words: in which way a video is read, and which existing memories are good enough."""

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
_WORDS = "words: no picture was looked at, and nothing was listened to"
_BEYOND_WORDS = (Need.FRAMES, Need.PICTURES, Need.NEIGHBOURS, Need.SOUND)


@dataclass(frozen=True)
class IndexMode:
    """One way to read a video: settings, and the observers that can work with them."""

    settings: IndexSettings
    watch: ObserverSet

    @property
    def missing(self) -> tuple[str, ...]:
        note = {"full": (), "fast": (_FAST,), "words": (_WORDS,)}[self.settings.speed]
        return (*note, *self.watch.missing)

    def recipe(self, path: Path, content_id: str, library: Library) -> Recipe:
        return recipe_for(path, content_id, library, self.settings, self.watch)

    def has_made(self, stored: StoredVideo, path: Path, library: Library) -> bool:
        """Whether a complete memory was made in this way."""
        return stored.complete and stored.recipe == self.recipe(path, stored.video.content_id, library).whole


@dataclass(frozen=True)
class IndexModes:
    """The ways to read a video: as ``asked``, or in ``full`` where it cannot be read so. A memory made in one of
    ``will_do`` is good enough."""

    asked: IndexMode
    full: IndexMode
    will_do: tuple[IndexMode, ...]

    def have_made(self, stored: StoredVideo, path: Path, library: Library) -> bool:
        return any(manner.has_made(stored, path, library) for manner in self.will_do)


def index_modes(settings: IndexSettings, *, at_least: Speed) -> IndexModes:
    """The ways to read a video with these settings. A memory read in full is always good enough; a fast one,
    or one of words, if ``at_least`` says so.

    Raises:
        UnknownName: the settings name an observer that is not registered.
    """
    watch = ObserverSet.from_settings(settings)
    why = "left out, as a fast run sees no neighbouring pictures; read the video again with --speed full"
    by_speed: dict[Speed, ObserverSet] = {
        "full": watch,
        "fast": watch.without(watch.needing(Need.NEIGHBOURS), why=why),
        "words": watch.only(set(watch.names).difference(watch.needing(*_BEYOND_WORDS))),
    }
    modes = {speed: IndexMode(replace(settings, speed=speed), seen) for speed, seen in by_speed.items()}
    will_do = tuple(modes.values())[: 1 + tuple(modes).index(at_least)]
    return IndexModes(asked=modes[settings.speed], full=modes["full"], will_do=will_do)


def looked_at(missing: tuple[str, ...], *, num_seen: int, num_frames: int) -> tuple[str, ...]:
    """``missing`` with the numbers of frames of a fast run filled in."""
    return tuple(
        f"fast: looked at {num_seen} of {num_frames} pictures" if one == _FAST else one for one in missing
    )
