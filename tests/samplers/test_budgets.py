"""How much to look at, and by whom."""

from __future__ import annotations

import pytest

from video_vlm.samplers import SAMPLERS, TimeMove
from video_vlm.samplers.budgets import budget_for, sampler_for


@pytest.mark.parametrize(
    ("seconds", "frames"),
    [(0.04, 1), (10, 20), (29, 58), (40, 32), (90, 45), (300, 64), (301, 32), (900, 90), (36000, 128)],
)
def test_the_length_decides_how_many_frames(seconds: float, frames: int) -> None:
    assert budget_for(seconds, tokens_per_frame=256).frames == frames


def test_tokens_buy_whole_frames() -> None:
    budget = budget_for(60, tokens_per_frame=256, tokens=1000)
    assert (budget.frames, budget.tokens) == (3, 768)


def test_of_frames_and_tokens_the_smaller_counts() -> None:
    assert budget_for(60, tokens_per_frame=100, frames=5, tokens=1000).frames == 5
    assert budget_for(60, tokens_per_frame=100, frames=50, tokens=1000).frames == 10


def test_a_budget_that_buys_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="buys no frame"):
        budget_for(60, tokens_per_frame=256, tokens=100)


@pytest.mark.parametrize(
    ("seconds", "move", "asked", "named", "sampler"),
    [
        (10, TimeMove.ANYWHERE, True, "auto", "dense"),
        (100, TimeMove.ANYWHERE, False, "auto", "motion"),
        (100, TimeMove.ANYWHERE, True, "auto", "tiered"),
        (1000, TimeMove.ANYWHERE, False, "auto", "tiered"),
        (10, TimeMove.AFTER, True, "auto", "tiered"),
        (1000, TimeMove.EVERYWHERE, True, "auto", "scan"),
        (1000, TimeMove.EVERYWHERE, True, "scene", "scene"),
    ],
)
def test_the_sampler_is_the_one_named_else_the_questions_else_the_lengths(
    seconds: float, move: TimeMove, asked: bool, named: str, sampler: str
) -> None:
    assert sampler_for(seconds, move, asked=asked, named=named) == sampler
    assert sampler in SAMPLERS
