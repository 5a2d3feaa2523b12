"""What a sampler is told: where the pictures are, what was measured of them, and what was asked.

A sampler decodes nothing and runs no model. Whoever calls it hands in what is known: shots, codec keyframes,
how much moves, what the candidates look like, and how well each of them fits the question, one series a
*channel* (subtitles, screen text, a visual encoder, ...), because channels are not on one scale.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from video_vlm.records import Shot, Span
from video_vlm.samplers.frame_times import FrameTimes, Seconds

__all__ = ["Channels", "SamplerInput", "Scores", "TimeAim", "TimeMove"]

Scores = npt.NDArray[np.float64]
"""One number a candidate, ``(n,)``, on any scale; NaN where nothing is known."""

Channels = Mapping[str, Scores]
"""Scores by where they come from."""

_NO_TIMES: Seconds = np.zeros(0)


class TimeMove(StrEnum):
    """Where a question sends the eye."""

    ANYWHERE = "anywhere"
    AFTER = "after"
    BEFORE = "before"
    BETWEEN = "between"
    DURING = "during"
    WITHIN = "within"
    """A stretch the question gives outright: at 12:30, in the last minute."""
    FIRST = "first"
    LAST = "last"
    EVERYWHERE = "everywhere"
    """How often, never, always: only the whole answers it."""


@dataclass(frozen=True, slots=True, eq=False)
class TimeAim:
    """What is asked, in time.

    Args:
        move: Which way.
        anchors: For each anchor phrase how well the candidates fit it by itself: one for after, before and
            during, two for between.
        window: The stretch of :attr:`TimeMove.WITHIN`.
        reach_seconds: How far from its anchor something still happens "after" or "before" it.
    """

    move: TimeMove = TimeMove.ANYWHERE
    anchors: tuple[Channels, ...] = ()
    window: Span | None = None
    reach_seconds: float = 75.0


@dataclass(frozen=True, slots=True, eq=False)
class SamplerInput:
    """Everything a sampler may go by. Only ``pictures`` must be known.

    Args:
        pictures: Where the pictures are.
        shots: In order of time.
        keyframes: Times of the codec's I-frames, ascending.
        candidates: Times at which something was measured, ascending, about one a second.
        motion: How much moves at each candidate, on any scale.
        looks: What each candidate looks like, ``(n, d)``, compared by cosine.
        scores: How well each candidate fits the question, by channel.
        aim: What is asked, in time.

    Raises:
        ValueError: candidates out of order, or something measured that is not one row a candidate.
    """

    pictures: FrameTimes
    shots: tuple[Shot, ...] = ()
    keyframes: Seconds = field(default_factory=lambda: _NO_TIMES)
    candidates: Seconds = field(default_factory=lambda: _NO_TIMES)
    motion: Scores | None = None
    looks: npt.NDArray[np.float32] | None = None
    scores: Channels = field(default_factory=dict)
    aim: TimeAim = field(default_factory=TimeAim)

    def __post_init__(self) -> None:
        if not (np.isfinite(self.candidates).all() and np.all(np.diff(self.candidates) > 0)):
            raise ValueError("candidates must be finite and ascending")
        for name, rows in self._measured().items():
            if len(rows) != len(self.candidates):
                raise ValueError(f"{name}: {len(rows)} rows for {len(self.candidates)} candidates")

    @property
    def span(self) -> Span:
        return self.pictures.span

    def _measured(self) -> dict[str, npt.NDArray[np.generic]]:
        given: dict[str, npt.NDArray[np.generic]] = {
            f"scores of {name}": row for name, row in self.scores.items()
        }
        for anchor in self.aim.anchors:
            given |= {f"anchor scores of {name}": row for name, row in anchor.items()}
        return given | {
            name: rows for name, rows in (("motion", self.motion), ("looks", self.looks)) if rows is not None
        }
