"""What a model was shown, and what of it a claim may rest on: a time that was not shown cannot be cited."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from video_vlm.records import Citation, Frame, ObservationKind, Span

__all__ = ["TOLERANCE_SECONDS", "Ledger", "Shown"]

TOLERANCE_SECONDS = 2.0
"""How far from what was shown a cited time may lie."""


@dataclass(frozen=True, slots=True)
class Shown:
    """Something a model was shown: words out of the video, or a picture (no kind, no text)."""

    span: Span
    text: str = ""
    kind: ObservationKind | None = None


@dataclass
class Ledger:
    """All of it. ``step_seconds`` is how long a picture is on display."""

    step_seconds: float
    shown: list[Shown] = field(default_factory=list)

    def add(self, items: Iterable[Shown]) -> tuple[Shown, ...]:
        """Those that are new."""
        new = tuple(dict.fromkeys(item for item in items if item not in self.shown))
        self.shown += new
        return new

    def add_pictures(self, frames: Iterable[Frame]) -> None:
        self.add(Shown(Span(one.pts_seconds, one.pts_seconds + self.step_seconds)) for one in frames)

    def cite(self, span: Span) -> Citation | None:
        """What was shown at ``span``; None where nothing was within the tolerance of its beginning and of its end.

        A moment is cited as the stretch of what was shown then; words are quoted where they overlap what is cited.
        """
        if not all(any(_is_near(one.span, end) for one in self.shown) for end in (span.start, span.end)):
            return None
        near = sorted(self.shown, key=lambda one: (_distance(one.span, span.middle), not one.text))
        cited = span if span.duration_seconds > 0 else near[0].span
        words = next((one for one in near if one.text and one.span.overlaps(cited)), None)
        return Citation(cited) if words is None else Citation(cited, words.text, words.kind)

    @property
    def pictures(self) -> tuple[Span, ...]:
        return tuple(one.span for one in self.shown if not one.text)


def _is_near(span: Span, moment: float) -> bool:
    return span.start - TOLERANCE_SECONDS <= moment <= span.end + TOLERANCE_SECONDS


def _distance(span: Span, moment: float) -> float:
    return max(span.start - moment, moment - span.end, 0.0)
