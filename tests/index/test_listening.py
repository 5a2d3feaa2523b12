"""Listening beside the pass over the pictures: what is heard is kept stretch by stretch."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from tests.perception.heard import drawn_speech, ears
from video_vlm.index import index_video, plan_index
from video_vlm.memory import open_library
from video_vlm.perception import OBSERVERS
from video_vlm.perception.speech import SpeechObserver
from video_vlm.protocols import ProgressEvent
from video_vlm.records import SOUND_RATE, Observation, ObservationKind, Video
from video_vlm.settings import IndexSettings

VOICES = ((1.0, 4.0), (6.0, 9.0), (40.0, 62.0), (63.0, 80.0), (90.0, 95.0))
SETTINGS = IndexSettings(observers=("subtitles", "speech", "look"), speech="one")


@pytest.fixture(autouse=True)
def _ears_without_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    brought = {**OBSERVERS._built_in, "speech": lambda settings: ears(settings, settings.speech)}
    monkeypatch.setattr(OBSERVERS, "_built_in", brought)


@pytest.fixture(scope="module")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film of 100 s, of which half a minute is a shot, with voices."""
    path = tmp_path_factory.mktemp("spoken") / "film.mkv"
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=4, options={"preset": "ultrafast"})
        video.width, video.height, video.pix_fmt = 96, 72, "yuv420p"
        sound = container.add_stream("pcm_f32le", rate=SOUND_RATE, layout="mono")
        for number in range(400):
            image = np.full((72, 96, 3), 60 * (number // 120) + 20, np.uint8)
            image[10:30, number % 60 : number % 60 + 20] = 255
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 4)
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        heard = av.AudioFrame.from_ndarray(
            drawn_speech(VOICES, seconds=100)[None], format="flt", layout="mono"
        )
        heard.sample_rate = SOUND_RATE
        container.mux(sound.encode(heard))
        container.mux(sound.encode(None))
    return path


@pytest.fixture(scope="module")
def straight(spoken: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What an uninterrupted run makes of it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            OBSERVERS, "_built_in", {**OBSERVERS._built_in, "speech": lambda one: ears(one, one.speech)}
        )
        with open_library(tmp_path_factory.mktemp("straight")) as library:
            report = index_video(spoken, library, settings=SETTINGS)
            return library.dump(report.video.content_id)


def speech_in(library_folder: Path, film: Path, settings: IndexSettings = SETTINGS) -> Sequence[Observation]:
    with open_library(library_folder) as library:
        report = index_video(film, library, settings=settings)
        return library.memory(report.video.content_id).observations(kinds=[ObservationKind.SPEECH])


def test_what_is_said_is_remembered_when_it_is_said(spoken: Path, tmp_path: Path) -> None:
    found = speech_in(tmp_path, spoken)
    starts = [one.span.start for one in found]
    for start, _ in VOICES:
        assert min(abs(start - at) for at in starts) < 0.2
    assert all(one.source == "tones one (en)" for one in found)


class StopsAfter:
    """Ears that end the run when so many stretches are heard, as Ctrl-C would."""

    def __init__(self, num_stretches: int) -> None:
        self.num_stretches = num_stretches

    def __call__(self, settings: IndexSettings) -> SpeechObserver:
        observer, limit = ears(settings, settings.speech), self.num_stretches
        listen = observer.listen

        class Stopping(SpeechObserver):
            def listen(self, video: Video, heard: Sequence[Observation]) -> Iterator[tuple[Observation, ...]]:
                for number, said in enumerate(listen(video, heard)):
                    if number == limit:
                        raise KeyboardInterrupt
                    yield said

        observer.__class__ = Stopping
        return observer


@pytest.mark.parametrize("num_stretches", [0, 1, 2])
def test_a_run_that_is_stopped_while_it_listens_goes_on_to_the_same_memory(
    spoken: Path,
    straight: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    num_stretches: int,
) -> None:
    with open_library(tmp_path) as library:
        with monkeypatch.context() as patch:
            patch.setattr(
                OBSERVERS, "_built_in", {**OBSERVERS._built_in, "speech": StopsAfter(num_stretches)}
            )
            with pytest.raises(KeyboardInterrupt):
                index_video(spoken, library, settings=SETTINGS)
        assert library.verify() == ()
        assert not [one for one in threading.enumerate() if one.name == "listening"]
        report = index_video(spoken, library, settings=SETTINGS)
        assert library.dump(report.video.content_id) == straight
        assert library.verify() == ()


@pytest.mark.parametrize("after_seconds", [0.0, 20.0, 45.0, 70.0, 99.0])
def test_a_run_that_is_stopped_at_the_pictures_goes_on_to_the_same_memory(
    spoken: Path, straight: dict[str, Any], tmp_path: Path, after_seconds: float
) -> None:
    def stop(event: ProgressEvent) -> None:
        if event.done >= after_seconds:
            raise KeyboardInterrupt

    with open_library(tmp_path) as library:
        with pytest.raises(KeyboardInterrupt):
            index_video(spoken, library, settings=SETTINGS, progress=stop)
        assert not [one for one in threading.enumerate() if one.name == "listening"]
        report = index_video(spoken, library, settings=SETTINGS)
        assert library.dump(report.video.content_id) == straight


def test_what_is_heard_is_not_heard_again(
    spoken: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_library(tmp_path) as library:
        with monkeypatch.context() as patch:
            patch.setattr(OBSERVERS, "_built_in", {**OBSERVERS._built_in, "speech": StopsAfter(2)})
            with pytest.raises(KeyboardInterrupt):
                index_video(spoken, library, settings=SETTINGS)
        again = ears(SETTINGS, "one")
        monkeypatch.setattr(OBSERVERS, "_built_in", {**OBSERVERS._built_in, "speech": lambda _: again})
        index_video(spoken, library, settings=SETTINGS)
        assert 0 < again._recognizer.num_seconds < 40  # type: ignore[attr-defined]


def test_progress_counts_what_is_heard(spoken: Path, tmp_path: Path) -> None:
    events: list[ProgressEvent] = []
    with open_library(tmp_path) as library:
        index_video(spoken, library, settings=SETTINGS, progress=events.append)
    done = [event.done for event in events]
    assert done == sorted(done)
    assert done[-1] == pytest.approx(100.0, abs=0.3)


def test_another_model_hears_again_and_nothing_else_is_done_again(spoken: Path, tmp_path: Path) -> None:
    other = replace(SETTINGS, speech="two")
    with open_library(tmp_path) as library:
        index_video(spoken, library, settings=SETTINGS)
        plan = plan_index(spoken, library, settings=other)
        assert {one.stage for one in plan.stages if not one.is_kept} == {"observer speech", "levels"}
        assert plan.decodes == "sound"
        assert index_video(spoken, library, settings=other).kept == ("subtitles", "look")
    assert {one.source for one in speech_in(tmp_path, spoken, other)} == {"tones two (en)"}


def test_ears_that_are_added_give_the_memory_of_a_run_with_ears(spoken: Path, tmp_path: Path) -> None:
    without = replace(SETTINGS, observers=("subtitles", "look"))
    with open_library(tmp_path) as library:
        index_video(spoken, library, settings=without)
        report = index_video(spoken, library, settings=SETTINGS)
        assert report.kept == ("subtitles", "look")
        found = library.memory(report.video.content_id).observations(kinds=[ObservationKind.SPEECH])
    assert found == speech_in(tmp_path / "other", spoken)


def test_the_words_of_the_subtitles_stand(spoken: Path, tmp_path: Path) -> None:
    film = tmp_path / "film.mkv"
    film.write_bytes(spoken.read_bytes())
    heard = speech_in(tmp_path / "library", film)
    first = heard[0]
    assert first.text == "word20 word20 word20."
    lines = f"1\n00:00:01,100 --> 00:00:03,900\n{first.text.title()}\n"
    film.with_suffix(".srt").write_text(lines, encoding="utf-8")
    assert speech_in(tmp_path / "library", film) == heard[1:]
    film.with_suffix(".srt").write_text(lines.replace("Word20", "Nothing"), encoding="utf-8")
    assert speech_in(tmp_path / "library", film) == heard


def test_a_film_without_sound_is_read_as_before(make_video: Any, tmp_path: Path) -> None:
    from tests.media.reels import Reel

    assert not speech_in(tmp_path, make_video(Reel()))


def test_speech_that_is_off_is_named(spoken: Path, tmp_path: Path) -> None:
    with open_library(tmp_path) as library:
        report = index_video(spoken, library, settings=replace(SETTINGS, speech="off"))
    assert report.missing == ("speech: index.speech=off",)
