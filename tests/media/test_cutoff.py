"""A whole file is not told to be cut off, however its streams begin and end; one that was cut off is."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from video_vlm.media import open_video

FPS, SOUND_RATE = 10, 8000


def write(path: Path, *, frames: tuple[int, int], sound: tuple[int, int]) -> Path:
    """Pictures and sound from one second to another."""
    codec, heard = {".avi": ("mpeg4", "mp2"), ".mpg": ("mpeg1video", "mp2")}.get(
        path.suffix, ("libx264", "aac")
    )
    rate = 25 if path.suffix == ".mpg" else FPS
    sound_rate = (
        16000 if heard == "mp2" and path.suffix == ".avi" else 44100 if heard == "mp2" else SOUND_RATE
    )
    options = {"movflags": "+faststart"} if path.suffix == ".mp4" else {}
    with av.open(str(path), "w", container_options=options) as container:
        video: Any = container.add_stream(codec, rate=rate)
        video.width, video.height, video.pix_fmt = 96, 72, "yuv420p"
        audio: Any = container.add_stream(heard, rate=sound_rate, layout="mono")
        packets = []
        noise = np.random.default_rng(1).integers(0, 255, (72, 96, 3), np.uint8)
        for number in range((frames[1] - frames[0]) * rate):
            frame = av.VideoFrame.from_ndarray(np.roll(noise, number, axis=1), format="rgb24")
            frame.pts, frame.time_base = frames[0] * rate + number, Fraction(1, rate)
            packets += video.encode(frame)
        packets += video.encode(None)
        size = 1152 if heard == "mp2" else 1024
        kind, form = (np.int16, "s16") if heard == "mp2" else (np.float32, "fltp")
        for number in range((sound[1] - sound[0]) * sound_rate // size):
            heard_frame = av.AudioFrame.from_ndarray(np.zeros((1, size), kind), format=form, layout="mono")
            heard_frame.sample_rate, heard_frame.time_base = sound_rate, Fraction(1, sound_rate)
            heard_frame.pts = sound[0] * sound_rate + number * size
            packets += audio.encode(heard_frame)
        packets += audio.encode(None)
        for packet in sorted(packets, key=lambda one: one.dts * one.time_base):
            container.mux(packet)
    return path


def damage_of(film: Path) -> list[str]:
    with open_video(film) as reader:
        assert sum(1 for _ in reader.scan()) > 0
        return [one.reason for one in reader.damage]


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".mov", ".avi", ".ts", ".flv"])
@pytest.mark.parametrize(
    ("frames", "sound"),
    [((0, 8), (0, 8)), ((5, 13), (0, 8)), ((0, 6), (0, 14)), ((0, 14), (0, 6)), ((3, 9), (0, 14))],
)
def test_a_whole_file_is_whole(
    tmp_path: Path, suffix: str, frames: tuple[int, int], sound: tuple[int, int]
) -> None:
    film = write(tmp_path / f"film{suffix}", frames=frames, sound=sound)
    assert damage_of(film) == []
    film.write_bytes(film.read_bytes() + bytes(3000))
    assert not any("ends early" in reason for reason in damage_of(film))


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".flv", ".avi"])
@pytest.mark.parametrize("frames", [(0, 12), (4, 16)])
def test_a_file_that_was_cut_off_is_told_of(tmp_path: Path, suffix: str, frames: tuple[int, int]) -> None:
    film = write(tmp_path / f"film{suffix}", frames=frames, sound=(0, 12))
    whole = film.read_bytes()
    film.write_bytes(whole[: len(whole) * 6 // 10])
    assert any("ends early" in reason for reason in damage_of(film))
