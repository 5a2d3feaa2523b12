"""A small model of the scripted world: the encoder around a tiny tower, and a head that answers questions.

It exists to prove that the encoder sees order, and to be trained in minutes on a CPU. It knows coloured
shapes on a dark ground and nothing else; it is never offered for real films.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from torch import Tensor, nn

from video_vlm.encoder.checkpoint import load_weights, save_tensors
from video_vlm.encoder.image_tower import small_siglip_tower
from video_vlm.encoder.question_head import QuestionBatch, QuestionHead
from video_vlm.encoder.saved_encoder import encoder_settings
from video_vlm.encoder.token_budget import fewer, spend
from video_vlm.encoder.video import EncoderSettings, Encoding, Fold, VideoEncoder
from video_vlm.errors import SettingsError
from video_vlm.world import WorldSettings

__all__ = [
    "ARMS",
    "SHIPPED",
    "WorldModel",
    "WorldModelSettings",
    "frames_of_tokens",
    "load_world_model",
    "save_world_model",
]

SHIPPED = Path(__file__).parent / "weights" / "world.safetensors"
"""The weights that come with the package; ``world.md`` beside them says exactly what they are."""

GROUND, CONTRAST = 0.16, 0.2
"""Pictures are counted from the grey of the ground, so that empty ground is about nothing."""


@dataclass(frozen=True, slots=True)
class WorldModelSettings:
    """The shape of the model and what its encoder does; the world it is for."""

    width: int = 96
    num_blocks: int = 3
    num_heads: int = 4
    patch: int = 8
    encoder: EncoderSettings = field(default_factory=EncoderSettings)
    times_fewer: float = 1.0
    """Tokens are merged after the encoder until there are this many times fewer than patches."""
    world: WorldSettings = field(default_factory=WorldSettings)


def _arm(
    *folds: tuple[int, int], temporal: bool = True, time_position: bool = True, times_fewer: float = 1.0
) -> WorldModelSettings:
    # Learned from nothing, there is no tower to be kept as it was: the gates start open.
    encoder = EncoderSettings(
        temporal_depths=(0, 1, 2) if temporal else (),
        time_position=time_position,
        initial_gate=1.0,
        folds=tuple(Fold(depth, factor) for depth, factor in folds),
        frames_at_once=4096,
    )
    return WorldModelSettings(encoder=encoder, times_fewer=times_fewer)


ARMS = {
    "spatial only": _arm(temporal=False, time_position=False),
    "+ time position": _arm(temporal=False),
    "+ temporal attention": _arm(),
    "+ merging 2x": _arm((1, 2)),
    "+ merging 4x": _arm((1, 2), (2, 2)),
    "+ merging 8x": _arm((1, 2), (2, 2), times_fewer=8.0),
}
"""The rows of the ablation, each adding one thing to the row before it; ``bench/order.py`` prints it."""


class WorldModel(nn.Module):
    """Clips and questions in, logits of :data:`video_vlm.world.ANSWERS` out: ``(batch questions
    answers)``."""

    def __init__(self, settings: WorldModelSettings) -> None:
        super().__init__()
        self.settings = settings
        tower = small_siglip_tower(
            width=settings.width,
            num_blocks=settings.num_blocks,
            num_heads=settings.num_heads,
            image_size=settings.world.side,
            patch_size=settings.patch,
        )
        _begin_with_blobs(tower.model.embeddings.patch_embedding)
        self.encoder = VideoEncoder(tower, settings.encoder)
        self.reader = QuestionHead(settings.width, num_heads=settings.num_heads)

    @property
    def device(self) -> torch.device:
        return self.reader.norm.weight.device

    @property
    def grid(self) -> int:
        """The number of patches along a side of a frame."""
        return self.settings.world.side // self.settings.patch

    def encode(self, pictures: Tensor, seconds: Tensor) -> Encoding:
        encoding: Encoding = self.encoder(pictures, seconds)
        return encoding

    def forward(self, pictures: Tensor, seconds: Tensor, asked: QuestionBatch) -> Tensor:
        return self.answer(self.encode(pictures, seconds), asked)

    def answer(self, encoding: Encoding, asked: QuestionBatch) -> Tensor:
        tokens = encoding.tokens
        if self.settings.times_fewer > 1:
            budget = fewer(tokens, times=self.settings.times_fewer)
            tokens = spend(tokens, num_tokens=budget, num_frames=encoding.frames.shape[1])
        logits: Tensor = self.reader(tokens, asked)
        return logits


def frames_of_tokens(frames: Tensor) -> Tensor:
    """uint8 frames as float32, scaled as the model expects them; the shape stays."""
    return (frames.float() / 255 - GROUND) / CONTRAST


def save_world_model(model: WorldModel, path: Path, *, about: str) -> None:
    """Writes weights and settings in float16: half the bytes, and no answer changes."""
    tensors = {name: value.half() for name, value in model.state_dict().items()}
    save_tensors(path, tensors, about={"settings": json.dumps(asdict(model.settings)), "about": about})


def load_world_model(path: Path = SHIPPED) -> WorldModel:
    """The model of a file that :func:`save_world_model` wrote, ready to answer.

    Raises:
        SettingsError: there is no such file, or it holds another model.
    """
    about, weights = load_weights(path)
    if "settings" not in about:
        raise SettingsError(f"{path}: these are not the weights of a model of the scripted world")
    data = json.loads(about["settings"])
    encoder, world = encoder_settings(data["encoder"]), WorldSettings(**data["world"])
    model = WorldModel(WorldModelSettings(**{**data, "encoder": encoder, "world": world}))
    model.load_state_dict({name: value.float() for name, value in weights.items()})
    return model.eval()


@torch.no_grad()
def _begin_with_blobs(patches: nn.Conv2d) -> None:
    """Let patch filters start out seeing quarters of a patch, not single pixels.

    From pixel noise, hundreds of steps pass before even a colour is seen.
    """
    coarse = torch.randn(*patches.weight.shape[:2], 2, 2) / patches.weight[0].numel() ** 0.5
    patches.weight.copy_(nn.functional.interpolate(coarse, patches.weight.shape[2:], mode="nearest"))
