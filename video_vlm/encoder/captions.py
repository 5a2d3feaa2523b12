"""A folder of videos with captions: its lines, and clips of frames with their times.

The captions are JSON lines. Columns are named as in WebVid (``videoid``, ``name``), MSR-VTT (``video_id``,
``caption``) or plainly ``video`` and ``caption``; others are left alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor

from video_vlm.errors import SettingsError
from video_vlm.media import open_video

__all__ = ["CaptionedVideo", "ClipSettings", "read_captions", "read_clip"]

VIDEO_COLUMNS: Final = ("video", "video_id", "videoid", "file", "path")
CAPTION_COLUMNS: Final = ("caption", "captions", "name", "text", "sentence")
SUFFIXES: Final = ("", ".mp4", ".webm", ".mkv", ".avi", ".mov")


@dataclass(frozen=True, slots=True)
class CaptionedVideo:
    """One video and its captions; there may be several."""

    path: Path
    captions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ClipSettings:
    """The input of a tower: ``side`` pixels square, normalised by ``mean`` and ``deviation`` of each
    channel."""

    side: int = 224
    num_frames: int = 16
    mean: tuple[float, float, float] = (0.5, 0.5, 0.5)
    deviation: tuple[float, float, float] = (0.5, 0.5, 0.5)


def read_captions(folder: Path) -> tuple[CaptionedVideo, ...]:
    """The captioned videos of a folder with one ``.jsonl`` file, at least two.

    Raises:
        SettingsError: there is not one such file, a line is not understood, or a video is not there.
    """
    found = sorted(folder.glob("*.jsonl"))
    if len(found) != 1:
        raise SettingsError(
            f"{folder}: training needs one .jsonl file with captions there, found {len(found)}"
        )
    lines = found[0].read_text(encoding="utf-8").splitlines()
    videos = tuple(
        _captioned(folder, line, where=f"{found[0]}:{n}") for n, line in enumerate(lines, 1) if line.strip()
    )
    if len(videos) < 2:
        raise SettingsError(f"{found[0]}: training needs at least two videos")
    return videos


def _captioned(folder: Path, line: str, *, where: str) -> CaptionedVideo:
    try:
        data = json.loads(line)
        name, said = _column(data, VIDEO_COLUMNS), _column(data, CAPTION_COLUMNS)
    except (ValueError, KeyError, TypeError) as error:
        raise SettingsError(f"{where}: not a line with a video and its caption: {error}") from error
    captions = tuple(map(str, said)) if isinstance(said, list) else (str(said),)
    path = next(
        (folder / f"{name}{suffix}" for suffix in SUFFIXES if (folder / f"{name}{suffix}").is_file()), None
    )
    if path is None or not captions:
        raise SettingsError(f"{where}: there is no video {name} in {folder}")
    return CaptionedVideo(path, captions)


def _column(data: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    for name in names:
        if name in data:
            return data[name]
    raise KeyError(f"none of {', '.join(names)}")


def read_clip(path: Path, settings: ClipSettings) -> tuple[Tensor, Tensor]:
    """Frames evenly over a video, ``(frames channels side side)`` float32, and their times ``(frames)``
    float64.

    A video with fewer pictures gives its last ones again, at the times they were asked for.

    Raises:
        MediaError: the file cannot be read as a video.
    """
    with open_video(path) as reader:
        span = reader.video.span
        step = span.duration_seconds / settings.num_frames
        times = [span.start + (number + 0.5) * step for number in range(settings.num_frames)]
        shown = list(reader.frames_at(times, max_side=2 * settings.side))
    seconds = np.array([frame.pts_seconds for frame in shown])
    last = [int(np.searchsorted(seconds, time, side="right")) - 1 for time in times]
    pictures = torch.stack([_fitted(shown[max(0, place)].image, settings) for place in last])
    return pictures, torch.tensor(times, dtype=torch.float64)


def _fitted(image: np.ndarray[Any, np.dtype[np.uint8]], settings: ClipSettings) -> Tensor:
    """One picture at the tower's size and scale, ``(channels side side)``; squeezed, not cut: edges
    matter."""
    pixels = torch.from_numpy(image).permute(2, 0, 1)[None].float() / 255
    size = (settings.side, settings.side)
    fitted = torch.nn.functional.interpolate(
        pixels, size, mode="bilinear", antialias=True, align_corners=False
    )[0]
    return (fitted - torch.tensor(settings.mean)[:, None, None]) / torch.tensor(settings.deviation)[
        :, None, None
    ]
