"""What is believed of a container."""

from __future__ import annotations

import struct
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest

from tests.media.reels import Reel, steady
from video_vlm.errors import UnknownName
from video_vlm.media import open_video, probe
from video_vlm.records import Chapter, Span

MakeVideo = Callable[[Reel], Path]


def test_a_video_is_described(make_video: MakeVideo) -> None:
    path = make_video(Reel(cues=((200, 900, "Hello"),)))
    video = probe(path)
    assert (video.path, video.num_frames, video.fps, video.size) == (path, 30, 10.0, (96, 72))
    assert video.span == Span(0.0, 3.0)
    assert [(stream.kind, stream.codec, stream.language) for stream in video.streams] == [
        ("video", "h264", None),
        ("subtitle", "mov_text", "eng"),
    ]


def test_chapters_come_from_the_container(make_video: MakeVideo) -> None:
    path = make_video(Reel(suffix=".mkv", chapters=((0, 1000, "One"), (1000, 3000, ""))))
    assert probe(path).chapters == (Chapter(Span(0.0, 1.0), "One"), Chapter(Span(1.0, 3.0), "Chapter 2"))


def test_the_length_is_that_of_the_pictures_where_they_start_late(make_video: MakeVideo) -> None:
    video = probe(make_video(Reel(times=steady(30, start=8333))))
    assert video.start_seconds == 0.0
    assert video.duration_seconds == pytest.approx(3.0)


def test_sound_may_outlast_the_pictures(make_video: MakeVideo) -> None:
    video = probe(make_video(Reel(times=steady(30), sound=(0, 9000))))
    assert video.duration_seconds == pytest.approx(3.0)
    assert video.end_seconds == pytest.approx(9.0, abs=0.1)


def claiming(path: Path, seconds: float, copy: Path) -> Path:
    """A Matroska file whose header claims to last ``seconds`` and whose track says nothing."""
    data = path.read_bytes().replace(b"DURATION", b"NOTHING_")
    at = data.index(b"\x44\x89\x88") + 3  # the Duration element: a double, in milliseconds
    copy.write_bytes(data[:at] + struct.pack(">d", seconds * 1000) + data[at + 8 :])
    return copy


def test_a_length_beyond_all_measure_is_not_believed(make_video: MakeVideo, tmp_path: Path) -> None:
    path = claiming(make_video(Reel(suffix=".mkv")), 143165.6, tmp_path / "long.mkv")
    assert probe(path).duration_seconds == pytest.approx(3.0, abs=0.2)


def test_a_length_shorter_than_the_pictures_is_not_believed(make_video: MakeVideo, tmp_path: Path) -> None:
    path = claiming(make_video(Reel(suffix=".mkv")), 0.5, tmp_path / "short.mkv")
    assert probe(path).duration_seconds == pytest.approx(3.0, abs=0.2)


def test_a_somewhat_longer_length_is_a_file_that_was_cut_off(make_video: MakeVideo, tmp_path: Path) -> None:
    with open_video(claiming(make_video(Reel(suffix=".mkv")), 20.0, tmp_path / "cut.mkv")) as reader:
        assert reader.video.duration_seconds == 20.0
        list(reader.scan())
        (damage,) = reader.damage
    assert "ends early" in damage.reason
    assert damage.span == Span(3.0, 20.0)


def test_oblong_pixels_and_turns_are_in_the_size(make_video: MakeVideo) -> None:
    video = probe(make_video(Reel(turned=90, size=(72, 96), pixel_aspect=Fraction(2))))
    assert (video.size, video.rotation) == ((72, 192), 90)


def test_an_unknown_decoder_is_named_with_its_nearest_neighbour(make_video: MakeVideo) -> None:
    with pytest.raises(UnknownName, match="Did you mean 'decord'"):
        open_video(make_video(Reel()), decoder="decort")
