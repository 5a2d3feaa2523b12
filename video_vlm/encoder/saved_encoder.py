"""A trained encoder on disk: its weights, and the name of its tower."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from video_vlm.encoder.checkpoint import load_weights, save_tensors
from video_vlm.encoder.video import EncoderSettings, Fold, VideoEncoder
from video_vlm.errors import SettingsError

__all__ = ["ENCODER_FILE", "encoder_settings", "load_encoder", "save_encoder"]

ENCODER_FILE: Final = "encoder.safetensors"


def save_encoder(encoder: VideoEncoder, path: Path, *, tower: str) -> None:
    """Writes the trained weights; of the tower only its name, and the tensors whose weights have changed."""
    learned = {name for name, weight in encoder.named_parameters() if weight.requires_grad}
    state = {
        name: value for name, value in encoder.state_dict().items() if name in learned or "tower." not in name
    }
    save_tensors(path, state, about={"tower": tower, "settings": json.dumps(asdict(encoder.settings))})


def load_encoder(path: Path, *, device: str = "cpu") -> VideoEncoder:
    """An encoder that :func:`save_encoder` wrote, around its tower from a local folder or the local hub
    cache.

    Raises:
        SettingsError: the file or its tower cannot be read.
    """
    from video_vlm.encoder.tower_files import load_tower

    about, weights = load_weights(path)
    if "tower" not in about or "settings" not in about:
        raise SettingsError(f"{path}: this is no trained encoder")
    encoder = VideoEncoder(load_tower(about["tower"]), encoder_settings(json.loads(about["settings"])))
    missing, unknown = encoder.load_state_dict(dict(weights), strict=False)
    lacking = [name for name in missing if not name.startswith("tower.")]
    if unknown or lacking:
        raise SettingsError(f"{path}: does not fit its tower: {', '.join([*unknown, *lacking][:3])}")
    return encoder.to(device).eval()


def encoder_settings(data: dict[str, Any]) -> EncoderSettings:
    """Settings out of what ``asdict`` and json made of them."""
    folds = tuple(Fold(**fold) for fold in data["folds"])
    data = {"temporal_reduction": 1, **data}  # as all were before there was a choice
    return EncoderSettings(**{**data, "folds": folds, "temporal_depths": tuple(data["temporal_depths"])})
