"""Fewer visual tokens: how many are left, where they stand, and what they still say."""

from __future__ import annotations

import pytest

pytest.importorskip("torch", reason="merging needs the extra [models]")

import torch

from video_vlm.encoder.mergers import MERGERS
from video_vlm.errors import UnknownName
from video_vlm.models.local.token_merging import check_merger, merge_tokens, num_kept


def noise(frames: int, tokens: int, *, seed: int = 0, width: int = 16) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return list(torch.randn(frames, tokens, width, generator=generator))


@pytest.mark.parametrize("num_tokens", [6, 7, 20, 59, 60])
@pytest.mark.parametrize("still", [False, True])
def test_exactly_so_many_tokens_are_left_and_every_picture_has_one(num_tokens: int, still: bool) -> None:
    pictures = noise(1, 10) * 6 if still else noise(6, 10)
    merging = merge_tokens(pictures, [[10]] * 6, num_tokens=num_tokens)
    assert merging.assignment.num_merged == len(merging.places) == num_tokens
    assert merging.places.tolist() == sorted(set(merging.places.tolist()))
    assert {place // 10 for place in merging.places.tolist()} == set(range(6))
    assert merging.assignment.owner[0, merging.places].tolist() == list(range(num_tokens))


def test_nothing_is_left_out() -> None:
    merging = merge_tokens(noise(4, 9), [[9]] * 4, num_tokens=5)
    assert set(merging.assignment.owner[0].tolist()) == set(range(5))


def test_pictures_of_different_sizes_and_tiles_keep_a_token_in_each_tile() -> None:
    pictures = [*noise(2, 12), *noise(1, 4), *noise(1, 12, seed=1)]
    runs = [[4, 4, 4], [4, 4, 4], [4], [6, 6]]
    merging = merge_tokens(pictures, runs, num_tokens=9)
    bounds = torch.tensor([4, 8, 12, 16, 20, 24, 28, 34])
    assert set(torch.bucketize(merging.places, bounds, right=True).tolist()) == set(range(9))


def test_what_stays_the_same_is_told_once_and_behind_its_first_time() -> None:
    picture = noise(1, 8)[0]
    merging = merge_tokens([picture] * 4, [[8]] * 4, num_tokens=11)
    assert merging.places[:8].tolist() == list(range(8))
    values = torch.cat([picture] * 4)
    for token, place in enumerate(merging.places.tolist()):
        sources = merging.assignment.sources(0, token)
        assert torch.allclose(values[sources], values[place].expand(len(sources), -1))
        assert int(sources.min()) == place


def test_pictures_of_other_scenes_are_not_mixed() -> None:
    """Their tokens go into one another only inside a picture."""
    pictures = noise(4, 10)
    merging = merge_tokens(pictures, [[10]] * 4, num_tokens=10)
    for token in range(10):
        assert len({source // 10 for source in merging.assignment.sources(0, token).tolist()}) == 1


def test_one_odd_token_survives_an_eighth() -> None:
    base = noise(1, 24)[0]
    pictures = [base.clone() for _ in range(8)]
    pictures[6][5] = noise(1, 1, seed=3)[0][0]
    merging = merge_tokens(pictures, [[24]] * 8, num_tokens=24)
    found = merging.assignment.owner[0, 6 * 24 + 5]
    assert merging.places[found] == 6 * 24 + 5
    assert merging.assignment.sources(0, int(found)).tolist() == [6 * 24 + 5]


def test_how_many_are_left_is_known_before() -> None:
    assert num_kept(100, times=4, num_runs=3) == 25
    assert num_kept(10, times=4, num_runs=1) == 3
    assert num_kept(10, times=8, num_runs=4) == 4
    assert num_kept(10, times=1, num_runs=4) == 10


def test_fewer_tokens_than_runs_are_refused() -> None:
    with pytest.raises(ValueError, match="cannot become 3"):
        merge_tokens(noise(4, 5), [[5]] * 4, num_tokens=3)


@pytest.mark.parametrize("merger", MERGERS)
@pytest.mark.parametrize("num_tokens", [9, 10, 17, 33, 34])
def test_any_merger_leaves_exactly_so_many_and_one_in_each_tile(merger: str, num_tokens: int) -> None:
    pictures = [*noise(1, 12) * 2, *noise(1, 4), *noise(1, 6, seed=1)]
    runs = [[4, 4, 4], [4, 4, 4], [4], [3, 3]]
    merging = merge_tokens(pictures, runs, num_tokens=num_tokens, merger=merger)
    bounds = torch.tensor([4, 8, 12, 16, 20, 24, 28, 31])
    assert merging.assignment.num_merged == len(merging.places) == num_tokens
    assert merging.places.tolist() == sorted(set(merging.places.tolist()))
    assert set(torch.bucketize(merging.places, bounds, right=True).tolist()) == set(range(9))
    assert merging.assignment.owner[0, merging.places].tolist() == list(range(num_tokens))


def test_an_unknown_merger_is_refused_by_name() -> None:
    check_merger("auto")
    with pytest.raises(UnknownName, match="Did you mean 'tree'"):
        check_merger("tre")
