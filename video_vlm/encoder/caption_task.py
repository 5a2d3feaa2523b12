"""Training on videos with captions: a clip and its caption are brought together, the reverse of the clip is
not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Literal

import torch
from torch import Tensor, nn

from video_vlm.encoder.caption_batches import CaptionBatch, CaptionBatches
from video_vlm.encoder.captions import CaptionedVideo, ClipSettings
from video_vlm.encoder.checkpoint import describe
from video_vlm.encoder.losses import arrow_of_time_loss, clip_loss, order_loss, siglip_loss, similarities
from video_vlm.encoder.video import Encoding, VideoEncoder

__all__ = ["CONTRASTIVE", "CaptionModel", "CaptionSettings", "CaptionTask"]

CONTRASTIVE: Final[dict[str, Callable[[Tensor], Tensor]]] = {"clip": clip_loss, "siglip": siglip_loss}
"""How clips and captions are brought together, by name."""


@dataclass(frozen=True, slots=True)
class CaptionSettings:
    """The parts of the loss and the weight of each, and the frames of a clip."""

    contrastive: Literal["clip", "siglip"] = "siglip"
    order_weight: float = 0.5
    """For captions that must fit their clip better than the reverse."""
    arrow_weight: float = 0.2
    """For telling a clip from its reverse without a caption."""
    frames: ClipSettings = field(default_factory=ClipSettings)


class CaptionModel(nn.Module):
    """A video encoder beside a text tower, joined by one linear map where their widths differ.

    ``text`` is a module from captions to ``(captions width)`` that says its ``width``; whether it learns is
    up to its parameters.
    """

    def __init__(self, encoder: VideoEncoder, text: Any) -> None:
        super().__init__()
        self.encoder = encoder
        self.text = text
        width = int(self.text.width)
        self.join = nn.Linear(encoder.tower.width, width)
        self.arrow = nn.Linear(encoder.tower.width, 1)
        if encoder.tower.width == width:
            nn.init.eye_(self.join.weight)
            nn.init.zeros_(self.join.bias)

    def forward(self, pictures: Tensor, seconds: Tensor) -> tuple[Tensor, Tensor]:
        """A clip in the space of captions ``(batch width)``, and how much it seems to go forwards
        ``(batch)``."""
        encoding: Encoding = self.encoder(pictures, seconds)
        return self.join(encoding.clip), self.arrow(encoding.clip)[:, 0]


class CaptionTask:
    """Trains on a folder of captioned videos: contrast of clips with captions, order of captions, and the
    arrow of time."""

    def __init__(
        self, model: CaptionModel, videos: Sequence[CaptionedVideo], settings: CaptionSettings
    ) -> None:
        self.model = model
        self.videos = videos
        self.settings = settings

    @property
    def recipe(self) -> str:
        return describe(
            {"task": "captions", **asdict(self.settings), "encoder": asdict(self.model.encoder.settings)}
        )

    @property
    def device(self) -> torch.device:
        return self.model.join.weight.device

    def batches(self, *, batch_size: int) -> CaptionBatches:
        return CaptionBatches(self.videos, self.settings.frames, batch_size)

    def loss(self, batch: CaptionBatch) -> Tensor:
        pictures, seconds = batch.pictures.to(self.device), batch.seconds.to(self.device)
        clips, arrow = self.model(pictures, seconds)
        texts = self.model.text(batch.captions)
        loss = CONTRASTIVE[self.settings.contrastive](similarities(clips, texts))
        if self.settings.order_weight or self.settings.arrow_weight:
            backwards, arrow_back = self.model(pictures.flip(1), seconds)
            own, other = (torch.cosine_similarity(each.float(), texts.float()) for each in (clips, backwards))
            loss = loss + self.settings.order_weight * order_loss(own, other)
            loss = loss + self.settings.arrow_weight * arrow_of_time_loss(arrow, arrow_back)
        return loss
