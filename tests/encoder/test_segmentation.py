from __future__ import annotations

from itertools import combinations

import pytest
import torch
from torch import Tensor

from video_vlm.encoder.frame_merge import merge_frames
from video_vlm.encoder.optimal_partition import gram, partition, stretch_errors


def error_of(values: Tensor, weight: Tensor, owner: list[int]) -> float:
    total = 0.0
    for stretch in set(owner):
        inside = [place for place, other in enumerate(owner) if other == stretch]
        part, heavy = values[inside].double(), weight[inside].double()[:, None]
        mean = (heavy * part).sum(dim=0) / heavy.sum()
        total += float((heavy * (part - mean).square()).sum())
    return total


@pytest.mark.parametrize("count", range(1, 7))
def test_no_cut_loses_less_than_the_one_that_is_found(count: int) -> None:
    generator = torch.Generator().manual_seed(count)
    values, weight = torch.randn(2, 6, 3, generator=generator), torch.rand(2, 6, generator=generator) + 0.5
    cuts = partition(stretch_errors(gram(values), weight), max_count=6)

    owners = cuts.owner(torch.full((2,), count))

    for item in range(2):
        best = min(
            error_of(values[item], weight[item], [sum(cut <= place for cut in chosen) for place in range(6)])
            for chosen in combinations(range(1, 6), count - 1)
        )
        found = owners[item].tolist()
        assert max(found) == count - 1
        assert error_of(values[item], weight[item], found) == pytest.approx(best, abs=1e-4)
        assert float(cuts.errors[item, count - 1]) == pytest.approx(best, abs=1e-4)


def still(num_frames: int) -> Tensor:
    return (
        torch.randn(1, 1, 4, 8, generator=torch.Generator().manual_seed(3))
        .expand(1, num_frames, 4, 8)
        .clone()
    )


def test_a_frame_unlike_its_neighbours_keeps_its_own() -> None:
    values = still(16)
    values[0, 9] += 1

    folded = merge_frames(values, weight=torch.ones(1, 16), num_frames=3)

    assert folded.owner.tolist() == [[0] * 9 + [1] + [2] * 6]


def test_exactly_as_many_frames_are_left_as_were_asked_for() -> None:
    values = torch.randn(2, 11, 4, 8, generator=torch.Generator().manual_seed(4))

    for count in range(1, 12):
        assert merge_frames(values, weight=torch.ones(2, 11), num_frames=count).num_merged == count


def test_a_still_clip_needs_one_frame_where_some_loss_is_tolerated() -> None:
    folded = merge_frames(still(16), weight=torch.ones(1, 16), num_frames=8, tolerance=1e-3)

    assert folded.num_merged == 1


def test_a_batch_keeps_as_many_as_its_liveliest_clip_needs() -> None:
    lively = torch.randn(1, 16, 4, 8, generator=torch.Generator().manual_seed(5))

    folded = merge_frames(
        torch.cat((still(16), lively)), weight=torch.ones(2, 16), num_frames=8, tolerance=1e-3
    )

    assert folded.num_merged == 8


def test_one_frame_is_left_alone() -> None:
    assert merge_frames(still(1), weight=torch.ones(1, 1), num_frames=1).owner.tolist() == [[0]]
