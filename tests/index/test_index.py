"""From a file to its memory: what is written, what is reused, and what a bad file leaves behind."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from video_vlm.errors import UnknownName, UnreadableVideo
from video_vlm.index import IndexReport, index_video
from video_vlm.memory import Library, MemoryView, open_library
from video_vlm.protocols import ProgressEvent
from video_vlm.records import Level, Node, ObservationKind, Span
from video_vlm.settings import FrameSettings, IndexSettings


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with open_library(tmp_path / "library") as opened:
        yield opened


@pytest.fixture(scope="module")
def indexed(
    film: Path, settings: IndexSettings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[IndexReport, MemoryView]]:
    with open_library(tmp_path_factory.mktemp("indexed")) as library:
        report = index_video(film, library, settings=settings)
        yield report, library.memory(report.video.content_id)


Indexed = tuple[IndexReport, MemoryView]


def tiles(nodes: Sequence[Node], whole: Span) -> bool:
    edges = [whole.start, *(edge for node in nodes for edge in (node.span.start, node.span.end)), whole.end]
    return all(a == b for a, b in zip(edges[::2], edges[1::2], strict=True))


def test_the_report_says_what_the_memory_holds(indexed: Indexed) -> None:
    report, memory = indexed
    assert report.num_shots == 4
    assert report.num_segments == len(memory.nodes(Level.SEGMENT))
    assert report.num_scenes == len(memory.nodes(Level.SCENE))
    assert report.num_observations == len(memory.observations())
    assert (report.damage, report.resumed_from, report.reused, report.missing) == ((), None, False, ())


def test_the_memory_has_the_times_that_decoding_found(indexed: Indexed) -> None:
    report, memory = indexed
    assert memory.video == report.video
    assert report.video.num_frames == 254
    assert report.video.span.start == 0.0
    assert report.video.span.end == pytest.approx(254 / 12)


@pytest.mark.parametrize("level", list(Level))
def test_every_level_tiles_the_video(indexed: Indexed, level: Level) -> None:
    report, memory = indexed
    assert tiles(memory.nodes(level), report.video.span)


def test_every_node_but_the_video_lies_in_its_parent(indexed: Indexed) -> None:
    _, memory = indexed
    for level, above in pairwise(Level):
        for node in memory.nodes(level):
            assert node.parent is not None
            parent = memory.node(node.parent)
            assert parent.level is above
            assert parent.span.start <= node.span.start
            assert node.span.end <= parent.span.end


def test_segments_are_pieces_of_shots_and_none_is_too_long(indexed: Indexed, settings: IndexSettings) -> None:
    _, memory = indexed
    segments = memory.nodes(Level.SEGMENT)
    starts = [segment.span.start for segment in segments]
    cuts = [one.span for one in memory.observations() if one.source == "shots"]
    assert all(any(cut.start <= start <= cut.end for start in starts) for cut in cuts)
    assert max(one.span.duration_seconds for one in segments) <= settings.frames.segment_seconds + 1e-6


def test_cuts_are_observations_of_the_channel_shots(indexed: Indexed) -> None:
    _, memory = indexed
    assert memory.channels[0] == "shots"
    cuts = [
        (one.text, one.span)
        for one in memory.observations(kinds=[ObservationKind.TRANSITION])
        if one.source == "shots"
    ]
    assert [text for text, _ in cuts] == ["cut", "fade between shots", "cut"]
    assert cuts[0][1] == Span(4.0, 4.0)


def test_every_segment_has_a_poster_and_a_summary_that_cites_its_frames(indexed: Indexed) -> None:
    _, memory = indexed
    for segment in memory.nodes(Level.SEGMENT):
        frames = {frame.id for frame in memory.children(segment.id)}
        assert all((memory.poster(frame) or b"").startswith(b"\xff\xd8") for frame in frames)
        assert segment.summary
        assert {cited for sentence in segment.summary for cited in sentence.cites} <= frames


def test_what_was_observed_is_found_by_its_words(indexed: Indexed) -> None:
    _, memory = indexed
    assert memory.search("ball rolls", kinds=[ObservationKind.SUBTITLE])[0].span == Span(1.0, 3.0)


def test_a_second_run_finds_the_memory_and_decodes_nothing(
    film: Path, library: Library, settings: IndexSettings
) -> None:
    first = index_video(film, library, settings=settings)
    events: list[ProgressEvent] = []
    second = index_video(film, library, settings=settings, progress=events.append)
    assert second == replace(first, reused=True)
    assert events == []


def test_progress_runs_from_the_beginning_to_the_end(
    film: Path, library: Library, settings: IndexSettings
) -> None:
    events: list[ProgressEvent] = []
    report = index_video(film, library, settings=settings, progress=events.append)
    assert {(event.stage, event.unit, event.what) for event in events} == {("index", "s", "film.mp4")}
    assert [event.done for event in events] == sorted(event.done for event in events)
    assert (events[0].done, events[-1].done) == (0.0, report.video.duration_seconds)


def test_a_moved_file_keeps_its_memory(
    film: Path, library: Library, settings: IndexSettings, tmp_path: Path
) -> None:
    index_video(film, library, settings=settings)
    moved = Path(shutil.copy(film, tmp_path / "renamed.mkv"))
    report = index_video(moved, library, settings=settings)
    assert report.reused
    assert report.video.path == moved


def test_other_settings_make_another_memory(film: Path, library: Library, settings: IndexSettings) -> None:
    short = index_video(film, library, settings=settings)
    longer = index_video(film, library, settings=replace(settings, frames=FrameSettings(segment_seconds=4.0)))
    assert not longer.reused
    assert longer.num_segments < short.num_segments
    assert len(library.videos()) == 1


def test_subtitles_that_are_added_later_are_read(
    film: Path, library: Library, settings: IndexSettings, tmp_path: Path
) -> None:
    alone = Path(shutil.copy(film, tmp_path / "alone.mp4"))
    index_video(alone, library, settings=settings)
    shutil.copy(film.with_suffix(".srt"), alone.with_suffix(".srt"))
    report = index_video(alone, library, settings=settings)
    assert not report.reused
    assert library.memory(report.video.content_id).observations(kinds=[ObservationKind.SUBTITLE])
    assert index_video(alone, library, settings=settings).reused


def test_an_observer_that_is_not_installed_is_left_out_and_named(
    film: Path,
    library: Library,
    settings: IndexSettings,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("video_vlm.perception.text_engine.find_spec", lambda name: None)
    with caplog.at_level(logging.INFO):
        report = index_video(film, library, settings=replace(settings, observers=("screen-text", "look")))
    [missing] = report.missing
    assert "screen-text" in missing
    assert "pip install -e '.[senses]'" in missing
    assert len([record for record in caplog.records if "senses" in record.getMessage()]) == 1
    assert library.memory(report.video.content_id).channels == ("shots", "look")


def test_an_observer_nobody_registered_is_an_error(film: Path, library: Library) -> None:
    with pytest.raises(UnknownName, match="Did you mean 'look'"):
        index_video(film, library, settings=IndexSettings(observers=("lock",)))


def test_a_file_without_a_picture_leaves_no_trace(library: Library, tmp_path: Path) -> None:
    text = tmp_path / "text.mp4"
    text.write_text("This is no video." * 50, encoding="utf-8")
    with pytest.raises(UnreadableVideo):
        index_video(text, library)
    assert library.videos() == ()


@pytest.mark.parametrize("num_frames", [1, 2, 3])
def test_a_video_of_hardly_any_pictures_has_a_whole_memory(
    library: Library,
    settings: IndexSettings,
    tmp_path: Path,
    write_video: Callable[..., Path],
    num_frames: int,
) -> None:
    frame = np.full((48, 64, 3), 90, np.uint8)
    report = index_video(
        write_video(tmp_path / "short.mp4", [frame] * num_frames), library, settings=settings
    )
    assert (report.num_frames, report.num_shots, report.num_segments, report.num_scenes) == (
        num_frames,
        1,
        1,
        1,
    )
    assert report.video.duration_seconds == pytest.approx(num_frames / 12)
    assert library.verify() == ()


def test_a_cut_off_file_gives_what_can_be_seen_and_says_what_not(
    film: Path, library: Library, settings: IndexSettings, tmp_path: Path, write_video: Callable[..., Path]
) -> None:
    noise = np.random.default_rng(0)
    images = [noise.integers(0, 255, (48, 64, 3)).astype(np.uint8) for _ in range(60)]
    whole = write_video(tmp_path / "whole.mkv", images)
    torn = tmp_path / "torn.mkv"
    torn.write_bytes(whole.read_bytes()[: whole.stat().st_size * 2 // 3])
    report = index_video(torn, library, settings=settings)
    assert 5 < report.num_frames < 60
    assert report.damage
    assert library.find(report.video.content_id) is not None
    assert library.verify() == ()


@pytest.mark.parametrize("name", ["popeye_p1_vobsub.mkv", "bbb_trailer.webm", "psd_testvideo.mp4"])
def test_the_memory_is_the_same_for_any_number_of_threads(
    shared_data: Path, settings: IndexSettings, tmp_path: Path, name: str
) -> None:
    dumps = []
    for threads in (1, 3):
        with open_library(tmp_path / str(threads)) as library:
            report = index_video(shared_data / "videos" / name, library, settings=settings, threads=threads)
            dumps.append(library.dump(report.video.content_id))
    assert dumps[0] == dumps[1]


def with_sound(film: Path, path: Path, *, seconds: int) -> Path:
    """The pictures of a film beside a tone of so many seconds."""
    with av.open(str(film)) as source, av.open(str(path), "w") as target:
        frames = target.add_stream_from_template(source.streams.video[0])
        sound = target.add_stream("aac", rate=8000, layout="mono")
        for packet in source.demux(source.streams.video[0]):
            if packet.size:
                packet.stream = frames
                target.mux(packet)
        for second in range(seconds):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 8000), np.float32), format="fltp", layout="mono")
            frame.sample_rate, frame.pts = 8000, 8000 * second
            target.mux(sound.encode(frame))
        target.mux(sound.encode(None))
    return path


LATE = "".join(f"{n}\n00:00:{n:02},000 --> 00:00:{n + 2:02},500\nLine {n}.\n\n" for n in (5, 20, 22, 30, 50))


@pytest.mark.parametrize(
    ("sound_seconds", "kept", "end"),
    [(0, ["Line 5.", "Line 20."], 254 / 12), (40, ["Line 5.", "Line 20.", "Line 22.", "Line 30."], 40)],
)
def test_no_line_of_a_longer_cut_is_remembered(
    film: Path,
    settings: IndexSettings,
    library: Library,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    sound_seconds: int,
    kept: list[str],
    end: float,
) -> None:
    path = tmp_path / "film.mp4"
    with_sound(film, path, seconds=sound_seconds) if sound_seconds else shutil.copy(film, path)
    (tmp_path / "film.srt").write_text(LATE)
    report = index_video(path, library, settings=settings)
    memory = library.memory(report.video.content_id)
    said = memory.observations(kinds=frozenset({ObservationKind.SUBTITLE}))
    assert [one.text for one in said] == kept
    assert max(one.span.end for one in said) <= end + 0.2
    assert f"{5 - len(kept)} of 5 lines of film.srt begin after the end of the film" in caplog.text
    assert not any("Line 50" in str(one.text) for one in memory.search("line 50", limit=20))
