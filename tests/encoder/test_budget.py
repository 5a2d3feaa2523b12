from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from video_vlm.encoder.dpc_knn import cluster_tokens
from video_vlm.encoder.per_position_merge import merge_per_position
from video_vlm.encoder.token_budget import fewer, spend, spend_on_fixed_camera
from video_vlm.encoder.tokens import Tokens, patch_tokens
from video_vlm.encoder.tree_merge import link_frames, merge_trees

FRAMES, POSITIONS, WIDTH = 9, 7, 16
Spend = Callable[..., Tokens]
SPENDING: list[Spend] = [spend, spend_on_fixed_camera]


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def tokens_of(values: Tensor) -> Tokens:
    seconds = 5 + torch.arange(values.shape[1], dtype=torch.float64).expand(len(values), -1)
    return patch_tokens(values, seconds)


def still(batch: int = 1) -> Tensor:
    one = noise(batch, 1, POSITIONS, WIDTH)
    return one.expand(-1, FRAMES, -1, -1) + 0.01 * noise(batch, FRAMES, POSITIONS, WIDTH, seed=1)


@pytest.mark.parametrize("spending", SPENDING)
@pytest.mark.parametrize("budget", [1, 2, 6, 7, 20, 62, 63, 1000])
@pytest.mark.parametrize("batch", [1, 3])
def test_a_lively_clip_gets_exactly_its_budget_and_loses_no_patch(
    spending: Spend, budget: int, batch: int
) -> None:
    spent = spending(tokens_of(noise(batch, FRAMES, POSITIONS, WIDTH)), num_tokens=budget, num_frames=FRAMES)

    assert spent.num_tokens == min(budget, FRAMES * POSITIONS)
    for item, owner in enumerate(spent.patches.owner):
        counts = torch.bincount(owner, minlength=spent.num_tokens)
        assert torch.equal(counts.float(), spent.size[item])
        assert counts.min() >= 1


@pytest.mark.parametrize("spending", SPENDING)
def test_a_budget_of_everything_changes_nothing(spending: Spend) -> None:
    tokens = tokens_of(noise(2, FRAMES, POSITIONS, WIDTH))

    spent = spending(tokens, num_tokens=FRAMES * POSITIONS, num_frames=FRAMES)

    where = spent.patches.owner[..., None].expand_as(tokens.values)
    assert torch.equal(spent.values.gather(1, where), tokens.values)


@pytest.mark.parametrize("spending", SPENDING)
def test_spans_are_those_of_the_frames_that_went_in(spending: Spend) -> None:
    spent = spending(tokens_of(noise(1, FRAMES, POSITIONS, WIDTH)), num_tokens=11, num_frames=FRAMES)

    for token in range(spent.num_tokens):
        frames = spent.patches.sources(0, token) // POSITIONS
        assert spent.start[0, token] == 5 + frames.min()
        assert spent.end[0, token] == 6 + frames.max()


@pytest.mark.parametrize("spending", SPENDING)
@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 1, 5), (1, 6, 1)])
def test_one_frame_and_one_token_are_no_special_case(spending: Spend, shape: tuple[int, int, int]) -> None:
    for budget in (1, 3):
        spent = spending(tokens_of(noise(*shape, WIDTH)), num_tokens=budget, num_frames=shape[1])

        assert spent.num_tokens == min(budget, shape[1] * shape[2])


def test_a_still_clip_keeps_about_one_frame_of_tokens() -> None:
    tokens = tokens_of(still())

    assert spend(tokens, num_tokens=40, num_frames=FRAMES).num_tokens == POSITIONS
    assert (
        spend_on_fixed_camera(tokens, num_tokens=40, num_frames=FRAMES, tolerance=0.01).num_tokens
        == POSITIONS
    )


@pytest.mark.parametrize("spending", SPENDING)
def test_the_order_of_clips_does_not_matter(spending: Spend) -> None:
    values = noise(3, FRAMES, POSITIONS, WIDTH)

    straight = spending(tokens_of(values), num_tokens=13, num_frames=FRAMES)
    turned = spending(tokens_of(values[[1, 2, 0]]), num_tokens=13, num_frames=FRAMES)

    assert torch.equal(turned.patches.owner, straight.patches.owner[[1, 2, 0]])


