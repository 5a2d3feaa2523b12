"""Looks of earlier questions: which of them still hold, and which frames need not be decoded again."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence

from video_vlm.memory import MemoryView, StoredLook
from video_vlm.protocols import VideoMemory
from video_vlm.records import Observation, ObservationKind, Span
from video_vlm.relook.frame_observers import FrameObservers
from video_vlm.relook.overlay import Overlay

__all__ = ["CachedFrames", "recall", "valid_looks"]

_ROUNDING = 1e-3


class CachedFrames:
    """The pictures that all observers at hand have seen already, large enough, each with those it was seen with: what
    is read in pictures that follow one another depends on all of them.

    Args:
        looks: What was looked at before.
        eyes: Who would look now.
        step_seconds: How long a picture is shown.
    """

    def __init__(self, looks: Iterable[StoredLook], eyes: FrameObservers, *, step_seconds: float) -> None:
        seen: dict[tuple[float, ...], set[str]] = {}
        self._rows: dict[float, dict[Observation, None]] = {}
        for look in valid_looks(looks, eyes):
            if look.is_caption or look.max_side < eyes.max_side:
                continue
            seen.setdefault(tuple(one.start for one in look.frames), set()).add(look.observer)
            for row in look.observations:
                if row.kind is ObservationKind.SCREEN_TEXT:
                    self._rows.setdefault(row.span.start, {})[row] = None
        self._together = {starts for starts, by in seen.items() if by >= eyes.digests.keys()}
        self._starts = sorted({start for starts in self._together for start in starts})
        self._step = step_seconds

    def shown_at(self, times: Sequence[float]) -> tuple[float, ...] | None:
        """When the pictures that are shown at these times begin, in seconds, if just they were seen together."""
        shown = [self._picture_at(seconds) for seconds in times]
        starts = tuple(dict.fromkeys(start for start in shown if start is not None))
        return starts if None not in shown and starts in self._together else None

    def rows_of(self, pictures: Sequence[Span]) -> tuple[Observation, ...]:
        """The rows of text in pictures that were seen together."""
        ends = {picture.end for picture in pictures}
        return tuple(
            row for picture in pictures for row in self._rows.get(picture.start, ()) if row.span.end in ends
        )

    def _picture_at(self, seconds: float) -> float | None:
        place = bisect_right(self._starts, seconds + _ROUNDING) - 1
        is_shown = place >= 0 and seconds < self._starts[place] + self._step - _ROUNDING
        return self._starts[place] if is_shown else None


def valid_looks(looks: Iterable[StoredLook], eyes: FrameObservers) -> tuple[StoredLook, ...]:
    """The looks whose observer is here and has the same digest; and captions, whatever model made them."""
    digests = eyes.digests
    return tuple(look for look in looks if look.is_caption or digests.get(look.observer) == look.digest)


def recall(memory: MemoryView, looks: Sequence[StoredLook]) -> VideoMemory:
    """The memory with the observations and captions of earlier looks added."""
    if not looks:
        return memory
    seen = dict.fromkeys(one for look in looks for one in look.observations)
    # Who made captions read nothing: their pictures do not tell when a writing was not there yet.
    looked = dict.fromkeys(one for look in looks if not look.is_caption for one in look.frames)
    return Overlay(memory, seen, looked)
