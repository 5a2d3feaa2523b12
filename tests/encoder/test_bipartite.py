from __future__ import annotations

import pytest
import torch

from video_vlm.encoder.assignment import merged_size
from video_vlm.encoder.bipartite import key_metric, match_tokens


@pytest.mark.parametrize("tokens", [2, 7, 16])
@pytest.mark.parametrize("r", [0, 1, 3, 100])
@pytest.mark.parametrize("num_protected", [0, 1])
def test_r_tokens_go_but_never_more_than_half_of_those_that_may(
    tokens: int, r: int, num_protected: int
) -> None:
    metric = torch.randn(3, tokens, 8, generator=torch.Generator().manual_seed(1))

    matched = match_tokens(metric, r=r, num_protected=num_protected)

    left = tokens - min(r, (tokens - num_protected) // 2)
    sizes = merged_size(torch.ones(3, tokens), matched)
    assert matched.num_merged == left
    assert (sizes >= 1).all()
    assert (sizes.sum(dim=1) == tokens).all()


def test_the_tokens_that_are_alike_merge() -> None:
    metric = torch.eye(6)[None].clone()
    metric[0, 3] = metric[0, 4]

    matched = match_tokens(metric, r=1)

    assert matched.owner.tolist() == [[0, 1, 2, 3, 3, 4]]


def test_a_protected_token_stays_alone_even_if_all_are_alike() -> None:
    matched = match_tokens(torch.ones(1, 9, 4), r=4, num_protected=1)

    assert matched.sources(0, 0).tolist() == [0]


def test_one_token_stays_what_it_is() -> None:
    assert match_tokens(torch.randn(2, 1, 4), r=5).owner.tolist() == [[0], [0]]


def test_half_precision_will_do() -> None:
    metric = torch.randn(2, 12, 8, generator=torch.Generator().manual_seed(2))

    assert torch.equal(match_tokens(metric.half(), r=4).owner, match_tokens(metric.half().float(), r=4).owner)


def test_the_metric_is_the_mean_key_over_heads() -> None:
    keys = torch.arange(12.0).reshape(1, 1, 12)

    assert key_metric(keys, num_heads=3).tolist() == [[[4.0, 5.0, 6.0, 7.0]]]
