"""Cuts a stream of sound into stretches that are listened to one by one.

A stretch ends in a pause and holds at most 30 s of voice, so it is one window of a speech model. Where it
ends depends on where it begins and on the minute behind that, and on nothing before: whoever goes on from the
end of a stretch cuts as one that came from the beginning.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from video_vlm.perception.voice_activity import LONGEST_VOICE_SECONDS, VoiceActivity
from video_vlm.records import SOUND_RATE, Samples, SoundBlock, Span

__all__ = ["SoundStretch", "stretches"]

_WINDOW: Final = 60 * SOUND_RATE
_EDGE: Final = SOUND_RATE
"""A voice that ends this near to what is not read yet may go on there."""
_MOST_VOICE: Final = round(LONGEST_VOICE_SECONDS * SOUND_RATE)


@dataclass(frozen=True, slots=True)
class SoundStretch:
    """A stretch from sample ``start_sample`` on, and the ranges of its samples in which there is a voice."""

    start_sample: int
    samples: Samples
    voices: tuple[tuple[int, int], ...]

    @property
    def span(self) -> Span:
        """In player's seconds."""
        return SoundBlock(self.start_sample, self.samples).span

    @property
    def voiced(self) -> tuple[Span, ...]:
        """When there is a voice, in seconds from the start of the stretch."""
        return tuple(Span(start / SOUND_RATE, end / SOUND_RATE) for start, end in self.voices)


def stretches(blocks: Iterable[SoundBlock], find_voices: VoiceActivity) -> Iterator[SoundStretch]:
    """The stretches of a sound; they tile it."""
    coming = iter(blocks)
    place: int | None = None
    held = np.zeros(0, np.float32)
    is_all = False
    while True:
        parts, num_held = [held], len(held)
        while not is_all and num_held < _WINDOW:
            block = next(coming, None)
            is_all = block is None
            if block is not None:
                place = block.start_sample if place is None else place
                parts.append(block.samples)
                num_held += len(block.samples)
        held = np.concatenate(parts)
        if place is None or not len(held):
            return
        voices, end = _cut(held[:_WINDOW], find_voices, is_all=is_all and len(held) <= _WINDOW)
        yield SoundStretch(place, held[:end], voices)
        place, held = place + end, held[end:]


def _cut(
    window: Samples, find_voices: VoiceActivity, *, is_all: bool
) -> tuple[tuple[tuple[int, int], ...], int]:
    """The voices of the stretch at the beginning of ``window``, and where it ends."""
    safe = len(window) if is_all else len(window) - _EDGE
    taken: list[tuple[int, int]] = []
    num_voice = 0
    for start, end in find_voices(window):
        num_voice += end - start
        if end > safe or (taken and num_voice > _MOST_VOICE):
            return (tuple(taken), start) if start else (((0, safe),), safe)
        taken.append((start, end))
    return tuple(taken), safe
