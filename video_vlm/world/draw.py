"""Drawing a script: frames as an array, the same every time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from video_vlm.world.script import Actor, EventKind, Script

__all__ = ["Clip", "Frames", "draw", "draw_some", "in_frame"]

Frames = npt.NDArray[np.uint8]
Plane = npt.NDArray[np.float32]
Line = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.int64]

PAINT = {
    "red": (0.85, 0.15, 0.15),
    "green": (0.15, 0.7, 0.25),
    "blue": (0.2, 0.35, 0.9),
    "yellow": (0.95, 0.85, 0.2),
    "purple": (0.65, 0.25, 0.75),
    "white": (0.95, 0.95, 0.95),
}
POST, POST_WIDTH = (0.45, 0.45, 0.45), 0.1


@dataclass(frozen=True, slots=True)
class Clip:
    """A drawn script: RGB uint8 ``(frames, height, width, 3)`` and the time of each in seconds."""

    script: Script
    frames: Frames
    seconds: npt.NDArray[np.float64]

    def reversed(self) -> Clip:
        """The frames in reverse order at the same times, with the reversed script."""
        return Clip(self.script.reversed(), self.frames[::-1].copy(), self.seconds)


def draw(script: Script) -> Clip:
    """Draws the clip of a script, ``(num_frames, side, side, 3)``; a reversed script is drawn forwards and
    turned round."""
    seconds = np.arange(script.settings.num_frames) / script.settings.fps
    if script.backwards:
        return Clip(script, draw(script.reversed()).frames[::-1].copy(), seconds)
    return Clip(script, draw_some(script, range(script.settings.num_frames)), seconds)


def draw_some(script: Script, numbers: Sequence[int]) -> Frames:
    """Draws some frames alone, ``(numbers, height, width, 3)``; their noise differs from that of the whole
    clip.

    Raises:
        ValueError: the script was reversed.
    """
    if script.backwards:
        raise ValueError("a reversed script is drawn whole")
    places = np.asarray(numbers, np.int64)
    shape = (len(places), script.settings.side, script.settings.side, 3)
    grain = (
        np.random.default_rng((script.seed, 1)).normal(0.0, script.settings.noise, shape).astype(np.float32)
    )
    return np.asarray(((_pictures(script, places) + grain).clip(0, 1) * 255).round(), np.uint8)


def in_frame(script: Script, place: int) -> tuple[Line, Line]:
    """Where the middle of an actor is seen in each frame, ``x`` and ``y`` as shares of the side."""
    if script.backwards:
        x, y = in_frame(script.reversed(), place)
        return x[::-1], y[::-1]
    frames = np.arange(script.settings.num_frames, dtype=np.float32)
    x, y = position(script, place)
    return x - np.float32(script.pan[0]) * frames, y - np.float32(script.pan[1]) * frames


def position(script: Script, place: int) -> tuple[Line, Line]:
    """Where the middle of an actor is in each frame, ``x`` and ``y``, beside the camera's movement."""
    now = np.arange(1, script.settings.num_frames + 1, dtype=np.float32)
    x: Line = np.full_like(now, script.actors[place].x)
    y: Line = np.full_like(now, script.actors[place].y)
    for event in script.events:
        if event.actor == place and event.way is not None:
            gone = np.float32(event.length) * ((now - event.start) / (event.end - event.start)).clip(0, 1)
            x, y = (at + np.float32(step) * gone for at, step in zip((x, y), event.way.step, strict=True))
    return x, y


def _pictures(script: Script, numbers: Numbers) -> Plane:
    """``(numbers, height, width, 3)`` in ``[0, 1]``, without noise."""
    pixel = 1 / script.settings.side
    x, y = _grids(script, numbers)
    pictures = _ground(x, y, script.seed) * np.asarray(script.tint, np.float32)
    for place, actor in enumerate(script.actors):
        at_x, at_y = (line[numbers, None, None] for line in position(script, place))
        cover = _cover(actor, x - at_x, y - at_y, script.settings.radius, pixel)
        pictures = _paint(
            pictures, cover * _is_there(script, place)[numbers, None, None], PAINT[actor.colour]
        )
    if script.post is not None:
        cover = _soft(np.abs(x - script.post - POST_WIDTH / 2) - POST_WIDTH / 2, pixel)
        pictures = _paint(pictures, np.broadcast_to(cover, pictures.shape[:3]), POST)
    return pictures


def _grids(script: Script, numbers: Numbers) -> tuple[Plane, Plane]:
    """Where each pixel of each frame lies on the ground, the camera panning: ``x`` and ``y``."""
    side, frames = script.settings.side, numbers.astype(np.float32)[:, None, None]
    middles = (np.arange(side, dtype=np.float32) + 0.5) / side
    rows = np.broadcast_to(middles[None, :, None], (len(frames), side, side))
    columns = np.broadcast_to(middles[None, None, :], (len(frames), side, side))
    return columns + np.float32(script.pan[0]) * frames, rows + np.float32(script.pan[1]) * frames


def _is_there(script: Script, place: int) -> Line:
    """How much of the actor is in the picture, from 0 to 1, for each frame: who appears or vanishes in no
    time does so at once, others fade."""
    now = np.arange(script.settings.num_frames, dtype=np.float32)
    there = np.ones_like(now)
    for event in script.events:
        if event.actor == place and event.kind in (EventKind.APPEAR, EventKind.VANISH):
            length = max(event.end - event.start, 1)
            come = ((now - event.start + (event.start == event.end)) / length).clip(0, 1)
            there *= come if event.kind is EventKind.APPEAR else 1 - come
    return np.asarray(there, np.float32)


def _ground(x: Plane, y: Plane, seed: int) -> Plane:
    """Slow waves of dark grey, fixed to the ground, so that a panning camera shows."""
    phase, tilt = np.random.default_rng((seed, 2)).uniform(0, 2 * np.pi, 2)
    waves = np.sin(14 * (np.cos(tilt) * x + np.sin(tilt) * y) + phase)
    grey: Plane = (0.16 + 0.05 * waves)[..., None].repeat(3, axis=-1).astype(np.float32)
    return grey


def _cover(actor: Actor, x: Plane, y: Plane, radius: float, pixel: float) -> Plane:
    """How much of each pixel the actor covers, from its signed distance."""
    if actor.shape == "circle":
        distance = np.hypot(x, y) - radius
    elif actor.shape == "square":
        distance = np.maximum(np.abs(x), np.abs(y)) - 0.88 * radius
    else:
        distance = np.maximum(0.87 * np.abs(x) + 0.5 * -y, y) - 0.62 * radius
    return _soft(distance, pixel)


def _soft(distance: npt.NDArray[Any], pixel: float) -> Plane:
    cover: Plane = np.clip(0.5 - distance / pixel, 0, 1).astype(np.float32)
    return cover


def _paint(picture: Plane, cover: Plane, colour: tuple[float, float, float]) -> Plane:
    painted: Plane = picture + cover[..., None] * (np.asarray(colour, np.float32) - picture)
    return painted
