"""Settings by reduction: where to fold and how much to merge for a given factor of fewer tokens."""

from __future__ import annotations

import math

from video_vlm.encoder.video import EncoderSettings, Fold

__all__ = ["settings_for"]

MOST_FOLDED = 4.0
"""Frames are folded down to one in four; what is to go beyond that goes inside frames."""

FIRST_FOLD, SECOND_FOLD = 0, 2
"""The blocks before which frames are folded: at once, and again when two blocks have seen more than raw
patches."""


def settings_for(
    times: float,
    *,
    num_blocks: int,
    num_patches: int,
    temporal_depths: tuple[int, ...] = (),
    tolerance: float = 0.0,
) -> EncoderSettings:
    """Settings that leave about ``times`` fewer tokens than there are patches, saving the most arithmetic.

    What is left over or missing is up to :func:`~video_vlm.encoder.token_budget.spend`.

    Raises:
        ValueError: ``times`` is below 1, or more than folding and matching can do in so many blocks.
    """
    folded = min(times, MOST_FOLDED)
    first = min(folded, 2.0)
    folds = (
        (Fold(FIRST_FOLD, first), Fold(min(SECOND_FOLD, num_blocks - 1), folded / first)) if times > 1 else ()
    )
    r_from = min(SECOND_FOLD, num_blocks - 1)
    going = num_patches * (1 - folded / times)
    r = math.ceil(going / (num_blocks - r_from)) if times > 1 else 0
    if times < 1 or r * (num_blocks - r_from) >= num_patches:
        raise ValueError(
            f"from 1 to {num_patches * MOST_FOLDED / 2:.0f} times fewer tokens can be had, not {times}"
        )
    return EncoderSettings(
        temporal_depths=temporal_depths,
        folds=tuple(fold for fold in folds if fold.factor > 1),
        tolerance=tolerance,
        r=r,
        r_from=r_from if r else 0,
    )
