"""With its gates closed and nothing merged, the encoder is the tower: bit for bit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from einops import rearrange
from torch import Tensor

from tests.encoder.conftest import TOWER_KINDS
from video_vlm.encoder.image_tower import Tower, as_tower
from video_vlm.encoder.tower_files import load_model, load_tower
from video_vlm.encoder.video import EncoderSettings, VideoEncoder
from video_vlm.errors import SettingsError, UnknownName

BATCH, FRAMES = 2, 6


def clips(*, dtype: torch.dtype = torch.float32) -> tuple[Tensor, Tensor]:
    pictures = torch.randn(BATCH, FRAMES, 3, 32, 32, generator=torch.Generator().manual_seed(0)).to(dtype)
    return pictures, torch.arange(FRAMES, dtype=torch.float64).repeat(BATCH, 1) / 3


def plain(model: Any, pictures: Tensor) -> Any:
    """What transformers itself makes of the pictures."""
    if model.config.model_type != "siglip2_vision_model":
        return model(pictures)
    patches = rearrange(pictures, "f c (rows h) (columns w) -> f (rows columns) (h w c)", h=8, w=8)
    shapes = torch.tensor([[4, 4]] * len(pictures))
    mask = torch.ones(patches.shape[:2], dtype=torch.int64)
    return model(pixel_values=patches, pixel_attention_mask=mask, spatial_shapes=shapes)


@pytest.mark.parametrize("kind", TOWER_KINDS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("frames_at_once", [4, BATCH * FRAMES])
@torch.inference_mode()
def test_a_closed_gate_and_no_merging_is_the_tower(
    tower_folder: Callable[[str], Path], kind: str, dtype: torch.dtype, frames_at_once: int
) -> None:
    model = load_model(str(tower_folder(kind)), dtype=dtype)
    settings = EncoderSettings(temporal_depths=(0, 1, 2), time_position=True, frames_at_once=frames_at_once)
    encoder = VideoEncoder(as_tower(model), settings).to(dtype).eval()
    pictures, seconds = clips(dtype=dtype)

    encoded = encoder(pictures, seconds)

    parts = [plain(model, part) for part in pictures.flatten(0, 1).split(frames_at_once)]
    last = torch.cat([part.last_hidden_state for part in parts])[:, encoder.tower.num_prefix :]
    pooled = torch.cat([part.pooler_output for part in parts])
    assert torch.equal(encoded.tokens.values, last.reshape(BATCH, -1, 32))
    assert torch.equal(encoded.frames, pooled.reshape(BATCH, FRAMES, 32))
    assert encoded.frames.dtype == dtype


def test_in_training_a_closed_gate_still_learns(tower: Callable[[str], Tower]) -> None:
    encoder = VideoEncoder(tower("siglip"), EncoderSettings(temporal_depths=(1,))).train()

    encoder(*clips()).frames.square().sum().backward()

    gate = dict(encoder.named_parameters())["temporal.1.gate"]
    assert gate.item() == 0
    assert gate.grad is not None
    assert float(gate.grad.abs()) > 0


def test_an_image_text_model_gives_its_vision_half(tmp_path: Path) -> None:
    from transformers import SiglipConfig, SiglipModel

    small = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    text, vision = {**small, "vocab_size": 32}, {**small, "image_size": 16, "patch_size": 8}
    SiglipModel(SiglipConfig(text_config=text, vision_config=vision)).save_pretrained(tmp_path)

    assert load_tower(str(tmp_path)).image_size == 16


def test_a_name_that_is_not_here_is_one_line_that_says_what_to_give() -> None:
    with pytest.raises(SettingsError, match=r"nobody/nothing: no image tower .* model\.safetensors"):
        load_tower("nobody/nothing")


def test_a_model_that_is_no_known_tower_is_named(tmp_path: Path) -> None:
    from transformers import BertConfig, BertModel

    small = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    BertModel(BertConfig(vocab_size=32, **small)).save_pretrained(tmp_path)

    with pytest.raises(UnknownName, match="no image tower named 'bert'"):
        load_tower(str(tmp_path))


def test_weights_that_are_no_safetensors_are_refused(
    tower_folder: Callable[[str], Path], tmp_path: Path
) -> None:
    (tmp_path / "config.json").write_bytes((tower_folder("vit") / "config.json").read_bytes())
    torch.save({}, tmp_path / "pytorch_model.bin")

    with pytest.raises(SettingsError, match="safetensors"):
        load_tower(str(tmp_path))
