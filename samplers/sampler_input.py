"""The input of a sampler: the times of the frames, measurements of them, and the question's words of time.

A sampler decodes nothing and runs no model. The caller passes what is known: shots, codec keyframes, motion,
embeddings of the candidates, and how well each candidate fits the question. Scores come in one series for
each *channel* (subtitles, screen text, a visual encoder, ...), because channels are not on one scale.
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
    """Which part of the video the words of time in a question mean."""

    ANYWHERE = "anywhere"
    AFTER = "after"
    BEFORE = "before"
    BETWEEN = "between"
    DURING = "during"
    WITHIN = "within"
    """A span the question states: at 12:30, in the last minute."""
    FIRST = "first"
    LAST = "last"
    EVERYWHERE = "everywhere"
    """How often, never, always: only the whole video answers it."""


@dataclass(frozen=True, slots=True, eq=False)
class TimeAim:
    """The words of time in a question.

    Args:
        move: Which kind.
        anchors: For each anchor phrase the scores of the candidates for that phrase alone: one phrase for
            after, before and during, two for between.
        window: The span of :attr:`TimeMove.WITHIN`.
        reach_seconds: How long "after" and "before" reach from the anchor.
    """

    move: TimeMove = TimeMove.ANYWHERE
    anchors: tuple[Channels, ...] = ()
    window: Span | None = None
    reach_seconds: float = 75.0


@dataclass(frozen=True, slots=True, eq=False)
class SamplerInput:
    """Everything a sampler may use. Only ``pictures`` is required.

    Args:
        pictures: The times of the frames.
        shots: In order of time.
        keyframes: Times of the codec's I-frames, ascending.
        candidates: Times in seconds at which something was measured, ``(n,)``, ascending, about one a second.
        motion: How much moves at each candidate, ``(n,)``, on any scale.
        looks: An embedding of each candidate, ``(n, d)``, compared by cosine.
        scores: How well each candidate fits the question, ``(n,)`` for each channel.
        aim: The question's words of time.

    Raises:
        ValueError: candidates are out of order, or a measurement does not have one row for each candidate.
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
        measured: dict[str, npt.NDArray[np.generic] | None] = {
            f"scores of {name}": rows for name, rows in self.scores.items()
        }
        for anchor in self.aim.anchors:
            measured |= {f"anchor scores of {name}": rows for name, rows in anchor.items()}
        measured |= {"motion": self.motion, "looks": self.looks}
        for name, rows in measured.items():
            if rows is not None and len(rows) != len(self.candidates):
                raise ValueError(f"{name}: {len(rows)} rows for {len(self.candidates)} candidates")

    @property
    def span(self) -> Span:
        return self.pictures.span
