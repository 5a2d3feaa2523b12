"""Where a clock jumps ahead, the bytes there tell recordings that were joined from one that paused."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest

from tests.media.reels import Reel, steady
from video_vlm.media import open_video
from video_vlm.media.stream_joints import is_joint

MakeVideo = Callable[[Reel], Path]
PACKET = 188
BASE = Reel(suffix=".ts", gop=12)


def times_in(path: Path) -> list[float]:
    with open_video(path) as reader:
        return [frame.pts_seconds for frame in reader.scan()]


def longest_step(times: list[float]) -> float:
    return max(after - before for before, after in pairwise(times))


def last_counter(stream: bytes) -> int:
    """Of the packets of the video in a transport stream, which count from 0 to 15 over and over."""
    return [stream[at + 3] & 15 for at in range(0, len(stream), PACKET) if stream[at + 1] & 31 == 1][-1]


def later(reel: Reel, seconds: float) -> Reel:
    return replace(reel, options=(("output_ts_offset", str(seconds)),))


def counting_up_to_15(make_video: MakeVideo, rng: Random) -> tuple[bytes, int]:
    """A recording whose pictures count on where another begins, and how many pictures it has."""
    while True:
        count = rng.randrange(30, 120)
        part = make_video(replace(BASE, times=steady(count), gop=rng.choice([7, 25, 50]))).read_bytes()
        if last_counter(part) == 15:
            return part, count


def with_stride(stream: bytes, stride: int) -> bytes:
    """As Blu-ray discs keep it, with a time before each packet, or with a checksum behind each."""
    packets = [stream[at : at + PACKET] for at in range(0, len(stream), PACKET)]
    head, tail = bytes(4 * (stride == 192)), bytes(16 * (stride == 204))
    return b"".join(head + packet + tail for packet in packets)


@pytest.mark.parametrize("stride", [188, 192, 204])
@pytest.mark.parametrize("seed", range(3))
def test_a_joint_ahead_is_told_also_where_the_pictures_count_on(
    make_video: MakeVideo, tmp_path: Path, seed: int, stride: int, caplog: pytest.LogCaptureFixture
) -> None:
    rng = Random(seed)
    first, count = counting_up_to_15(make_video, rng)
    second = make_video(later(BASE, rng.choice([40.0, 900.0, 40_000.0]))).read_bytes()
    joined = tmp_path / "joined.ts"
    joined.write_bytes(with_stride(first + second, stride))
    times = times_in(joined)
    assert len(times) == count + 30
    assert longest_step(times) < 0.4
    assert "recordings were joined" in caplog.text


@pytest.mark.parametrize("pause", [11_000, 47_000, 3_600_000])
@pytest.mark.parametrize("stride", [188, 192, 204])
def test_a_pause_in_one_recording_is_no_joint(
    make_video: MakeVideo, tmp_path: Path, pause: int, stride: int, caplog: pytest.LogCaptureFixture
) -> None:
    reel = replace(BASE, times=(*steady(50), *steady(50, start=5000 + pause)))
    path = tmp_path / "paused.ts"
    path.write_bytes(with_stride(make_video(reel).read_bytes(), stride))
    with caplog.at_level(logging.WARNING):
        assert longest_step(times_in(path)) == pytest.approx(0.1 + pause / 1000, abs=0.01)
    assert not caplog.text


@pytest.mark.parametrize("between", [b"", b"\x00\x00\x01\xb9"])
def test_a_program_stream_begins_with_a_header_of_its_own(
    make_video: MakeVideo, tmp_path: Path, between: bytes
) -> None:
    parts = [make_video(Reel(suffix=".mpg", times=steady(30, start=at))).read_bytes() for at in (0, 500_000)]
    joined = tmp_path / "joined.mpg"
    joined.write_bytes(between.join(parts))
    assert longest_step(times_in(joined)) < 2.0


def test_where_a_program_stream_tells_nothing_both_readings_are_told(
    make_video: MakeVideo, caplog: pytest.LogCaptureFixture
) -> None:
    reel = Reel(suffix=".mpg", times=(*steady(300, fps=25), *steady(300, fps=25, start=500_000)))
    assert longest_step(times_in(make_video(reel))) > 400
    assert "taken for a pause in the recording; where recordings were joined there" in caplog.text


@pytest.mark.parametrize("seed", range(20))
def test_any_bytes_have_an_answer(tmp_path: Path, seed: int) -> None:
    rng = Random(seed)
    path = tmp_path / "noise.ts"
    path.write_bytes(bytes(rng.choice([0x47, 0, 1, rng.randrange(256)]) for _ in range(5000)))
    assert is_joint(path, rng.randrange(-10, 3000), rng.randrange(-10, 6000)) in (True, False, None)


@pytest.mark.parametrize("b_frames", [0, 2])
@pytest.mark.parametrize("start", [0, 500_000])
def test_pictures_without_a_time_of_their_own_are_laid_one_behind_the_other(
    make_video: MakeVideo, tmp_path: Path, start: int, b_frames: int
) -> None:
    """A program stream dates one picture a pack: small ones share a date, at a joint as everywhere."""
    reel = Reel(suffix=".mpg", b_frames=b_frames)
    parts = [
        make_video(replace(reel, times=steady(60, fps=25, start=one))).read_bytes() for one in (0, start)
    ]
    joined = tmp_path / "joined.mpg"
    joined.write_bytes(b"\x00\x00\x01\xb9".join(parts))
    with open_video(joined) as reader:
        times = [frame.pts_seconds for frame in reader.scan()]
        assert reader.video.fps == pytest.approx(25, rel=0.05)
        assert reader.damage == ()
    assert len(times) == 120
    assert times == pytest.approx([number / 25 for number in range(len(times))], abs=0.13)
