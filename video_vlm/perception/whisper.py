"""Whisper (Radford et al. 2023) by faster-whisper, on CTranslate2: no torch, no network, the weights a folder here.

Temperature 0 without a fallback, so that the same sound gives the same words; no text before it is shown to
the model, so that a mistake is not carried on.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import zip_longest
from threading import Lock, RLock
from typing import Any, Final

import numpy as np

from video_vlm.errors import SettingsError
from video_vlm.media.cpu_count import num_cores
from video_vlm.perception.speech_models import SpeechWeights, find_weights
from video_vlm.records import SOUND_RATE, RecognizedSpeech, Samples, Span, SpokenWord
from video_vlm.settings import digest
from video_vlm.telemetry import switch_off

__all__ = ["WhisperRecognizer"]

_VERSION: Final = 1
"""Raised whenever the same weights would give other words for the same sound."""
_LEAST_MEAN_LOG_PROBABILITY: Final = -1.0
"""What Whisper's authors take for a failed window; made-up lines over noise are below."""
_LEAST_LANGUAGE_SHARE: Final = 0.5
_MAX_THREADS: Final = 4


class WhisperRecognizer:
    """A :class:`~video_vlm.protocols.SpeechRecognizer`. Loaded at the first :meth:`recognize`, once a process.

    Args:
        model: A name of the list of speech models, ``auto`` for the best that is here, a folder of CTranslate2
            files, or ``OWNER/NAME`` in the local hub cache.

    Raises:
        MissingExtra: faster-whisper, or any model, is not installed.
        SettingsError: the named model is not here.
    """

    def __init__(self, model: str) -> None:
        self._weights = find_weights(model)
        self.name = f"whisper {self._weights.name}"
        self.digest = digest(_VERSION, self._weights.identity)

    def recognize(
        self, sound: Samples, voiced: Sequence[Span], *, language: str | None = None
    ) -> RecognizedSpeech:
        """The words of one stretch; only the ``voiced`` spans of it are listened to, as one sound."""
        model = _model(self._weights)
        ranges = [(round(one.start * SOUND_RATE), round(one.end * SOUND_RATE)) for one in voiced]
        voice = np.concatenate([sound[start:end] for start, end in ranges])
        with _ONE_AT_A_TIME:
            segments, info = model.transcribe(
                voice,
                language=_asked(model, language),
                beam_size=5,
                temperature=[0.0],
                condition_on_previous_text=False,
                word_timestamps=True,
            )
            kept = [one for one in segments if one.avg_logprob >= _LEAST_MEAN_LOG_PROBABILITY]
        place = _Placer(ranges)
        words = tuple(word for one in _ended(kept) for word in place.words(one))
        sure = info.language_probability >= _LEAST_LANGUAGE_SHARE
        return RecognizedSpeech(words, info.language if sure else None)


_ONE_AT_A_TIME: Final = Lock()


def _ended(segments: Sequence[Any]) -> Iterator[list[Any]]:
    """The words of each segment. Whisper leaves out the full stop where one ends with a sentence: it is there
    where the next begins with a capital letter."""
    for one, following in zip_longest(segments, segments[1:]):
        words = list(one.words or ())
        begins = following.text.strip() if following is not None else ""
        if words and begins[:1].isupper() and words[-1].word[-1:].isalnum():
            words[-1] = replace(words[-1], word=f"{words[-1].word}.")
        yield words


class _Placer:
    """Turns times in the voiced parts, laid one behind the other, into times of the whole sound."""

    def __init__(self, ranges: Sequence[tuple[int, int]]) -> None:
        self._starts = [start for start, _ in ranges]
        lengths = [end - start for start, end in ranges]
        self._joined = np.concatenate([[0], np.cumsum(lengths)])

    def words(self, found: Sequence[Any]) -> Iterator[SpokenWord]:
        for one in found:
            start, end = round(one.start * SOUND_RATE), round(one.end * SOUND_RATE)
            part = int(
                np.clip(
                    np.searchsorted(self._joined, (start + end) / 2, "right") - 1, 0, len(self._starts) - 1
                )
            )
            shift = self._starts[part] - int(self._joined[part])
            start, end = (int(np.clip(at, self._joined[part], self._joined[part + 1])) for at in (start, end))
            span = Span((start + shift) / SOUND_RATE, (max(start, end) + shift) / SOUND_RATE)
            yield SpokenWord(span, one.word, min(1.0, max(0.0, float(one.probability))))


def _asked(model: Any, language: str | None) -> str | None:
    if not model.model.is_multilingual:
        return "en"
    if language is not None and language not in model.supported_languages:
        raise SettingsError(
            f"index.language={language}: Whisper knows no such language; give a code as en, de or ja, or auto"
        )
    return language


def _keep_to_threads() -> None:
    """tqdm, which faster-whisper counts with unseen, else takes a lock of all processes, and a worker that is
    ended leaves it behind."""
    from tqdm import tqdm

    if not hasattr(tqdm, "_lock"):
        tqdm.set_lock(RLock())


@lru_cache(maxsize=1)
def _model(weights: SpeechWeights) -> Any:
    switch_off()
    folder = weights.checked()
    logging.getLogger("faster_whisper").setLevel(logging.WARNING)
    try:
        from faster_whisper import WhisperModel

        _keep_to_threads()
        return WhisperModel(
            str(folder),
            device="cpu",
            compute_type="int8",
            cpu_threads=min(_MAX_THREADS, num_cores()),
            local_files_only=True,
        )
    except Exception as error:  # CTranslate2 raises RuntimeError, its tokenizer Exception itself
        first = next(iter(str(error).splitlines()), type(error).__name__)
        raise SettingsError(f"{folder}: the speech model cannot be loaded: {first}") from error
