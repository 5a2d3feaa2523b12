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
        """What was shown at ``span``; None where nothing was within the tolerance of its beginning and of its end."""
        ends = [[one for one in self.shown if _is_near(one.span, moment)] for moment in (span.start, span.end)]
        if not all(ends):
            return None
        near = [one for one in self.shown if one.span.overlaps(span.widen(TOLERANCE_SECONDS))]
        whole = Span(min(one.span.start for one in near), max(one.span.end for one in near))
        cited = Span(min(max(span.start, whole.start), whole.end), max(min(span.end, whole.end), whole.start))
        best = min((one for one in near if one.text), key=lambda one: abs(one.span.middle - span.middle), default=None)
        # Words are quoted where they were said; next to them the picture speaks for itself.
        if best is not None and best.span.overlaps(cited):
            return Citation(_least(cited, best.span), best.text, best.kind)
        return Citation(_least(cited, near[0].span))

    @property
    def pictures(self) -> tuple[Span, ...]:
        return tuple(one.span for one in self.shown if not one.text)


def _is_near(span: Span, moment: float) -> bool:
    return span.start - TOLERANCE_SECONDS <= moment <= span.end + TOLERANCE_SECONDS


def _least(cited: Span, shown: Span) -> Span:
    """A moment stands for what was shown then."""
    return cited if cited.duration_seconds > 0 else (cited.overlap(shown) or cited).cover(
        Span(max(shown.start, min(cited.start, shown.end)), max(cited.start, shown.end))
    )
