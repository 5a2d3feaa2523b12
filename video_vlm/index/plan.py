"""Which stages reading a video would make again, and why: the same decision that a run takes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from video_vlm.index.appended_file import appended_to
from video_vlm.index.index_mode import IndexMode, IndexModes, index_modes
from video_vlm.index.recipe import Recipe
from video_vlm.index.stages import FRAMES, SHOTS, StageVerdict, from_json, judge, observer
from video_vlm.media import content_id
from video_vlm.memory import Library, StoredVideo
from video_vlm.protocols import Need
from video_vlm.settings import IndexSettings, Speed

__all__ = ["Decodes", "IndexPlan", "PartialPlan", "part_to_make", "plan_index"]

Decodes: TypeAlias = Literal[
    "nothing", "sound", "representative frames", "from where it stopped", "from where it ended", "everything"
]

SIGHT = "sight"


@dataclass(frozen=True, slots=True)
class IndexPlan:
    """What would be done to one file: a verdict for each stage, and what has to be decoded."""

    path: Path
    content_id: str
    stages: tuple[StageVerdict, ...]
    decodes: Decodes

    @property
    def is_done(self) -> bool:
        """Whether there is nothing to do."""
        return all(one.is_kept for one in self.stages)


@dataclass(frozen=True)
class PartialPlan:
    """A part of a memory that is to be made again on what is kept: by whom, under which recipe, and which
    observers have to look again: at the file, or at its representative frames."""

    manner: IndexMode
    recipe: Recipe
    at_file: tuple[str, ...] = ()
    at_frames: tuple[str, ...] = ()

    @property
    def observers(self) -> tuple[str, ...]:
        return (*self.at_file, *self.at_frames)

    @property
    def kept(self) -> tuple[str, ...]:
        return tuple(name for name in self.manner.watch.names if name not in self.observers)


def part_to_make(stored: StoredVideo, how: IndexModes, path: Path, library: Library) -> PartialPlan | None:
    """The part of a complete memory that has to be made again; None where every frame has to be decoded
    again."""
    if not stored.complete:
        return None
    for manner in how.will_do:
        recipe = manner.recipe(path, stored.video.content_id, library)
        verdicts = {one.stage: one for one in judge(from_json(stored.stages), recipe.stages)}
        if not (verdicts[SHOTS].is_kept and verdicts[FRAMES].is_kept):
            continue
        changed = [name for name in manner.watch.names if not verdicts[observer(name)].is_kept]
        watch = manner.watch.only(changed)
        if not watch.needing(Need.PICTURES):
            at_frames = watch.needing(Need.FRAMES)
            return PartialPlan(
                manner, recipe, tuple(name for name in changed if name not in at_frames), at_frames
            )
    return None


def plan_index(
    path: Path, library: Library, *, settings: IndexSettings, at_least: Speed | None = None
) -> IndexPlan:
    """What :func:`~video_vlm.index.run.index_video` would do. Nothing is decoded, nothing written.

    Raises:
        UnreadableVideo: the path is not a readable local file.
        UnknownName: the settings name an observer that is not registered.
    """
    how = index_modes(settings, at_least=at_least or settings.speed)
    identity = library.files.content_id(path) or content_id(path)
    stored = library.find(identity)
    verdicts, decodes = _verdicts(stored, how, path, library, identity)
    return IndexPlan(path, identity, (*verdicts, *_sight(library, identity, decodes)), decodes)


def _verdicts(
    stored: StoredVideo | None, how: IndexModes, path: Path, library: Library, identity: str
) -> tuple[tuple[StageVerdict, ...], Decodes]:
    wanted = how.asked.recipe(path, identity, library)
    if stored is None:
        grown = appended_to(path, library, how.asked, wanted)
        if grown is None:
            return _all(wanted, "the library does not know this video"), "everything"
        return _all(
            wanted, f"the file has grown; it is read on from {grown.until_seconds:.1f} s"
        ), "from where it ended"
    if not stored.complete:
        if stored.recipe == wanted.whole and stored.until_seconds is not None:
            return _all(wanted, f"it was stopped at {stored.until_seconds:.1f} s, and goes on there"), (
                "from where it stopped"
            )
        return _all(wanted, "it was stopped before, under other settings"), "everything"
    if how.have_made(stored, path, library):
        return tuple(StageVerdict(one.name, True, "made with the same") for one in wanted.stages), "nothing"
    known = from_json(stored.stages)
    if not known:
        return _all(wanted, "an earlier version made it, and did not note with what"), "everything"
    part = part_to_make(stored, how, path, library)
    if part is None:
        return tuple(_from_every_frame(judge(known, wanted.stages), how.asked)), "everything"
    listens = bool(set(part.manner.watch.needing(Need.SOUND)).intersection(part.at_file))
    decodes: Decodes = "representative frames" if part.at_frames else "sound" if listens else "nothing"
    return judge(known, part.recipe.stages), decodes


def _all(wanted: Recipe, because: str) -> tuple[StageVerdict, ...]:
    return tuple(StageVerdict(one.name, False, because) for one in wanted.stages)


def _from_every_frame(verdicts: tuple[StageVerdict, ...], manner: IndexMode) -> list[StageVerdict]:
    """Where one stage needs every frame again, all stages are made while they pass."""
    need_all = {SHOTS, FRAMES, *map(observer, manner.watch.needing(Need.PICTURES))}
    needy = [one.stage for one in verdicts if not one.is_kept and one.stage in need_all]
    because = f"{needy[0]} needs every picture again" if needy else "every picture is gone over again"
    return [StageVerdict(one.stage, False, because) if one.is_kept else one for one in verdicts]


def _sight(library: Library, identity: str, decodes: Decodes) -> tuple[StageVerdict, ...]:
    """What the library's image-text tower has not seen is no part of a recipe: it is added."""
    if library.vectors.sight is None:
        return ()
    if decodes not in ("nothing", "sound", "representative frames"):
        return (StageVerdict(SIGHT, False, "the pictures are decoded again"),)
    unseen = len(library.vectors.nodes_without(identity))
    because = f"{unseen} segments were not seen by {library.vectors.sight.name}" if unseen else "all was seen"
    return (StageVerdict(SIGHT, not unseen, because),)
