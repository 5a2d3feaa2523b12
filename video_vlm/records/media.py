"""A video file, its streams and chapters, and its decoded frames."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from video_vlm.records.time import Span

__all__ = [
    "SOUND_RATE",
    "Box",
    "Chapter",
    "Damage",
    "Frame",
    "Image",
    "Samples",
    "SoundBlock",
    "Stream",
    "StreamKind",
    "Video",
]

Image = npt.NDArray[np.uint8]
"""An image: RGB, ``(height, width, 3)``, uint8."""


Box = tuple[float, float, float, float]
"""``(left, top, right, bottom)`` as fractions of the frame's width and height."""


StreamKind = Literal["video", "audio", "subtitle", "picture", "data"]


@dataclass(frozen=True, slots=True)
class Stream:
    """One stream of a container.

    The kind ``picture`` is an attached picture (cover art), not video. ``end_seconds`` is when the stream
    ends, in player's seconds: for sound by its last packets, else as the container declares; None where it
    does not.
    """

    index: int
    kind: StreamKind
    codec: str
    time_base: Fraction | None = None
    language: str | None = None
    title: str | None = None
    default: bool = False
    end_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Chapter:
    """A chapter that the container declares."""

    span: Span
    title: str


@dataclass(frozen=True, slots=True)
class Video:
    """The properties that a container declares, read without decoding.

    ``start_seconds`` is when the first frame is shown: 0, unless sound begins earlier. ``duration_seconds``
    is from 0 to the end of the last frame (None where it is not declared, or not plausible), ``num_frames``
    the number of frames (None where unknown): decoding may find other values. ``size`` is ``(width, height)``
    in pixels as displayed, after rotation and pixel aspect; ``rotation`` is the clockwise turn in degrees (0,
    90, 180, 270) that was already applied to it. ``stream`` is the index of the video stream that is read; of
    the sound, where there is sound alone.
    """

    path: Path
    content_id: str
    format: str
    start_seconds: float
    duration_seconds: float | None
    num_frames: int | None
    fps: float | None
    size: tuple[int, int]
    rotation: int
    stream: int
    streams: tuple[Stream, ...]
    chapters: tuple[Chapter, ...] = ()
    title: str | None = None

    @property
    def has_pictures(self) -> bool:
        """Whether the stream that is read is video: that of a podcast is sound."""
        return all(one.kind != "audio" for one in self.streams if one.index == self.stream)

    @property
    def span(self) -> Span:
        """From 0 to the end that the container declares; without length where it declares none."""
        return Span(0.0, self.duration_seconds or 0.0)

    @property
    def end_seconds(self) -> float:
        """The end of the last frame or of the sound, whichever is later, in seconds."""
        heard = (one.end_seconds for one in self.streams if one.kind == "audio")
        return max([self.span.end, *(end for end in heard if end is not None)])


@dataclass(frozen=True, slots=True)
class Frame:
    """One decoded frame: RGB uint8 ``(height, width, 3)``, upright as displayed."""

    pts: int
    pts_seconds: float
    image: Image
    is_keyframe: bool = False


SOUND_RATE = 16_000
"""Samples a second of all sound that is read."""

Samples = npt.NDArray[np.float32]
"""Sound: mono at 16 kHz, ``(n,)`` float32 in ``[-1, 1]``."""


@dataclass(frozen=True, slots=True)
class SoundBlock:
    """A piece of the sound: ``samples`` is ``(n,)`` float32 in ``[-1, 1]``, mono at 16 kHz; the first of them
    is number ``start_sample`` of the film, counted from zero as a player counts."""

    start_sample: int
    samples: Samples

    @property
    def span(self) -> Span:
        """When it is heard, in player's seconds."""
        end = self.start_sample + len(self.samples)
        return Span(self.start_sample / SOUND_RATE, end / SOUND_RATE)


@dataclass(frozen=True, slots=True)
class Damage:
    """A span that could not be decoded, and why."""

    span: Span
    reason: str
