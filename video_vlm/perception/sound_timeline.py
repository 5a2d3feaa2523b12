"""What kind of sound there is when: speech, other sound, silence; and the loudest moments.

Nothing here says what a sound is: music and applause cannot be told apart by how loud they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Final

import numpy as np

from video_vlm.perception.sound_stretches import SoundStretch
from video_vlm.perception.voice_activity import SILENT
from video_vlm.records import SOUND_RATE, Observation, ObservationKind, Samples, Span

__all__ = ["SILENCE", "SOUND", "SPEECH", "heard_until", "joined_timeline", "timeline"]

SPEECH: Final = "speech"
SOUND: Final = "sound without speech"
SILENCE: Final = "silence"

_SOURCE: Final = "sound"
_STEP: Final = SOUND_RATE // 10
_LEAST_SECONDS: Final = 1.0
"""A shorter part belongs to the one before it."""
_LOUD: Final = "loud: {:.1f} dB"
_LOUDNESS: Final = re.compile(r"loud: (-?\d+\.\d) dB")
_MOST_LOUD: Final = 3
_APART_SECONDS: Final = 30.0
_STANDS_OUT_DECIBELS: Final = 6.0
"""So much louder than the median of the stretches a loudest moment is: twice the pressure."""


def timeline(stretch: SoundStretch) -> list[Observation]:
    """The parts of a stretch, which tile it, and its loudest second."""
    labels = _labels(stretch)
    parts: list[tuple[str, int]] = []  # the label, and the number of steps
    for label, run in groupby(labels):
        num_steps = len(list(run))
        is_short = parts and num_steps * _STEP < _LEAST_SECONDS * SOUND_RATE
        parts.append((parts[-1][0] if is_short else label, num_steps))
    found, place = [], 0
    for label, same in groupby(parts, key=lambda part: part[0]):
        end = min(place + sum(steps for _, steps in same) * _STEP, len(stretch.samples))
        found.append(_observation(stretch, place, end, label))
        place = end
    return [*found, *_loudest(stretch)]


def heard_until(observations: Iterable[Observation]) -> int:
    """The sample at which the last stretch ends that was written; 0 if none was."""
    ends = (one.span.end for one in observations if one.kind is ObservationKind.SOUND)
    return round(max(ends, default=0.0) * SOUND_RATE)


def joined_timeline(parts: Sequence[Observation]) -> Iterator[Observation]:
    """The parts of the whole film, those of one kind that follow each other as one, and the loudest
    moments."""
    kinds = [one for one in parts if _LOUDNESS.fullmatch(one.text) is None]
    for _, run in groupby(kinds, key=lambda one: one.text):
        same = list(run)
        yield replace(same[0], span=Span(same[0].span.start, same[-1].span.end))
    yield from _loudest_of_all([one for one in parts if _LOUDNESS.fullmatch(one.text) is not None])


def _labels(stretch: SoundStretch) -> list[str]:
    """One for each tenth of a second."""
    steps = [stretch.samples[at : at + _STEP] for at in range(0, len(stretch.samples), _STEP)]
    labels = [SOUND if _root_mean_square(step) >= SILENT else SILENCE for step in steps]
    for start, end in stretch.voices:
        for place in range(start // _STEP, -(-end // _STEP)):
            labels[place] = SPEECH
    return labels


def _loudest(stretch: SoundStretch) -> Iterator[Observation]:
    seconds = range(0, len(stretch.samples), SOUND_RATE)
    levels = [_root_mean_square(stretch.samples[at : at + SOUND_RATE]) for at in seconds]
    level = max(levels, default=0.0)
    if level >= SILENT:
        start = seconds[levels.index(level)]
        end = min(start + SOUND_RATE, len(stretch.samples))
        yield _observation(stretch, start, end, _LOUD.format(20 * np.log10(level)))


def _loudest_of_all(moments: Sequence[Observation]) -> Iterator[Observation]:
    levels = [_decibels(one) for one in moments]
    if not levels:
        return
    usual = float(np.median(levels))
    chosen: list[Observation] = []
    for one in sorted(moments, key=_decibels, reverse=True):
        is_far = all(abs(one.span.start - other.span.start) >= _APART_SECONDS for other in chosen)
        if is_far and len(chosen) < _MOST_LOUD and _decibels(one) >= usual + _STANDS_OUT_DECIBELS:
            chosen.append(one)
    yield from (replace(one, text="one of the loudest moments") for one in chosen)


def _decibels(one: Observation) -> float:
    found = _LOUDNESS.fullmatch(one.text)
    return float(found[1]) if found else float("-inf")


def _root_mean_square(samples: Samples) -> float:
    return float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))))


def _observation(stretch: SoundStretch, start: int, end: int, text: str) -> Observation:
    first = stretch.start_sample
    span = Span((first + start) / SOUND_RATE, (first + end) / SOUND_RATE)
    return Observation(span, ObservationKind.SOUND, text, _SOURCE)
