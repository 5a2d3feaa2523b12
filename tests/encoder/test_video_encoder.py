from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import transformers
from torch import Tensor

from tests.encoder.conftest import TOWER_KINDS
from video_vlm.encoder.costs import count_flops, peak_bytes
from video_vlm.encoder.image_tower import Tower, as_tower
from video_vlm.encoder.video import EncoderSettings, Encoding, Fold, VideoEncoder

MERGING = {
    "fold": EncoderSettings(folds=(Fold(0, 2),)),
    "match": EncoderSettings(r=3),
    "all": EncoderSettings(
        temporal_depths=(0, 2),
        initial_gate=0.5,
        time_position=True,
        folds=(Fold(0, 1.5), Fold(1, 2)),
        r=2,
        r_from=1,
    ),
}


def clips(frames: int = 7, batch: int = 2) -> tuple[Tensor, Tensor]:
    pictures = torch.randn(batch, frames, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    return pictures, 100 + torch.arange(frames, dtype=torch.float64).repeat(batch, 1) / 2


@torch.inference_mode()
def encode(tower: Tower, settings: EncoderSettings, pictures: Tensor, seconds: Tensor) -> Encoding:
    torch.manual_seed(0)
    encoding: Encoding = VideoEncoder(tower, settings).eval()(pictures, seconds)
    return encoding


@pytest.mark.parametrize("kind", TOWER_KINDS)
@pytest.mark.parametrize("frames", [1, 2, 7])
@pytest.mark.parametrize("name", MERGING)
def test_no_patch_is_lost_and_every_span_is_true(
    tower: Callable[[str], Tower], kind: str, frames: int, name: str
) -> None:
    tokens = encode(tower(kind), MERGING[name], *clips(frames)).tokens

    for item, owner in enumerate(tokens.patches.owner):
        assert torch.equal(torch.bincount(owner, minlength=tokens.num_tokens).float(), tokens.size[item])
        for token in range(tokens.num_tokens):
            inside = tokens.patches.sources(item, token) // 16
            assert tokens.start[item, token] == 100 + inside.min() / 2
            assert tokens.end[item, token] == 100 + (inside.max() + (1 if frames > 1 else 0)) / 2


def test_the_frames_that_are_left_tile_the_clip(tower: Callable[[str], Tower]) -> None:
    encoding = encode(tower("siglip"), MERGING["all"], *clips(7))

    assert encoding.start[0, 0] == 100
    assert encoding.end[0, -1] == 103.5
    assert torch.equal(encoding.end[:, :-1], encoding.start[:, 1:])
    assert encoding.weight.sum(dim=1).tolist() == [7, 7]


@pytest.mark.parametrize("name", MERGING)
def test_the_order_of_clips_in_a_batch_does_not_matter(tower: Callable[[str], Tower], name: str) -> None:
    pictures, seconds = clips(6, batch=3)

    turned = encode(tower("clip"), MERGING[name], pictures[[2, 0, 1]], seconds)

    straight = encode(tower("clip"), MERGING[name], pictures, seconds)
    assert torch.allclose(turned.tokens.values, straight.tokens.values[[2, 0, 1]], atol=1e-5)
    assert torch.equal(turned.tokens.patches.owner, straight.tokens.patches.owner[[2, 0, 1]])


def test_a_reversed_clip_has_reversed_spans(tower: Callable[[str], Tower]) -> None:
    pictures, seconds = clips(8, batch=1)
    settings = EncoderSettings(folds=(Fold(0, 2.5),))

    forwards, backwards = (
        encode(tower("siglip"), settings, each, seconds) for each in (pictures, pictures.flip(1))
    )

    assert torch.allclose(backwards.start, 204 - forwards.end.flip(1))
    assert torch.allclose(backwards.end, 204 - forwards.start.flip(1))


def test_a_still_clip_costs_about_one_frame(tower: Callable[[str], Tower]) -> None:
    pictures, seconds = clips(1)
    still = pictures.expand(-1, 16, -1, -1, -1)
    settings = EncoderSettings(folds=(Fold(0, 2),), tolerance=1e-3)

    encoding = encode(tower("siglip"), settings, still, seconds + torch.arange(16) / 2)

    assert encoding.tokens.num_tokens == 16
    assert encoding.tokens.size[0].tolist() == [16] * 16


def test_open_gates_tell_a_clip_from_its_reverse_and_closed_ones_do_not(
    tower: Callable[[str], Tower],
) -> None:
    pictures, seconds = clips(6)

    def difference(gate: float) -> float:
        settings = EncoderSettings(temporal_depths=(0, 1, 2), initial_gate=gate)
        both = [
            encode(tower("siglip"), settings, each, seconds).clip for each in (pictures, pictures.flip(1))
        ]
        return float((both[0] - both[1]).abs().max())

    assert difference(0.0) < 1e-5
    assert difference(1.0) > 1e-3


def test_an_hour_later_is_the_same_clip(tower: Callable[[str], Tower]) -> None:
    pictures, seconds = clips(6)
    settings = EncoderSettings(temporal_depths=(0, 2), initial_gate=1.0, time_position=True)

    now, later = (encode(tower("siglip"), settings, pictures, seconds + wait) for wait in (0, 3600))

    assert torch.allclose(now.frames, later.frames, atol=1e-5)


def test_frames_that_are_farther_apart_are_another_clip(tower: Callable[[str], Tower]) -> None:
    pictures, seconds = clips(6)
    settings = EncoderSettings(temporal_depths=(0,), initial_gate=1.0)

    slow, fast = (encode(tower("siglip"), settings, pictures, seconds * pace) for pace in (1, 0.25))

    assert not torch.allclose(slow.frames, fast.frames, atol=1e-3)


@torch.inference_mode()
def test_folding_saves_the_arithmetic_it_promises(tower: Callable[[str], Tower]) -> None:
    pictures, seconds = clips(8)
    plain, folded = (
        VideoEncoder(tower("vit"), settings).eval()
        for settings in (EncoderSettings(), EncoderSettings(folds=(Fold(0, 4),)))
    )

    saved = count_flops(lambda: plain(pictures, seconds)) / count_flops(lambda: folded(pictures, seconds))

    # Patches are embedded all the same, which in a tower this small is a good part of the work.
    assert 2 < saved < 4


@torch.inference_mode()
@pytest.mark.parametrize("depths", [(), (0, 1)])
def test_a_long_clip_is_held_once(depths: tuple[int, ...]) -> None:
    shape = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 3, "num_attention_heads": 4}
    model = transformers.SiglipVisionModel(
        transformers.SiglipVisionConfig(**shape, image_size=128, patch_size=4)
    )
    settings = EncoderSettings(folds=(Fold(0, 2), Fold(1, 2)), temporal_depths=depths, initial_gate=0.5)
    encoder = VideoEncoder(as_tower(model), settings).eval()
    pictures, seconds = torch.rand(1, 96, 3, 128, 128), torch.arange(96.0)[None]

    clip = 96 * 1024 * 32 * 4
    assert clip < peak_bytes(lambda: encoder(pictures, seconds)) < 1.5 * clip


def test_folding_after_matching_is_refused() -> None:
    with pytest.raises(ValueError, match="fold before"):
        EncoderSettings(folds=(Fold(2, 2),), r=4, r_from=1)


@pytest.mark.parametrize(
    "wrong", [{"r": -1}, {"frames_at_once": 0}, {"tolerance": -0.1}, {"temporal_reduction": 0}]
)
def test_settings_that_mean_nothing_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="must"):
        EncoderSettings(**wrong)  # type: ignore[arg-type]
