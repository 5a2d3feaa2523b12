"""What holds for every merger, whatever it is given. Run your own through this file: add it to
``MERGERS``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

pytest.importorskip("torch", reason="merging needs the extra [models]")

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from video_vlm.encoder.mergers import MERGERS, merge_to
from video_vlm.encoder.tokens import Tokens, patch_tokens
from video_vlm.errors import MergerError, UnknownName

FRAMES, POSITIONS, WIDTH = 5, 6, 8
SCENES = ("noise", "still", "equal", "zero", "cut")


def values_of(scene: str, batch: int, frames: int, positions: int, *, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn(batch, frames, positions, WIDTH, generator=generator)
    if scene == "still":
        return noise[:, :1] + 0.01 * noise
    if scene == "cut":
        return noise[:, :1] * torch.where(torch.arange(frames) < frames // 2, -1.0, 1.0)[:, None, None]
    return {"noise": noise, "equal": torch.ones_like(noise), "zero": torch.zeros_like(noise)}[scene]


def tokens_of(values: Tensor) -> Tokens:
    seconds = 3 + 0.5 * torch.arange(values.shape[1], dtype=torch.float64).expand(len(values), -1)
    return patch_tokens(values, seconds)


def keeps_the_contract(merged: Tokens, values: Tensor, num_tokens: int) -> None:
    """Said once more, patch by patch, without what :func:`merge_to` checks by."""
    batch, frames, positions, _ = values.shape
    flat = values.flatten(1, 2)
    wanted = min(num_tokens, frames * positions)
    assert merged.values.shape == (batch, wanted, WIDTH)
    assert merged.values.dtype == values.dtype
    assert merged.values.isfinite().all()
    assert (merged.size.sum(dim=1) == frames * positions).all()
    for item in range(batch):
        sources = [merged.patches.sources(item, token) for token in range(wanted)]
        assert sorted(torch.cat(sources).tolist()) == list(range(frames * positions))
        firsts = [int(one[0]) for one in sources]
        assert firsts == sorted(firsts)
        for token, some in enumerate(sources):
            assert merged.size[item, token] == len(some)
            assert merged.start[item, token] == 3 + 0.5 * int(some.min() // positions)
            end = 3 + 0.5 * (int(some.max() // positions) + (1 if frames > 1 else 0))
            assert merged.end[item, token] == end
            mean = flat[item, some].double().mean(dim=0)
            assert torch.allclose(merged.values[item, token].double(), mean, rtol=0, atol=_slack(values))


def _slack(values: Tensor) -> float:
    return 16 * torch.finfo(values.dtype).eps * max(1.0, float(values.abs().max()))


@pytest.mark.parametrize("scene", SCENES)
@pytest.mark.parametrize("name", MERGERS)
def test_every_budget_is_met_exactly(name: str, scene: str) -> None:
    values = values_of(scene, 2, FRAMES, POSITIONS)
    for num_tokens in range(1, FRAMES * POSITIONS + 2):
        merged = merge_to(name, tokens_of(values), num_tokens=num_tokens, num_frames=FRAMES)
        keeps_the_contract(merged, values, num_tokens)


@settings(max_examples=80)
@given(
    st.sampled_from(sorted(MERGERS)),
    st.sampled_from(SCENES),
    st.tuples(st.integers(1, 3), st.integers(1, 6), st.integers(1, 9)),
    st.integers(1, 60),
    st.sampled_from([torch.float32, torch.float16, torch.bfloat16]),
    st.integers(0, 99),
)
def test_the_contract_holds_for_anything_that_can_be_made_up(
    name: str, scene: str, shape: tuple[int, int, int], num_tokens: int, dtype: torch.dtype, seed: int
) -> None:
    values = values_of(scene, *shape, seed=seed).to(dtype)
    merged = merge_to(name, tokens_of(values), num_tokens=num_tokens, num_frames=shape[1])
    keeps_the_contract(merged, values, num_tokens)


@pytest.mark.parametrize("name", MERGERS)
def test_what_was_merged_before_is_merged_on(name: str) -> None:
    values = values_of("noise", 2, 4, POSITIONS)
    once = merge_to("bipartite", tokens_of(values), num_tokens=12, num_frames=4)
    twice = merge_to(name, once, num_tokens=5, num_frames=4)
    keeps_the_contract(twice, values, 5)


@pytest.mark.parametrize("name", MERGERS)
def test_the_same_clips_give_the_same_tokens_in_any_order(name: str) -> None:
    values = values_of("noise", 3, FRAMES, POSITIONS)
    straight, again, turned = (
        merge_to(name, tokens_of(one), num_tokens=7, num_frames=FRAMES)
        for one in (values, values, values[[1, 2, 0]])
    )
    assert torch.equal(straight.values, again.values)
    assert torch.equal(straight.patches.owner, again.patches.owner)
    assert torch.equal(straight.patches.owner[[1, 2, 0]], turned.patches.owner)


@pytest.mark.parametrize("name", MERGERS)
def test_two_things_shown_all_the_time_are_two_tokens(name: str) -> None:
    """A golden where all agree: each frame shows two things, twice each."""
    values = torch.eye(2, WIDTH).repeat_interleave(2, dim=0).expand(1, 3, 4, WIDTH)
    merged = merge_to(name, tokens_of(values), num_tokens=2, num_frames=3)
    if name != "bipartite":  # with fewer tokens than frames, it has each frame in one
        assert torch.equal(merged.values[0], torch.eye(2, WIDTH))
    assert merged.size.tolist() == ([[8, 4]] if name == "bipartite" else [[6, 6]])


def _dropped(tokens: Tokens) -> Tokens:
    return replace(tokens, values=tokens.values[:, :-1])


def _heavier(tokens: Tokens) -> Tokens:
    return replace(tokens, size=tokens.size + 1)


def _longer(tokens: Tokens) -> Tokens:
    return replace(tokens, end=tokens.end + 1)


def _drifted(tokens: Tokens) -> Tokens:
    return replace(tokens, values=tokens.values + 0.01)


def _wider(tokens: Tokens) -> Tokens:
    return replace(tokens, values=tokens.values.double())


def _turned(tokens: Tokens) -> Tokens:
    owner = tokens.num_tokens - 1 - tokens.patches.owner
    return replace(tokens, patches=replace(tokens.patches, owner=owner))


def _emptied(tokens: Tokens) -> Tokens:
    return replace(tokens, patches=replace(tokens.patches, owner=tokens.patches.owner.clamp_max(2)))


BROKEN: list[tuple[Callable[[Tokens], Tokens], str]] = [
    (_dropped, "4 tokens a clip asked for"),
    (_heavier, "sizes"),
    (_longer, "spans"),
    (_drifted, "means"),
    (_wider, "not as they came"),
    (_turned, "order"),
    (_emptied, "no patch"),
]


@pytest.mark.parametrize(("spoil", "said"), BROKEN)
def test_a_merger_that_breaks_the_contract_is_named(
    spoil: Callable[[Tokens], Tokens], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(tokens: Tokens, *, num_tokens: int, num_frames: int) -> Tokens:
        return spoil(MERGERS["tree"](tokens, num_tokens=num_tokens, num_frames=num_frames))

    monkeypatch.setitem(MERGERS._built_in, "broken", broken)
    tokens = tokens_of(values_of("noise", 1, FRAMES, POSITIONS))
    with pytest.raises(MergerError, match=f"'broken' broke its contract: .*{said}"):
        merge_to("broken", tokens, num_tokens=4, num_frames=FRAMES)


@pytest.mark.parametrize("num_tokens", [1, 8])
def test_a_mean_summed_more_precisely_is_no_breach(num_tokens: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Thousands of equal numbers summed one by one in float32 drift, always the same way."""

    def precise(tokens: Tokens, *, num_tokens: int, num_frames: int) -> Tokens:
        merged = MERGERS["tree"](tokens, num_tokens=num_tokens, num_frames=num_frames)
        double = replace(tokens, values=tokens.values.double())
        return replace(merged, values=double.merged(merged.patches).values.float())

    monkeypatch.setitem(MERGERS._built_in, "precise", precise)
    tokens = tokens_of(torch.full((1, 16, 196, WIDTH), 0.1))
    merged = merge_to("precise", tokens, num_tokens=num_tokens, num_frames=16)
    assert (merged.values == torch.tensor(0.1)).all()


def test_an_unknown_merger_is_told_the_nearest() -> None:
    tokens = tokens_of(values_of("noise", 1, 1, 2))
    with pytest.raises(UnknownName, match=r"no merger named 'bipartit'\. Did you mean 'bipartite'"):
        merge_to("bipartit", tokens, num_tokens=1, num_frames=1)


def test_no_budget_unequal_frames_and_values_that_are_not_finite_are_refused() -> None:
    tokens = tokens_of(values_of("noise", 1, FRAMES, POSITIONS))
    with pytest.raises(ValueError, match="at least one token, got 0"):
        merge_to("tree", tokens, num_tokens=0, num_frames=FRAMES)
    with pytest.raises(ValueError, match="30 tokens are not 4 frames"):
        merge_to("tree", tokens, num_tokens=3, num_frames=4)
    with pytest.raises(ValueError, match="not finite"):
        merge_to("tree", replace(tokens, values=tokens.values * torch.nan), num_tokens=3, num_frames=FRAMES)
