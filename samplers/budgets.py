"""How many frames to look at, and with which sampler: by the video's length, by the question, or as told.

=============  ==========  ==================================  ===================
length         sampler     frames                              why
=============  ==========  ==================================  ===================
under 30 s     dense       2 a second (1 a second at least)    all of it fits
30 s to 5 min  motion      1 every 2 seconds, 64 at most       shots and what moves
above 5 min    tiered      1 every 10 seconds, 32 to 128       coarse first, detail on demand
=============  ==========  ==================================  ===================

A question that moves in time takes ``tiered`` and one that counts takes ``scan``, however long the video is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from video_vlm.samplers.sampler_input import TimeMove

__all__ = ["AUTO", "Budget", "budget_for", "sampler_for"]

AUTO = "auto"
"""The name that leaves the choice of sampler to the policy."""

_SHORT_SECONDS, _MEDIUM_SECONDS = 30.0, 300.0
_FEWEST, _MOST_MEDIUM, _MOST_LONG = 32, 64, 128


@dataclass(frozen=True, slots=True)
class Budget:
    """How many frames may be looked at, and how many tokens they cost a model.

    Args:
        frames: At most so many.
        tokens_per_frame: Visual tokens of each frame, after merging.
        why: ``"as told"``, or the length that decided.
    """

    frames: int
    tokens_per_frame: int
    why: str

    @property
    def tokens(self) -> int:
        return self.frames * self.tokens_per_frame


def budget_for(
    duration_seconds: float, *, tokens_per_frame: int, frames: int | None = None, tokens: int | None = None
) -> Budget:
    """The budget for a video: as told, in frames or in tokens, or by its length.

    Worked example: 1,000 tokens at 256 a frame are 3 frames; the 232 left do not buy a fourth.

    Args:
        duration_seconds: How long the video is.
        tokens_per_frame: Visual tokens of one frame for the model at hand.
        frames: So many, whatever the length.
        tokens: As many frames as this buys; the smaller of the two counts where both are given.

    Raises:
        ValueError: the budget does not buy one frame.
    """
    if tokens_per_frame < 1:
        raise ValueError(f"tokens_per_frame must be at least 1, got {tokens_per_frame}")
    affordable = None if tokens is None else tokens // tokens_per_frame
    told = [number for number in (frames, affordable) if number is not None]
    if told and min(told) < 1:
        raise ValueError(
            f"the budget buys no frame: {frames} frames, {tokens} tokens at {tokens_per_frame} a frame"
        )
    if told:
        return Budget(min(told), tokens_per_frame, "as told")
    length = _class_of(duration_seconds)
    by_length = {
        "short": max(1, math.ceil(2 * duration_seconds)),
        "medium": min(max(_FEWEST, math.ceil(duration_seconds / 2)), _MOST_MEDIUM),
        "long": min(max(_FEWEST, math.ceil(duration_seconds / 10)), _MOST_LONG),
    }
    return Budget(by_length[length], tokens_per_frame, f"by length: {length}")


def sampler_for(
    duration_seconds: float, move: TimeMove = TimeMove.ANYWHERE, *, asked: bool = True, named: str = AUTO
) -> str:
    """The name of the sampler to use: as told, else by the question, else by the length.

    Args:
        duration_seconds: How long the video is.
        move: Which part of the video the question's words of time mean.
        asked: Whether any candidate has a score for the question.
        named: A sampler's name, or ``"auto"``.
    """
    if named != AUTO:
        return named
    if move is TimeMove.EVERYWHERE:
        return "scan"
    if move is not TimeMove.ANYWHERE:
        return "tiered"
    by_length = {"short": "dense", "medium": "tiered" if asked else "motion", "long": "tiered"}
    return by_length[_class_of(duration_seconds)]


def _class_of(duration_seconds: float) -> str:
    if duration_seconds < _SHORT_SECONDS:
        return "short"
    return "medium" if duration_seconds <= _MEDIUM_SECONDS else "long"
