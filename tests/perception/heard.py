"""A recognizer and a voice detector for tests: voices are tones, and a word is said in each second of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import av
import numpy as np

from video_vlm.perception.speech import SpeechObserver
from video_vlm.records import SOUND_RATE, RecognizedSpeech, Samples, Span, SpokenWord
from video_vlm.settings import IndexSettings

__all__ = ["TonesAsWords", "drawn_speech", "ears", "tones_as_voices", "write_wav"]


class TonesAsWords:
    """Says a word for each second of a voice, by its loudness; a sentence ends behind every third word."""

    def __init__(self, model: str = "one") -> None:
        self.name = f"tones {model}"
        self.digest = model
        self.num_seconds = 0.0
        """How much voice it was given."""

    def recognize(
        self, sound: Samples, voiced: Sequence[Span], *, language: str | None = None
    ) -> RecognizedSpeech:
        words: list[SpokenWord] = []
        for voice in voiced:
            self.num_seconds += voice.duration_seconds
            for number in range(int(voice.duration_seconds)):
                start = voice.start + number
                at = int(start * SOUND_RATE)
                level = int(100 * np.abs(sound[at : at + SOUND_RATE // 2]).max())
                stop = "." if number % 3 == 2 else ""
                words.append(SpokenWord(Span(start, start + 0.8), f" word{level}{stop}", 0.5 + level / 200))
        return RecognizedSpeech(tuple(words), language or "en")


def tones_as_voices(samples: Samples) -> list[tuple[int, int]]:
    """Runs louder than 0.1, those longer than 30 s in parts; pauses under half a second belong to them."""
    step = SOUND_RATE // 10
    loud = [float(np.abs(samples[at : at + step]).max()) > 0.1 for at in range(0, len(samples), step)]
    found: list[tuple[int, int]] = []
    for number, is_loud in enumerate(loud):
        if not is_loud:
            continue
        start, end = number * step, min((number + 1) * step, len(samples))
        if found and start - found[-1][1] < SOUND_RATE // 2 and end - found[-1][0] <= 30 * SOUND_RATE:
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return found


def ears(settings: IndexSettings, model: str = "one") -> SpeechObserver:
    """A speech observer that needs no weights."""
    return SpeechObserver(settings, recognizer=TonesAsWords(model), voices=tones_as_voices)


def drawn_speech(voices: Sequence[tuple[float, float]], *, seconds: float) -> Samples:
    """Tones from and to so many seconds, each a little louder than the one before."""
    times = np.arange(round(seconds * SOUND_RATE)) / SOUND_RATE
    level = np.zeros_like(times)
    for number, (start, end) in enumerate(voices):
        level[(times >= start) & (times < end)] = 0.2 + 0.05 * (number % 12)
    return (level * np.sin(2 * np.pi * 440 * times)).astype(np.float32)


def write_wav(path: Path, samples: Samples) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_f32le", rate=SOUND_RATE, layout="mono")
        frame = av.AudioFrame.from_ndarray(samples[None], format="flt", layout="mono")
        frame.sample_rate = SOUND_RATE
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path
