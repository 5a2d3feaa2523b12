from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from video_vlm.encoder.compression import Compressor
from video_vlm.encoder.image_tower import Tower
from video_vlm.encoder.losses import arrow_of_time_loss, clip_loss, order_loss, siglip_loss, similarities
from video_vlm.encoder.multi_scale import ScaleFusion
from video_vlm.encoder.presets import settings_for
from video_vlm.encoder.temporal import TemporalAttention, TimeBias, seconds_to_waves
from video_vlm.encoder.tokens import Tokens, patch_tokens
from video_vlm.encoder.video import EncoderSettings, VideoEncoder


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def some_tokens(frames: int = 4, batch: int = 2) -> Tokens:
    return patch_tokens(
        noise(batch, frames, 3, 16), torch.arange(frames, dtype=torch.float64).repeat(batch, 1)
    )


@torch.inference_mode()
def test_compression_gives_as_many_tokens_as_it_has_queries() -> None:
    compress = Compressor(16, num_queries=5, num_heads=4).eval()

    assert [compress(some_tokens(frames)).shape for frames in (1, 4, 9)] == [(2, 5, 16)] * 3


@torch.inference_mode()
def test_compression_does_not_care_where_a_token_stands_but_when() -> None:
    compress, tokens = Compressor(16, num_queries=5, num_heads=4).eval(), some_tokens()
    order = torch.randperm(12, generator=torch.Generator().manual_seed(1))
    values, size, start, end = (
        each[:, order] for each in (tokens.values, tokens.size, tokens.start, tokens.end)
    )
    turned = Tokens(values, size, start, end, tokens.patches)
    later = Tokens(tokens.values, tokens.size, tokens.start.flip(1), tokens.end.flip(1), tokens.patches)

    assert torch.allclose(compress(turned), compress(tokens), atol=1e-5)
    assert not torch.allclose(compress(later), compress(tokens), atol=1e-3)


@torch.inference_mode()
def test_two_scales_are_fused_into_a_vector_a_segment(tower: Callable[[str], Tower]) -> None:
    encoder = VideoEncoder(tower("siglip")).eval()
    dense = encoder(noise(3, 4, 3, 32, 32), 10 * torch.arange(3)[:, None] + torch.arange(4.0) / 4)
    sparse = encoder(noise(1, 5, 3, 32, 32, seed=1), torch.arange(5.0)[None] * 6)

    closed, opened = (
        ScaleFusion(32, num_heads=4, initial_gate=gate).eval()(dense, sparse) for gate in (0.0, 1.0)
    )

    assert torch.equal(closed, dense.clip)
    assert opened.shape == (3, 32)
    assert not torch.allclose(opened, closed)


def test_distance_in_time_lowers_scores_and_heads_look_both_ways() -> None:
    bias = TimeBias(4)(torch.tensor([[0.0, 1.0, 3.0]]))[0]

    assert (bias.diagonal(dim1=1, dim2=2) == 0).all()
    assert (bias <= 0).all()
    assert (bias[:, 0, 1] > bias[:, 0, 2]).all()
    assert bias[0, 1, 0] > bias[0, 1, 2]
    assert bias[1, 1, 2] > bias[1, 1, 0]


@torch.inference_mode()
def test_tokens_that_were_merged_meet_over_time_position_by_position() -> None:
    attention = TemporalAttention(16, num_heads=4, initial_gate=1.0).eval()
    values, seconds = noise(1, 5, 6, 16), torch.arange(5.0)[None]
    where = torch.arange(6).expand(1, 5, 6)

    assert torch.allclose(attention(values, seconds, where=where), attention(values, seconds), atol=1e-5)


@torch.inference_mode()
def test_written_in_place_it_is_the_same() -> None:
    attention = TemporalAttention(16, num_heads=4, initial_gate=1.0).eval()
    values, seconds = noise(1, 5, 70, 16), torch.arange(5.0)[None]

    apart = attention(values, seconds)
    assert not torch.equal(apart, values)
    assert torch.equal(attention(values, seconds, in_place=True), apart)
    assert torch.equal(values, apart)


@pytest.mark.parametrize(("reduction", "inner"), [(1, 96), (2, 48), (4, 24), (5, 16), (100, 4)])
def test_attention_over_time_may_be_narrower_than_the_tower(reduction: int, inner: int) -> None:
    attention = TemporalAttention(96, num_heads=4, reduction=reduction, initial_gate=1.0).eval()

    assert attention.out.in_features == inner
    assert attention(noise(1, 5, 6, 96), torch.arange(5.0)[None]).shape == (1, 5, 6, 96)


def test_waves_tell_a_quarter_of_a_second_and_an_hour() -> None:
    waves = seconds_to_waves(torch.tensor([0.0, 0.25, 3600.0, 3600.25]), num_waves=24)

    gaps = torch.cdist(waves, waves) + 9 * torch.eye(4)
    assert gaps.min() > 0.5


def test_pairs_that_belong_together_cost_less_than_any_other_pairing() -> None:
    clips = noise(6, 8)
    right, wrong = similarities(clips, clips), similarities(clips, clips.roll(1, 0))

    assert clip_loss(right) < clip_loss(wrong)
    assert siglip_loss(right) < siglip_loss(wrong)


def test_losses_are_those_of_the_papers() -> None:
    similarity = torch.tensor([[1.0, 0.0], [0.0, 1.0]])

    assert clip_loss(similarity, scale=1.0).item() == pytest.approx(math.log(1 + math.exp(-1)), abs=1e-5)
    expected = math.log(1 + math.exp(-1)) + math.log(2)
    assert siglip_loss(similarity, scale=1.0, bias=0.0).item() == pytest.approx(expected, abs=1e-5)


def test_the_right_order_costs_less_than_the_reverse() -> None:
    high, low = torch.tensor([0.9, 0.8]), torch.tensor([0.1, 0.2])

    assert order_loss(high, low) < order_loss(low, high)
    assert arrow_of_time_loss(high, low) < arrow_of_time_loss(low, high)


@pytest.mark.parametrize("times", [1, 1.5, 2, 3, 4, 8, 20])
@torch.inference_mode()
def test_presets_come_close_to_the_reduction_they_are_asked_for(
    tower: Callable[[str], Tower], times: float
) -> None:
    settings = settings_for(times, num_blocks=3, num_patches=16) if times <= 4 else None
    wide = settings_for(times, num_blocks=12, num_patches=196)

    assert wide.r * (12 - wide.r_from) < 196
    if settings is not None:
        tokens = (
            VideoEncoder(tower("siglip"), settings)
            .eval()(noise(1, 12, 3, 32, 32), torch.arange(12.0)[None])
            .tokens
        )
        assert 192 / tokens.num_tokens == pytest.approx(times, rel=0.1)


@pytest.mark.parametrize("times", [0.5, 1000])
def test_a_reduction_that_cannot_be_had_is_refused(times: float) -> None:
    with pytest.raises(ValueError, match="can be had"):
        settings_for(times, num_blocks=3, num_patches=16)


def test_plain_settings_do_nothing() -> None:
    assert settings_for(1, num_blocks=12, num_patches=196) == EncoderSettings()
