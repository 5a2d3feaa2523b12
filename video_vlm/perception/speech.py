"""Hears: what is said, as sentences with times, and what kind of sound there is when."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from video_vlm.media.sound import read_sound
from video_vlm.perception.observer import BaseObserver
from video_vlm.perception.sound_stretches import SoundStretch, stretches
from video_vlm.perception.sound_timeline import heard_until, joined_timeline, timeline
from video_vlm.perception.spoken_sentences import joined_sentences, sentences
from video_vlm.perception.voice_activity import VoiceActivity, find_voices
from video_vlm.protocols import Need, SpeechRecognizer
from video_vlm.records import Observation, ObservationKind, Span, SpokenWord, Video
from video_vlm.registry import Registry
from video_vlm.settings import IndexSettings

__all__ = ["RECOGNIZERS", "SpeechObserver", "find_recognizer"]

_VERSION: Final = 1
"""Raised whenever the same words would become other observations."""

RECOGNIZERS: Registry[SpeechRecognizer] = Registry(
    "speech recognizer",
    {"whisper": "video_vlm.perception.whisper:WhisperRecognizer"},
    group="video_vlm.speech_recognizers",
)
"""Speech recognizers by name; each factory takes the name of a model."""


def find_recognizer(speech: str) -> SpeechRecognizer:
    """The recognizer that ``index.speech`` names: ``MODEL`` for Whisper, ``NAME:MODEL`` for another.

    Raises:
        MissingExtra: it is not installed.
        SettingsError: its model is not here.
    """
    name, colon, model = speech.partition(":")
    if colon and name in RECOGNIZERS:
        return RECOGNIZERS[name](model)
    return RECOGNIZERS["whisper"](speech)


class SpeechObserver(BaseObserver):
    """Listens to a film, a stretch at a time. Nothing is loaded before the first voice is heard.

    Args:
        settings: Which model, language and track.
        recognizer: Who understands; None for the one that the settings name.
        voices: Who tells voices from other sound.

    Raises:
        MissingExtra: there is no recognizer here.
        SettingsError: the named model is not here.
    """

    def __init__(
        self,
        settings: IndexSettings,
        *,
        recognizer: SpeechRecognizer | None = None,
        voices: VoiceActivity = find_voices,
    ) -> None:
        self._recognizer = recognizer or find_recognizer(settings.speech)
        self._voices = voices
        self._track = settings.audio_track
        self._language = None if settings.language == "auto" else settings.language
        recipe = (self._recognizer.name, self._recognizer.digest, settings.language, settings.audio_track)
        super().__init__("speech", _VERSION, *recipe, needs=[Need.SOUND])

    def listen(self, video: Video, heard: Sequence[Observation]) -> Iterator[tuple[Observation, ...]]:
        """What is heard behind what was ``heard`` already, a stretch at a time; its kinds of sound tile
        it."""
        language = self._language or _language_of(heard)
        blocks = read_sound(video.path, track=self._track, start_sample=heard_until(heard))
        for stretch in stretches(blocks, self._voices):
            said = self._said(stretch, language)
            language = language or _language_of(said)
            yield (*said, *timeline(stretch))

    def finish(self, observations: Sequence[Observation]) -> Iterable[Observation]:
        said = [one for one in observations if one.kind is ObservationKind.SPEECH]
        sounds = [one for one in observations if one.kind is ObservationKind.SOUND]
        return sorted((*joined_sentences(said), *joined_timeline(sounds)), key=lambda one: one.span)

    def _said(self, stretch: SoundStretch, language: str | None) -> list[Observation]:
        if not stretch.voices:
            return []
        found = self._recognizer.recognize(stretch.samples, stretch.voiced, language=language)
        spoken = language or found.language
        if spoken is None:
            return []
        words = [_moved(word, stretch.span.start) for word in found.words]
        return list(sentences(words, source=f"{self._recognizer.name} ({spoken})"))


def _moved(word: SpokenWord, seconds: float) -> SpokenWord:
    return replace(word, span=Span(word.span.start + seconds, word.span.end + seconds))


def _language_of(heard: Iterable[Observation]) -> str | None:
    """The language of the first sentence, in which the whole film is heard then."""
    first = next((one for one in heard if one.kind is ObservationKind.SPEECH), None)
    return None if first is None else first.source.rpartition(" (")[2].removesuffix(")")