@pytest.mark.parametrize("spending", SPENDING)
def test_half_precision_stays_half_precision(spending: Spend) -> None:
    spent = spending(tokens_of(noise(1, FRAMES, POSITIONS, WIDTH).half()), num_tokens=9, num_frames=FRAMES)

    assert spent.values.dtype == torch.float16
    assert spent.values.isfinite().all()


def test_a_needle_survives_at_a_tenth_of_the_tokens() -> None:
    values = still()
    values[0, 4, 3] = 2 * noise(WIDTH, seed=9)

    for spending in SPENDING:
        spent = spending(tokens_of(values), num_tokens=POSITIONS * FRAMES // 6, num_frames=FRAMES)
        cosine = torch.cosine_similarity(spent.values[0], values[0, 4, 3], dim=-1)
        token = int(cosine.argmax())
        assert cosine[token] > 0.99
        assert spent.start[0, token] <= 9 < spent.end[0, token]


def test_fewer_counts_from_the_patches() -> None:
    tokens = tokens_of(noise(1, FRAMES, POSITIONS, WIDTH))
    merged = spend(tokens, num_tokens=30, num_frames=FRAMES)

    assert [fewer(each, times=4) for each in (tokens, merged)] == [16, 16]
    assert fewer(tokens, times=1e9) == 1


@pytest.mark.parametrize("spending", SPENDING)
def test_a_budget_of_nothing_is_refused(spending: Spend) -> None:
    with pytest.raises(ValueError, match="at least one token"):
        spending(tokens_of(noise(1, 2, 2, 4)), num_tokens=0, num_frames=2)


def test_fewer_than_once_is_refused() -> None:
    with pytest.raises(ValueError, match="1 or more"):
        fewer(tokens_of(noise(1, 2, 2, 4)), times=0.5)


def test_a_tree_follows_what_moves_across_the_picture() -> None:
    world = torch.eye(POSITIONS, WIDTH)
    values = torch.stack([world.roll(frame, 0) for frame in range(4)])[None]

    owner = merge_trees(link_frames(values), num_tokens=POSITIONS).owner.view(4, POSITIONS)

    assert all(owner[frame].tolist() == owner[0].roll(frame).tolist() for frame in range(4))


def test_no_tree_grows_across_a_cut() -> None:
    values = torch.cat((still(), -still()), dim=1)

    owner = merge_trees(link_frames(values), num_tokens=1).owner.view(2 * FRAMES, POSITIONS)

    assert not set(owner[:FRAMES].flatten().tolist()) & set(owner[FRAMES:].flatten().tolist())


def test_static_merging_cuts_each_place_where_it_changes() -> None:
    values = torch.zeros(1, FRAMES, 2, WIDTH)
    values[0, 5:, 1] = 1

    owner = merge_per_position(values, num_tokens=3).owner.view(FRAMES, 2)

    assert len(set(owner[:, 0].tolist())) == 1
    assert (owner[:5, 1] == owner[0, 1]).all()
    assert (owner[5:, 1] == owner[5, 1]).all()
    assert owner[0, 1] != owner[5, 1]


def test_clusters_gather_what_is_near() -> None:
    centres = 10 * torch.eye(3, WIDTH)
    values = (centres.repeat_interleave(8, dim=0) + 0.1 * noise(24, WIDTH))[None]

    owner = cluster_tokens(values, num_tokens=3).owner.view(3, 8)

    assert (owner == owner[:, :1]).all()
    assert len(set(owner[:, 0].tolist())) == 3


def test_a_still_clip_beside_a_lively_one_has_no_token_without_a_patch() -> None:
    """Where cuts save nothing, those that the other clip needs are real ones all the same."""
    values = torch.cat((torch.ones(1, FRAMES, POSITIONS, WIDTH), noise(1, FRAMES, POSITIONS, WIDTH)))

    spent = spend_on_fixed_camera(tokens_of(values), num_tokens=40, num_frames=FRAMES)

    assert spent.size.min() >= 1
    assert spent.values.isfinite().all()
