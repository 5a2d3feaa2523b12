"""The state of every patch of a frame against the first frame: an auxiliary target of training.

A sentence says of many pictures one word, the direction. To be told of each place in each picture what has
happened there teaches to compare pictures in a tenth of the lessons (as for the temporal encoder:
:mod:`video_vlm.encoder.narration_head`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from video_vlm.world import EventKind, Way
from video_vlm.world.draw import position
from video_vlm.world.story import Scene

__all__ = ["FATES", "is_there", "states_of"]

FATES: Final = ("nobody", "still", *Way, "appeared", "vanished")
"""What may be true of a place: who is there came which way, or was not there, or is gone."""

_LEAST = 0.03
"""Of the picture's side: who has gone less is still where it was."""


def states_of(scene: Scene, times: Sequence[float], *, grid: int) -> npt.NDArray[np.int64]:
    """The place in :data:`FATES` for each patch of each picture, ``(times, grid * grid)``, against the
    first."""
    settings = scene.script.settings
    numbers = [
        min(max(round((at - scene.span.start) * settings.fps), 0), settings.num_frames - 1) for at in times
    ]
    fates = np.zeros((len(numbers), grid * grid), np.int64)
    for place in range(len(scene.script.actors)):
        x, y = position(scene.script, place)
        there = [is_there(scene, place, number) for number in numbers]
        for row, number in enumerate(numbers):
            if there[row] or there[0]:
                patch = min(int(y[number] * grid), grid - 1) * grid + min(int(x[number] * grid), grid - 1)
                gone = float(x[number] - x[numbers[0]]), float(y[number] - y[numbers[0]])
                fates[row, patch] = FATES.index(_fate(gone, now=there[row], before=there[0]))
    return fates


def is_there(scene: Scene, place: int, number: int) -> bool:
    """Whether at least half of the actor at ``place`` is visible in frame ``number``."""
    for event in scene.script.events:
        if event.actor == place and event.kind in (EventKind.APPEAR, EventKind.VANISH):
            return (2 * number >= event.start + event.end) == (event.kind is EventKind.APPEAR)
    return True


def _fate(gone: tuple[float, float], *, now: bool, before: bool) -> str:
    if now != before:
        return "appeared" if now else "vanished"
    if max(map(abs, gone)) < _LEAST:
        return "still"
    return next(
        way for way in Way if sum(step * part for step, part in zip(way.step, gone, strict=True)) >= _LEAST
    )
