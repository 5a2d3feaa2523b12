"""Time operators: what the words of a question that move in time come to, as records."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from video_vlm.records import Span

__all__ = [
    "ADJACENT_SECONDS",
    "BEGINNING",
    "ENDING",
    "REACH_SECONDS",
    "WHOLE",
    "Away",
    "OperatorKind",
    "ParsedQuestion",
    "TimeOperator",
    "Window",
    "walked",
]


class OperatorKind(StrEnum):
    """How a question moves in time."""

    NONE = "none"
    AFTER = "after"
    BEFORE = "before"
    BETWEEN = "between"
    DURING = "during"
    NEXT = "next"
    """"What happens next?": after something the question does not name."""
    WITHIN = "within"
    """A stretch the question gives outright: at 12:30, in the last five minutes, at the beginning."""


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch relative to a video that is not known yet.

    ``start`` and ``end`` are seconds from the start of the video, or from its end where negative
    (``end`` 0.0 is the end itself); ``start_share`` and ``end_share`` are fractions of its length instead.
    """

    start: float | None = None
    end: float | None = None
    start_share: float | None = None
    end_share: float | None = None

    def resolve(self, video: Span) -> Span:
        """The stretch in seconds, cut to the video."""
        length = video.duration_seconds
        if self.start_share is not None and self.end_share is not None:
            return Span(video.start + self.start_share * length, video.start + self.end_share * length)
        start, end = self.start or 0.0, self.end or 0.0
        first = video.start + start if start >= 0 else video.end + start
        last = video.start + end if end > 0 else video.end + end
        first = min(max(first, video.start), video.end)
        return Span(first, min(max(last, first), video.end))


BEGINNING = Window(start_share=0.0, end_share=0.1)
ENDING = Window(start_share=0.9, end_share=1.0)
WHOLE = Window(start_share=0.0, end_share=1.0)


@dataclass(frozen=True, slots=True)
class Away:
    """How far from an anchor: "ten seconds after" it, or anywhere "in the ten seconds after" it."""

    seconds: float
    throughout: bool = False


@dataclass(frozen=True, slots=True)
class TimeOperator:
    """One move in time: from which anchors, which way, how far, and whether only the nearest thing counts."""

    kind: OperatorKind
    anchors: tuple[str, ...] = ()
    adjacent: bool = False
    window: Window | None = None
    away: Away | None = None


REACH_SECONDS = 75.0
"""How far "after" and "before" reach from their anchor."""

ADJACENT_SECONDS = 30.0
"""How far "right after" does."""


def walked(operator: TimeOperator, anchor: Span) -> Span | None:
    """The stretch an operator means by an anchor: behind it, in front of it, around it; None if it moves from
    none."""
    reach = ADJACENT_SECONDS if operator.adjacent else REACH_SECONDS
    if operator.away and not operator.away.throughout:
        seconds = operator.away.seconds if operator.kind is OperatorKind.AFTER else -operator.away.seconds
        return Span(anchor.start + seconds, anchor.end + seconds)
    if operator.away:
        reach = operator.away.seconds
    match operator.kind:
        case OperatorKind.AFTER:
            return Span(anchor.end, anchor.end + reach)
        case OperatorKind.BEFORE:
            return Span(anchor.start - reach, anchor.start)
        case OperatorKind.DURING:
            return anchor.widen(2.0)
    return None


@dataclass(frozen=True, slots=True)
class ParsedQuestion:
    """A question taken apart: what is asked, and how it moves in time.

    ``asks_when``, ``asks_duration`` and ``asks_count`` say that the answer itself is a time, a
    length of time, or a number of occurrences; ``extreme`` that only the first or the last one counts.
    """

    text: str
    target: str
    operator: TimeOperator
    asks_when: bool = False
    asks_duration: bool = False
    asks_count: bool = False
    extreme: str | None = None
