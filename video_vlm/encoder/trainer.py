"""Makes the data, the model and the task of a training request, and runs the loop."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

import torch
from torch import nn

from video_vlm.encoder.caption_task import CaptionModel, CaptionSettings, CaptionTask
from video_vlm.encoder.captions import ClipSettings, read_captions
from video_vlm.encoder.checkpoint import load_weights, save_tensors
from video_vlm.encoder.image_tower import Tower, as_tower, small_siglip_tower
from video_vlm.encoder.projector import ProjectorTask
from video_vlm.encoder.saved_encoder import ENCODER_FILE, save_encoder
from video_vlm.encoder.text_tower import SmallTextTower, TransformersTextTower
from video_vlm.encoder.tower_files import load_model
from video_vlm.encoder.training import CHECKPOINT, TrainReport, TrainSettings, Watch, seed_everything, train
from video_vlm.encoder.video import EncoderSettings, Fold, VideoEncoder
from video_vlm.encoder.world_model import ARMS, WorldModel, save_world_model
from video_vlm.encoder.world_task import WorldTask
from video_vlm.errors import SettingsError

__all__ = ["WORLD", "TrainRequest", "train_encoder"]

WORLD: Final = "world"
"""In place of a folder: the scripted world."""

PROJECTOR_FILE: Final = "projector.safetensors"

SMALL_WIDTH, SMALL_SIDE = 96, 64


@dataclass(frozen=True, slots=True)
class TrainRequest:
    """The data, the model and the settings of a training run."""

    data: str
    """A folder of videos with captions, or :data:`WORLD`."""
    out: Path
    tower: str | None = None
    """An image-text model in a folder or the local hub cache; None for a small tower that learns from
    nothing."""
    stage: Literal["encoder", "projector"] = "encoder"
    unfreeze: int = 0
    """How many of the tower's last blocks learn too."""
    fewer: int = 1
    """Merge while training, down to this many times fewer tokens: 1, 2 or 4."""
    contrastive: Literal["clip", "siglip"] = "siglip"
    num_frames: int = 16
    device: str = "cpu"
    resume: bool = False
    how: TrainSettings = field(default_factory=TrainSettings)


def train_encoder(request: TrainRequest, *, watch: Watch = lambda _step, _loss: None) -> TrainReport:
    """Trains as asked; ``request.out`` then holds a checkpoint to resume from and the weights to use.

    Raises:
        SettingsError: the data, the tower or a checkpoint is not there, or not what it should be.
        KeyboardInterrupt: passed on, the checkpoint written.
    """
    seed_everything(request.how.seed)
    if request.data == WORLD:
        return _train_world(request, watch)
    task = _caption_task(request)
    if request.stage == "projector":
        return _train_projector(request, task, watch)
    report = train(task, request.how, folder=request.out, resume=request.resume, watch=watch)
    save_encoder(task.model.encoder, request.out / ENCODER_FILE, tower=request.tower or "")
    return report


def _train_world(request: TrainRequest, watch: Watch) -> TrainReport:
    arm = {1: "+ temporal attention", 2: "+ merging 2x", 4: "+ merging 4x", 8: "+ merging 8x"}.get(
        request.fewer
    )
    if arm is None or request.tower or request.stage != "encoder":
        raise SettingsError(
            "the scripted world trains a small model of its own: no --tower or --stage; --fewer 1, 2, 4 or 8"
        )
    task = WorldTask(WorldModel(ARMS[arm]))
    task.model.to(request.device)
    report = train(task, request.how, folder=request.out, resume=request.resume, watch=watch)
    about = f"videoqa train encoder world: {arm}, seed {request.how.seed}, {report.step} steps"
    save_world_model(task.world, request.out / "world.safetensors", about=about)
    return report


def _train_projector(request: TrainRequest, captions: CaptionTask, watch: Watch) -> TrainReport:
    """The encoder is the one that a run before has left in ``out``."""
    _, weights = load_weights(request.out / CHECKPOINT)
    try:
        captions.model.load_state_dict(dict(weights))
    except RuntimeError as error:
        raise SettingsError(
            f"{request.out / CHECKPOINT}: train the encoder into this folder first"
        ) from error
    task = ProjectorTask(captions)
    report = train(task, request.how, folder=request.out / "projector", resume=request.resume, watch=watch)
    save_tensors(request.out / PROJECTOR_FILE, task.model.state_dict(), about={"recipe": task.recipe})
    return report


def _caption_task(request: TrainRequest) -> CaptionTask:
    folder = Path(request.data)
    if not folder.is_dir():
        raise SettingsError(
            f"{folder}: no such folder; give one with videos and captions, or the word '{WORLD}'"
        )
    videos = read_captions(folder)
    if request.tower is not None:
        model = _model_around(request.tower, request)
    else:
        tower = small_siglip_tower(
            width=SMALL_WIDTH, num_blocks=3, num_heads=4, image_size=SMALL_SIDE, patch_size=SMALL_SIDE // 4
        )
        encoder = VideoEncoder(tower, _encoder_settings(tower, request))
        model = CaptionModel(encoder, SmallTextTower(SMALL_WIDTH))
    frames = ClipSettings(side=model.encoder.tower.image_size, num_frames=request.num_frames)
    settings = CaptionSettings(contrastive=request.contrastive, frames=frames)
    return CaptionTask(model.to(request.device), videos, settings)


def _encoder_settings(tower: Tower, request: TrainRequest) -> EncoderSettings:
    """Temporal attention in front of every third block, of all in a small tower; folds as early as they
    pay."""
    blocks = len(tower.blocks)
    folds = {1: (), 2: (Fold(1, 2),), 4: (Fold(1, 2), Fold(2, 2))}
    if request.fewer not in folds:
        raise SettingsError(f"--fewer is 1, 2 or 4, got {request.fewer}")
    return EncoderSettings(
        temporal_depths=tuple(range(0, blocks, 1 if blocks < 6 else 3)),
        initial_gate=1.0 if request.tower is None else 0.0,
        folds=folds[request.fewer],
    )


def _model_around(name: str, request: TrainRequest) -> CaptionModel:
    from transformers import AutoTokenizer

    model = load_model(name, dtype=torch.float32, device=request.device)
    if not hasattr(model, "text_model"):
        raise SettingsError(
            f"{name}: captions need an image-text model (SigLIP, CLIP), and this has no text half"
        )
    try:
        tokenizer = AutoTokenizer.from_pretrained(name, local_files_only=True)
    except (OSError, ValueError) as error:
        raise SettingsError(f"{name}: its tokenizer cannot be loaded from here") from error
    tower, text = as_tower(model), TransformersTextTower(model, tokenizer)
    # Let only the last blocks learn.
    tower.requires_grad_(False)
    for block in list(tower.blocks)[max(0, len(tower.blocks) - request.unfreeze) :]:
        block.requires_grad_(True)
    whole = CaptionModel(VideoEncoder(tower, _encoder_settings(tower, request)), text)
    if hasattr(model, "visual_projection"):
        # CLIP's own way from pictures to captions is where the learned one starts.
        whole.join.weight.data.copy_(model.visual_projection.weight)
        nn.init.zeros_(whole.join.bias)
    return whole
