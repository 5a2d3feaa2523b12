"""Sound is laid where its PTS says, whatever the file is made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.audio.stream import AudioStream
from av.stream import Disposition
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.media.reels import Reel, steady, write_reel
from video_vlm.media.sound import read_sound
from video_vlm.records import SOUND_RATE

NEAR_SECONDS = 0.06
"""A codec's frame, and what its window smears."""


@dataclass(frozen=True)
class Sound:
    """Tone bursts of a tenth of a second at ``bursts``, in milliseconds; nothing is recorded in ``gaps``."""

    suffix: str = ".mkv"
    codec: str = "pcm_s16le"
    rate: int = 44_100
    layout: str = "stereo"
    bursts: tuple[int, ...] = (500, 1500)
    gaps: tuple[tuple[int, int], ...] = ()
    start: int = 0
    end: int = 2500


def write_sound(path: Path, *tracks: Sound, picture_times: Sequence[int] = ()) -> Path:
    with av.open(str(path), "w") as container:
        pictures = None
        if picture_times:
            pictures = container.add_stream("libx264", rate=10, options={"preset": "ultrafast", "bf": "0"})
            pictures.width, pictures.height, pictures.pix_fmt = 96, 72, "yuv420p"
            pictures.codec_context.time_base = Fraction(1, 1000)
        streams = [container.add_stream(one.codec, rate=one.rate, layout=one.layout) for one in tracks]
        for stream in streams[1:]:
            stream.disposition = Disposition(0)
        if pictures is not None:
            for time in picture_times:
                frame = av.VideoFrame.from_ndarray(np.zeros((72, 96, 3), np.uint8), format="rgb24")
                frame.pts, frame.time_base = time, Fraction(1, 1000)
                container.mux(pictures.encode(frame))
            container.mux(pictures.encode(None))
        for stream, one in zip(streams, tracks, strict=True):
            assert isinstance(stream, AudioStream)
            _encode(container, stream, one)
    return path


def _encode(container: av.container.OutputContainer, stream: AudioStream, sound: Sound) -> None:
    size = stream.codec_context.frame_size or sound.rate // 50
    frame_format = stream.codec_context.format.name
    channels = stream.codec_context.layout.nb_channels
    into = av.AudioResampler(format=frame_format, layout=sound.layout, rate=sound.rate)
    first, last = sound.start * sound.rate // 1000, sound.end * sound.rate // 1000
    for begin in range(first, last, size):
        times = np.arange(begin, begin + size) / sound.rate
        if any(low <= 1000 * times[-1] and 1000 * times[0] < high for low, high in sound.gaps):
            continue
        is_loud = np.zeros(size, bool)
        for burst in sound.bursts:
            is_loud |= (times >= burst / 1000) & (times < burst / 1000 + 0.1)
        tone = (0.5 * np.sin(2 * np.pi * 1000 * times) * is_loud).astype(np.float32)
        frame = av.AudioFrame.from_ndarray(np.tile(tone, (channels, 1)), format="fltp", layout=sound.layout)
        frame.sample_rate = sound.rate
        for made in into.resample(frame):
            made.pts, made.time_base = begin, Fraction(1, sound.rate)
            container.mux(stream.encode(made))
    container.mux(stream.encode(None))


def heard(path: Path, *, track: str = "auto", start_sample: int = 0) -> np.ndarray:
    """All samples from zero on; that blocks follow each other is checked."""
    place, parts = start_sample, [np.zeros(start_sample, np.float32)]
    for block in read_sound(path, track=track, start_sample=start_sample):
        assert block.start_sample == place
        place += len(block.samples)
        parts.append(block.samples)
    return np.concatenate(parts)


def onsets(samples: np.ndarray) -> list[float]:
    """When bursts begin, in seconds."""
    window = SOUND_RATE // 100
    loud = [float(np.abs(samples[at : at + window]).max()) > 0.1 for at in range(0, len(samples), window)]
    return [at / 100 for at, is_loud in enumerate(loud) if is_loud and not any(loud[max(0, at - 20) : at])]


def assert_bursts(path: Path, milliseconds: Sequence[int], *, track: str = "auto") -> None:
    found = onsets(heard(path, track=track))
    assert len(found) == len(milliseconds), found
    for seconds, expected in zip(found, milliseconds, strict=True):
        assert abs(seconds - expected / 1000) <= NEAR_SECONDS


