"""What a model was shown. A claim may cite only this."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from video_vlm.records import Box, Citation, Frame, ObservationKind, Span

__all__ = ["TOLERANCE_SECONDS", "ShownEvidence", "ShownItem"]

TOLERANCE_SECONDS = 2.0
"""How far from what was shown a cited time may lie."""


@dataclass(frozen=True, slots=True)
class ShownItem:
    """Something a model was shown: what was observed, a summary of it (no kind), or a picture (no text).

    ``box`` is where in the picture it was found.
    """

    span: Span
    text: str = ""
    kind: ObservationKind | None = None
    box: Box | None = None

    @property
    def is_evidence(self) -> bool:
        """Whether a claim may rest on it: on a frame or an observation, not on text that a model derived."""
        return self.kind is not None or not self.text

    @property
    def length(self) -> float:
        return self.span.duration_seconds


@dataclass
class ShownEvidence:
    """Everything a model was shown. ``step_seconds`` is how long a frame is on display."""

    step_seconds: float
    shown: list[ShownItem] = field(default_factory=list)

    def add(self, items: Iterable[ShownItem]) -> tuple[ShownItem, ...]:
        """Adds items; returns those that are new."""
        new = tuple(dict.fromkeys(item for item in items if item not in self.shown))
        self.shown += new
        return new

    def add_frames(self, frames: Iterable[Frame]) -> None:
        self.add(ShownItem(Span(one.pts_seconds, one.pts_seconds + self.step_seconds)) for one in frames)

    def cite(self, span: Span) -> Citation | None:
        """The citation for ``span``, in seconds; None where nothing was shown within the tolerance of its
        beginning and of its end.

        A moment is cited as the span of what was shown then. Words are quoted where they overlap what is
        cited.
        """
        evidence = [one for one in self.shown if one.is_evidence]
        ends = (span.start, span.end)
        if not all(any(_distance(one.span, end) <= TOLERANCE_SECONDS for one in evidence) for end in ends):
            return None
        near = sorted(evidence, key=lambda one: (_distance(one.span, span.middle), not one.text, one.length))
        cited = span if span.duration_seconds > 0 else near[0].span
        # The tolerance may reach over the ends of what was shown, and of the video.
        around = Span(min(one.span.start for one in evidence), max(one.span.end for one in evidence))
        cited = cited.overlap(around) or near[0].span
        words = next((one for one in near if one.text and one.span.overlaps(cited)), None)
        return Citation(cited) if words is None else Citation(cited, words.text, words.kind, words.box)

    @property
    def frames(self) -> tuple[Span, ...]:
        return tuple(one.span for one in self.shown if not one.text)


def _distance(span: Span, moment: float) -> float:
    return max(span.start - moment, moment - span.end, 0.0)
