"""Where somebody speaks: Silero VAD, whose network comes with faster-whisper."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

import numpy as np

from video_vlm.records import SOUND_RATE, Samples
from video_vlm.telemetry import switch_off

__all__ = ["LONGEST_VOICE_SECONDS", "SILENT", "VoiceActivity", "find_voices"]

VoiceActivity: TypeAlias = Callable[[Samples], Sequence[tuple[int, int]]]
"""Samples at 16 kHz in, the ranges ``[start, end)`` with a voice out: in order, apart from each other, none
longer than :data:`LONGEST_VOICE_SECONDS`."""

LONGEST_VOICE_SECONDS: Final = 30.0
"""What Whisper listens to at once."""
SILENT: Final = 1e-3
"""Sound whose samples stay below is silence: -60 dB of full scale."""
_LEAST_PAUSE_MILLISECONDS: Final = 500


def find_voices(samples: Samples) -> list[tuple[int, int]]:
    """The voices in a sound, with up to 0.4 s around each."""
    if not len(samples) or float(np.abs(samples).max()) < SILENT:
        return []
    switch_off()
    from faster_whisper.vad import VadOptions, get_speech_timestamps

    options = VadOptions(
        min_silence_duration_ms=_LEAST_PAUSE_MILLISECONDS, max_speech_duration_s=LONGEST_VOICE_SECONDS
    )
    found = get_speech_timestamps(samples, options, sampling_rate=SOUND_RATE)
    return [(int(one["start"]), min(int(one["end"]), len(samples))) for one in found]