@pytest.mark.parametrize(
    ("suffix", "codec", "rate", "layout"),
    [
        (".wav", "pcm_s16le", 8_000, "mono"),
        (".wav", "pcm_u8", 22_050, "stereo"),
        (".wav", "pcm_f32le", 96_000, "5.1"),
        (".mp3", "libmp3lame", 44_100, "stereo"),
        (".m4a", "aac", 48_000, "5.1"),
        (".mp4", "aac", 44_100, "mono"),
        (".mkv", "flac", 48_000, "6.1"),
        (".mka", "pcm_s24le", 48_000, "quad"),
        (".oga", "flac", 44_100, "stereo"),
        (".opus", "libopus", 48_000, "mono"),
        (".webm", "libopus", 48_000, "stereo"),
        (".ts", "mp2", 48_000, "stereo"),
        (".mov", "pcm_s16be", 16_000, "mono"),
        (".avi", "pcm_s16le", 11_025, "stereo"),
        (".flac", "flac", 44_100, "stereo"),
        (".aiff", "pcm_s16be", 44_100, "mono"),
    ],
)
def test_bursts_are_heard_when_they_sound(
    suffix: str, codec: str, rate: int, layout: str, tmp_path: Path
) -> None:
    sound = Sound(suffix, codec, rate, layout, bursts=(500, 1200, 2200), end=3000)
    pictures = steady(30) if suffix in {".mp4", ".mkv", ".ts", ".mov", ".avi"} else ()
    path = write_sound(tmp_path / f"film{suffix}", sound, picture_times=pictures)
    assert_bursts(path, sound.bursts)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_what_was_not_recorded_is_silence(data: st.DataObject, tmp_path: Path) -> None:
    gaps = data.draw(st.lists(st.integers(1, 8), min_size=1, max_size=3, unique=True))
    rate = data.draw(st.sampled_from([8_000, 22_050, 44_100, 48_000]))
    start = data.draw(st.sampled_from([0, 300, 2000]))
    sound = Sound(
        rate=rate,
        layout=data.draw(st.sampled_from(["mono", "stereo", "5.1"])),
        bursts=tuple(start + second * 1000 + 100 for second in range(10)),
        gaps=tuple((start + second * 1000, start + (second + 1) * 1000) for second in gaps),
        start=start,
        end=start + 10_000,
    )
    path = write_sound(tmp_path / "film.mkv", sound, picture_times=steady(20))
    kept = [burst for number, burst in enumerate(sound.bursts) if number not in gaps]
    assert_bursts(path, kept)


@pytest.mark.parametrize("suffix", [".mkv", ".mp4", ".ts"])
def test_a_track_that_begins_late_is_silent_until_then(suffix: str, tmp_path: Path) -> None:
    codec = "mp2" if suffix == ".ts" else "aac"
    late = Sound(codec=codec, bursts=(3000,), start=2000, end=4000)
    path = write_sound(tmp_path / f"film{suffix}", late, picture_times=steady(50))
    assert_bursts(path, [3000])


def test_sound_that_begins_before_the_pictures_begins_the_film(tmp_path: Path) -> None:
    early = Sound(bursts=(500, 4000), end=5000)
    path = write_sound(tmp_path / "film.mkv", early, picture_times=steady(20, start=3000))
    assert_bursts(path, early.bursts)


def test_a_broadcast_that_begins_at_an_hour_begins_at_zero(tmp_path: Path) -> None:
    hour = 3_600_000
    sound = Sound(codec="mp2", bursts=(hour + 500, hour + 1500), start=hour, end=hour + 2500, rate=48_000)
    path = write_sound(tmp_path / "film.ts", sound, picture_times=steady(25, start=hour))
    assert_bursts(path, [500, 1500])


def test_another_track_can_be_heard(tmp_path: Path) -> None:
    path = write_sound(
        tmp_path / "film.mkv", Sound(bursts=(500,)), Sound(bursts=(1500,)), picture_times=steady(25)
    )
    assert_bursts(path, [500])
    assert_bursts(path, [1500], track="2")


def test_a_track_that_is_not_there_is_named_and_the_default_one_heard(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = write_sound(tmp_path / "film.mkv", Sound(bursts=(500,)), picture_times=steady(25))
    assert_bursts(path, [500], track="jpn")
    assert "no sound track jpn" in caplog.text


def test_the_samples_are_the_same_wherever_one_begins(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "film.mp4", Sound(codec="aac"), picture_times=steady(25))
    whole = heard(path)
    for start in (1, 15_999, 16_000, 20_011):
        assert np.array_equal(heard(path, start_sample=start)[start:], whole[start:])
    assert not list(read_sound(path, start_sample=len(whole)))


def test_a_film_without_sound_gives_nothing(tmp_path: Path) -> None:
    path = write_reel(tmp_path / "film.mp4", Reel())
    assert not list(read_sound(path))


def test_damaged_packets_are_silence_and_shift_nothing(tmp_path: Path) -> None:
    sound = Sound(suffix=".ts", codec="mp2", rate=48_000, bursts=(500, 4500), end=5000)
    path = write_sound(tmp_path / "film.ts", sound, picture_times=steady(50))
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 188 * 20] = bytes(188 * 20)
    path.write_bytes(data)
    found = onsets(heard(path))
    assert abs(found[0] - 0.5) <= NEAR_SECONDS
    assert abs(found[-1] - 4.5) <= NEAR_SECONDS


def test_a_frame_with_an_absurd_time_makes_no_endless_silence(tmp_path: Path) -> None:
    path = tmp_path / "film.mkv"
    far = 200 * 3_600_000
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000, layout="mono")
        for start in (0, 100, far):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), format="s16", layout="mono")
            frame.sample_rate, frame.time_base, frame.pts = 8000, Fraction(1, 1000), start
            container.mux(stream.encode(frame))
    assert len(heard(path)) <= SOUND_RATE
