"""Files that have grown since they were read: their memory is taken over, and the rest is read."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from video_vlm.index.checkpoint import RunState, reading_state
from video_vlm.index.hierarchy import SHOTS
from video_vlm.index.index_mode import IndexMode
from video_vlm.index.recipe import Recipe
from video_vlm.index.stages import from_json, judge, observer, tail_of
from video_vlm.media import content_id
from video_vlm.memory import Library, MemoryCheckpoint, MemoryWriter
from video_vlm.protocols import Need
from video_vlm.samplers.gradual_transitions import MEMORY_SECONDS
from video_vlm.samplers.shots import MEMORY_FRAMES

__all__ = ["AppendedFile", "StreamTail", "appended_to", "begin_with"]

_PASSING: Final = (Need.FRAMES, Need.PICTURES)
"""Needs of observers that have to be there while the video passes."""

_CERTAIN_SECONDS: Final = MEMORY_SECONDS + 1.0
"""What begins so near to the end might begin elsewhere if more came after it; and the last packets may be
torn."""


class StreamTail:
    """Holds the states from which a run can go on if the file grows: from the last segment that begins well
    before the end."""

    def __init__(self, states: Iterable[RunState] = ()) -> None:
        self._states = deque(states)

    @classmethod
    def from_json(cls, text: str) -> StreamTail:
        """The tail that :meth:`to_json` wrote; or the last state alone, as earlier versions stored it."""
        with reading_state():
            data = json.loads(text)
            return cls([RunState.from_data(one) for one in (data if isinstance(data, list) else [data])])

    def to_json(self) -> str:
        """All states, for a checkpoint, so that a resumed run has what an uninterrupted one has."""
        return json.dumps([asdict(one) for one in self._states], separators=(",", ":"))

    @property
    def state(self) -> RunState:
        """The last state: where the run is."""
        return self._states[-1]

    def note(self, state: RunState) -> None:
        """Adds the state after a segment that was closed."""
        self._states.append(state)
        newest = state.mark.start_seconds if state.mark else 0.0
        while len(self._states) > 1 and self._is_certain(self._states[1], newest):
            self._states.popleft()

    def at(self, end_seconds: float) -> str | None:
        """The state to resume from, as JSON, if the video ends at ``end_seconds``; None where all of the
        video is near its end."""
        certain = [one for one in self._states if one.mark and self._is_certain(one, end_seconds)]
        return certain[-1].to_json() if certain else None

    def _is_certain(self, state: RunState, end_seconds: float) -> bool:
        """Whether enough comes after it, of seconds and of frames, that more at the end would change
        nothing."""
        begins = state.mark.start_seconds if state.mark else 0.0
        num_after = self.state.num_frames - state.num_frames
        return begins <= end_seconds - _CERTAIN_SECONDS and num_after >= MEMORY_FRAMES


@dataclass(frozen=True)
class AppendedFile:
    """A file as it was before it grew, and the state to go on from."""

    content_id: str
    state: RunState

    @property
    def until_seconds(self) -> float:
        return self.state.mark.start_seconds if self.state.mark else self.state.start_seconds


def appended_to(path: Path, library: Library, manner: IndexMode, recipe: Recipe) -> AppendedFile | None:
    """The memory of the file as it was when it was shorter.

    None where the library has none, where the beginning of the file has changed, or where it was read in
    another way.
    """
    known = library.files.last_known(path)
    if known is None or manner.settings.speed != "full" or path.stat().st_size <= known[1]:
        return None
    before = library.find(known[0])
    if before is None or not before.complete or content_id(path, num_bytes=known[1]) != known[0]:
        return None
    kept = {one.stage for one in judge(from_json(before.stages), recipe.stages) if one.is_kept}
    looked = {observer(name) for name in manner.watch.needing(*_PASSING)}
    tail = tail_of(before.stages)
    if tail is None or not kept >= {stage.name for stage in recipe.stages[:2]} | looked:
        return None
    return AppendedFile(known[0], RunState.from_json(tail))


def begin_with(build: MemoryWriter, grown: AppendedFile, manner: IndexMode, recipe: Recipe) -> None:
    """Copies the memory of the shorter file into a build that is empty except for what is said of the file as
    a whole."""
    looked = manner.watch.needing(*_PASSING)
    build.grow_from(
        grown.content_id,
        observers=[SHOTS, *looked],
        checkpoint=MemoryCheckpoint(grown.until_seconds, grown.state.to_json()),
        recipe=recipe.base,
    )
