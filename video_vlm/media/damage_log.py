"""The spans that could not be decoded; they stay few, however many frames are damaged."""

from __future__ import annotations

from collections.abc import Sequence

from video_vlm.records import Damage, Span

__all__ = ["DamageLog"]

_JOIN_SECONDS = 0.5


class DamageLog:
    """The damage noted so far. Stretches with one reason that overlap, or are at most half a second apart,
    are joined."""

    def __init__(self) -> None:
        self._damage: list[Damage] = []

    def note(self, start: float, end: float, reason: str) -> None:
        """Notes that ``[start, end)``, in seconds, could not be decoded."""
        span = Span(start, max(start, end))
        apart = []
        for known in self._damage:
            if known.reason == reason and known.span.widen(_JOIN_SECONDS).overlaps(span):
                span = span.cover(known.span)
            else:
                apart.append(known)
        self._damage = [*apart, Damage(span, reason)]

    @property
    def damage(self) -> Sequence[Damage]:
        """All damage, in order of time."""
        return tuple(sorted(self._damage, key=lambda known: known.span))
