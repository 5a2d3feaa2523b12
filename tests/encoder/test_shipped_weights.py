"""The weights in the package are what their card says."""

from __future__ import annotations

import json

import torch

from video_vlm.encoder.checkpoint import load_weights
from video_vlm.encoder.world_model import SHIPPED, load_world_model
from video_vlm.encoder.world_task import score


def test_they_are_small_and_say_what_they_are() -> None:
    about, weights = load_weights(SHIPPED)

    card = SHIPPED.with_suffix(".md").read_text(encoding="utf-8")
    assert SHIPPED.stat().st_size < 10_000_000
    assert about["about"] in card
    assert f"{sum(value.numel() for value in weights.values()):,} weights" in card
    assert json.loads(about["settings"])["encoder"]["temporal_depths"] == [0, 1, 2]


def test_they_answer_questions_about_order_and_only_by_attention_over_time() -> None:
    model = load_world_model()
    seeing = score(model, num_clips=24)
    for name, gate in model.encoder.named_parameters():
        if name.startswith("temporal.") and name.endswith(".gate"):
            torch.nn.init.zeros_(gate)

    blind = score(model, num_clips=24)

    assert seeing.order > 0.97
    assert seeing.twins > 0.95
    assert blind.order < blind.chance + 0.1
