"""A file with sound and no pictures is read by listening."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.perception.heard import drawn_speech, ears, write_wav
from video_vlm import VideoQA
from video_vlm.errors import UnreadableVideo
from video_vlm.index import index_video
from video_vlm.index.sound_segments import sound_segments
from video_vlm.media import open_video
from video_vlm.memory import open_library
from video_vlm.perception import OBSERVERS
from video_vlm.protocols import ProgressEvent
from video_vlm.records import Level, Observation, ObservationKind, Span, Status
from video_vlm.settings import IndexSettings, Settings

VOICES = ((1.0, 21.0), (23.0, 43.0), (45.0, 52.0), (60.0, 95.0), (97.0, 118.0))
SETTINGS = IndexSettings(speech="one")


@pytest.fixture(autouse=True)
def _ears_without_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    def speech(settings: IndexSettings) -> object:
        return ears(settings, settings.speech)

    monkeypatch.setattr(OBSERVERS, "_built_in", {**OBSERVERS._built_in, "speech": speech})


@pytest.fixture
def memo(tmp_path: Path) -> Path:
    return write_wav(tmp_path / "memo.wav", drawn_speech(VOICES, seconds=120))


def test_segments_end_in_pauses_and_tile_the_sound(memo: Path, tmp_path: Path) -> None:
    with open_library(tmp_path / "library") as library:
        report = index_video(memo, library, settings=SETTINGS)
        segments = library.memory(report.video.content_id).nodes(Level.SEGMENT)
        assert library.verify() == ()
    edges = [one.span.start for one in segments] + [segments[-1].span.end]
    assert edges[0] == 0.0
    assert edges[-1] == pytest.approx(120.0, abs=0.1)
    assert any(21 < edge < 23.2 for edge in edges)
    assert report.missing[-1] == "pictures: there are none, it holds only sound"
    assert not report.video.has_pictures


@pytest.mark.parametrize("after_seconds", [0.0, 30.0, 60.0, 119.0])
def test_a_stopped_run_goes_on_to_the_same_memory(memo: Path, tmp_path: Path, after_seconds: float) -> None:
    def stop(event: ProgressEvent) -> None:
        if event.done >= after_seconds:
            raise KeyboardInterrupt

    with open_library(tmp_path / "straight") as library:
        straight = library.dump(index_video(memo, library, settings=SETTINGS).video.content_id)
    with open_library(tmp_path / "stopped") as library:
        with pytest.raises(KeyboardInterrupt):
            index_video(memo, library, settings=SETTINGS, progress=stop)
        report = index_video(memo, library, settings=SETTINGS)
        assert report.resumed_from
        assert library.dump(report.video.content_id) == straight


def test_where_nobody_listens_it_is_said_and_nothing_is_kept(memo: Path, tmp_path: Path) -> None:
    with open_library(tmp_path / "library") as library:
        with pytest.raises(UnreadableVideo, match="it holds only sound, and nobody listens"):
            index_video(memo, library, settings=IndexSettings(speech="off"))
        assert library.videos() == ()


def test_no_eyes_are_asked_for(memo: Path, tmp_path: Path) -> None:
    with VideoQA(tmp_path / "library", settings=Settings(index=SETTINGS)) as videos:
        answer = videos.ask(memo, "who wears the red hat?")
    assert answer.status is Status.NOT_SHOWN
    assert "only sound" in answer.text


def test_it_gives_no_frames(memo: Path) -> None:
    with open_video(memo) as reader:
        assert list(reader.scan()) == []
        assert list(reader.frames_at([0.0, 5.0])) == []


@given(
    st.lists(st.tuples(st.floats(0.05, 40), st.floats(0.2, 20)), min_size=1, max_size=30),
    st.floats(5.5, 60),
)
def test_segments_tile_any_sound(pairs: list[tuple[float, float]], longest: float) -> None:
    heard, place = [], 0.0
    for pause, length in pairs:
        span = Span(place + pause, place + pause + length)
        heard.append(Observation(span, ObservationKind.SPEECH, "word", "a test"))
        place = span.end
    heard.append(Observation(Span(0.0, place + 1), ObservationKind.SOUND, "speech", "a test"))
    spans = list(sound_segments(heard, longest_seconds=longest))
    assert spans[0].start == 0.0
    assert spans[-1].end == place + 1
    assert all(before.end == after.start for before, after in pairwise(spans))
    assert all(one.duration_seconds <= longest + 1e-6 for one in spans)
