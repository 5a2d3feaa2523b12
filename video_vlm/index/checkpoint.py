"""The state that an interrupted run needs to go on, as the JSON of a checkpoint."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

from video_vlm.errors import LibraryDamaged
from video_vlm.records import Damage, Span
from video_vlm.samplers.segments import SegmentStart

__all__ = ["RunState", "reading_state"]


@dataclass(frozen=True, slots=True)
class RunState:
    """Everything before ``mark`` is written. ``mark`` is None once all frames have been seen.

    ``num_frames``, ``num_seen`` of them, and ``damage`` count what lies before it; ``start_seconds`` is the
    first frame's time.
    """

    start_seconds: float
    num_frames: int = 0
    num_seen: int = 0
    mark: SegmentStart | None = None
    damage: tuple[Damage, ...] = ()

    def after(
        self, *, num_frames: int, num_seen: int, mark: SegmentStart | None, damage: tuple[Damage, ...]
    ) -> RunState:
        """The state after one more segment of ``num_frames`` frames, of which ``num_seen`` were given out."""
        return RunState(
            self.start_seconds, self.num_frames + num_frames, self.num_seen + num_seen, mark, damage
        )

    def to_json(self) -> str:
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> RunState:
        """The state that :meth:`to_json` wrote; every float is equal to the last bit."""
        with reading_state():
            return cls.from_data(json.loads(text))

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> RunState:
        """The state out of the parsed JSON."""
        return cls(
            start_seconds=data["start_seconds"],
            num_frames=data["num_frames"],
            num_seen=data["num_seen"],
            mark=SegmentStart(**data["mark"]) if data["mark"] else None,
            damage=tuple(Damage(Span(**item["span"]), item["reason"]) for item in data["damage"]),
        )


@contextmanager
def reading_state() -> Iterator[None]:
    """Turns errors of reading a stored state into one that names the library: it may come from another
    program.

    Raises:
        LibraryDamaged: what was noted in it is nothing to go on from.
    """
    try:
        yield
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise LibraryDamaged(
            "the note of how far a video was read is none; "
            "type: videoqa library remove VIDEO, and index it again"
        ) from error
