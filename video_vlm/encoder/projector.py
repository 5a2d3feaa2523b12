"""Aligns tokens with the space of a language model, in a training stage of its own.

A two-layer perceptron (Liu et al. 2024, "Improved baselines with visual instruction tuning") is the only
thing that learns; encoder and text tower stay as they are.
"""

from __future__ import annotations

from dataclasses import asdict

import torch
from torch import Tensor, nn

from video_vlm.encoder.caption_batches import CaptionBatch, CaptionBatches
from video_vlm.encoder.caption_task import CONTRASTIVE, CaptionTask
from video_vlm.encoder.checkpoint import describe
from video_vlm.encoder.losses import similarities
from video_vlm.encoder.tokens import Tokens

__all__ = ["Projector", "ProjectorTask"]


class Projector(nn.Module):
    """Tokens into another space, one by one: ``(batch tokens width) -> (batch tokens width_out)``."""

    def __init__(self, width: int, width_out: int) -> None:
        super().__init__()
        self.project = nn.Sequential(nn.Linear(width, width_out), nn.GELU(), nn.Linear(width_out, width_out))

    def forward(self, tokens: Tensor) -> Tensor:
        projected: Tensor = self.project(tokens)
        return projected


class ProjectorTask:
    """The mean of a clip's projected tokens must find its caption; the batches are those of ``captions``."""

    def __init__(self, captions: CaptionTask) -> None:
        self.captions = captions
        self.frozen = captions.model.requires_grad_(False).eval()
        self.model = Projector(self.frozen.encoder.tower.width, int(self.frozen.text.width))

    @property
    def recipe(self) -> str:
        return describe({"task": "projector", **asdict(self.captions.settings)})

    def batches(self, *, batch_size: int) -> CaptionBatches:
        return self.captions.batches(batch_size=batch_size)

    def loss(self, batch: CaptionBatch) -> Tensor:
        device = self.captions.device
        with torch.no_grad():
            tokens: Tokens = self.frozen.encoder(batch.pictures.to(device), batch.seconds.to(device)).tokens
            texts = self.frozen.text(batch.captions)
        share = (tokens.size / tokens.size.sum(dim=1, keepdim=True)).to(tokens.values.dtype)
        clips = (self.model(tokens.values) * share[..., None]).sum(dim=1)
        return CONTRASTIVE[self.captions.settings.contrastive](similarities(clips, texts))
