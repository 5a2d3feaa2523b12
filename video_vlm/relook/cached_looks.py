"""Looks of earlier questions: which of them still hold, and which frames need not be decoded again."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import pairwise

from video_vlm.memory import MemoryView, StoredLook
from video_vlm.protocols import VideoMemory
from video_vlm.records import Observation, Span
from video_vlm.relook.frame_observers import FrameObservers
from video_vlm.relook.overlay import Overlay

__all__ = ["CachedFrames", "recall", "valid_looks"]

_AS_GOOD_SECONDS = 0.25
"""Half the beat of a close look at two pictures a second: a picture this near tells the same, or nearer than
half of what the pictures of a plan lie apart."""


_ROUNDING = 1e-3


class CachedFrames:
    """The pictures that all observers at hand have seen already, large enough.

    Args:
        looks: What was looked at before.
        eyes: Who would look now.
        step_seconds: How long a picture is shown.
    """

    def __init__(self, looks: Iterable[StoredLook], eyes: FrameObservers, *, step_seconds: float) -> None:
        seen: dict[str, set[float]] = {name: set() for name in eyes.digests}
        kept = (look for look in valid_looks(looks, eyes) if not look.is_caption)
        self._looks = tuple(look for look in kept if look.max_side >= eyes.max_side)
        for look in self._looks:
            seen[look.observer].update(one.start for one in look.frames)
        self._starts = sorted(set.intersection(*seen.values())) if seen else []
        self._step = step_seconds

    def among(self, times: Sequence[float]) -> tuple[float, ...]:
        """Of the times of a plan, ascending, those whose picture was seen, or one so near that it tells the
        same.

        ``10.0, 10.5, 11.0`` (half a second apart) are known where a picture was seen every half second,
        whatever the phase; ``10.0, 10.25, 10.5`` are then known but for every other one.
        """
        apart = min((later - one for one, later in pairwise(times)), default=2 * _AS_GOOD_SECONDS)
        return tuple(
            seconds for seconds in times if self._has(seconds, within=min(apart / 2, _AS_GOOD_SECONDS))
        )

    def _has(self, seconds: float, *, within: float) -> bool:
        place = bisect_left(self._starts, seconds)
        near = self._starts[max(place - 1, 0) : place + 1]
        return any(
            start - within - _ROUNDING <= seconds <= start + within + _ROUNDING
            or start <= seconds < start + self._step
            for start in near
        )

    def seen_at(self, times: Sequence[float]) -> tuple[Observation, ...]:
        """The observations that were kept of frames at these times, in seconds."""
        spans = [Span(seconds - _AS_GOOD_SECONDS, seconds + _AS_GOOD_SECONDS) for seconds in times]
        kept = (one for look in self._looks for one in look.observations)
        return tuple(one for one in kept if any(one.span.overlaps(span) for span in spans))


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
