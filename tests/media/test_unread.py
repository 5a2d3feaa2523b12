"""Recordings joined behind a file that FFmpeg does not go on to are named, and how long sound lasts is
measured."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from random import Random

import av
import numpy as np
import pytest

from tests.media.reels import Reel, steady
from video_vlm.errors import UnreadableVideo
from video_vlm.media import open_video, probe
from video_vlm.media.unread_parts import num_unread_bytes

MakeVideo = Callable[[Reel], Path]
FRAGMENTED = (("movflags", "frag_keyframe+empty_moov"),)
FAST_START = (("movflags", "faststart"),)


def drawn(rng: Random, suffix: str) -> Reel:
    options = rng.choice([(), FAST_START]) if suffix in (".mp4", ".mov") else ()
    size = rng.choice([(96, 72), (320, 240)])
    sound = rng.choice([None, (0, 7000)]) if suffix == ".mkv" else None
    return Reel(suffix=suffix, times=steady(rng.randrange(40, 80)), size=size, options=options, sound=sound)


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".flv", ".mkv"])
@pytest.mark.parametrize("seed", range(5))
def test_what_is_joined_behind_and_not_read_is_said(
    make_video: MakeVideo, tmp_path: Path, suffix: str, seed: int, caplog: pytest.LogCaptureFixture
) -> None:
    rng = Random(seed)
    num_read = 2 if suffix == ".mkv" else 1  # FFmpeg goes on to a second Matroska file, if to no third
    first = drawn(rng, suffix)
    parts = [
        make_video(first if number < num_read else drawn(rng, suffix)).read_bytes() for number in range(3)
    ]
    joined = tmp_path / f"joined{suffix}"
    joined.write_bytes(b"".join(parts))
    num_unread = sum(map(len, parts[num_read:]))
    assert num_unread_bytes(joined) == num_unread
    with open_video(joined) as reader:
        num_seen = sum(1 for _ in reader.scan())
        reasons = [one.reason for one in reader.damage]
    assert num_seen == num_read * len(first.times)
    assert [f"{num_unread:,} bytes, which is not read" in reason for reason in reasons] == [True]
    assert caplog.text.count("joined behind it") == 1


def test_joined_files_that_cannot_be_read_are_not_called_cut_off(
    make_video: MakeVideo, tmp_path: Path
) -> None:
    """The index at the end of a file in fragments says where it lies in its own file."""
    plain, fragmented = make_video(Reel()), make_video(Reel(times=steady(50), options=FRAGMENTED))
    joined = tmp_path / "joined.mp4"
    joined.write_bytes(plain.read_bytes() + fragmented.read_bytes())
    with pytest.raises(UnreadableVideo, match="several recordings are joined in it"):
        probe(joined)


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".flv", ".mkv", ".ts", ".avi", ".nut"])
@pytest.mark.parametrize("seed", range(3))
def test_of_a_whole_file_nothing_is_unread(make_video: MakeVideo, suffix: str, seed: int) -> None:
    assert num_unread_bytes(make_video(drawn(Random(seed), suffix))) == 0


def written(path: Path) -> Path:
    with av.open(str(path), "w") as container:
        video = container.add_stream("mpeg2video" if path.suffix == ".mxf" else "libx264", rate=25)
        video.width, video.height, video.pix_fmt, video.gop_size = 160, 128, "yuv420p", 10
        for number in range(100):
            image = np.full((128, 160, 3), number, np.uint8)
            container.mux(video.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(video.encode(None))
    return path


@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.95])
@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".flv", ".ts", ".mxf", ".mpg", ".avi", ".nut"])
def test_a_file_that_was_cut_off_is_read_or_refused_by_name(
    tmp_path: Path, suffix: str, share: float
) -> None:
    whole = written(tmp_path / f"whole{suffix}").read_bytes()
    cut = tmp_path / f"cut{suffix}"
    cut.write_bytes(whole[: int(share * len(whole))])
    with suppress(UnreadableVideo), open_video(cut) as reader:
        assert 0 < sum(1 for _ in reader.scan()) <= 100


def test_a_container_that_is_wrong_of_how_long_sound_lasts_is_not_believed(
    make_video: MakeVideo, tmp_path: Path
) -> None:
    whole = make_video(Reel(suffix=".mkv", sound=(0, 9000))).read_bytes()
    lying = tmp_path / "lying.mkv"
    lying.write_bytes(whole.replace(b"00:00:08.9", b"77:00:08.9").replace(b"00:00:09.0", b"77:00:09.0"))
    assert b"77:00:0" in lying.read_bytes()
    assert probe(lying).end_seconds == pytest.approx(9.0, abs=0.1)


def test_sound_of_joined_streams_ends_on_the_clock_that_was_laid(
    make_video: MakeVideo, tmp_path: Path
) -> None:
    parts = [
        Reel(suffix=".ts", sound=(0, 5000), options=(("output_ts_offset", str(at)),)) for at in (0, 700, 9000)
    ]
    joined = tmp_path / "joined.ts"
    joined.write_bytes(b"".join(make_video(part).read_bytes() for part in parts))
    assert probe(joined).end_seconds == pytest.approx(
        9.0 + 2.0, abs=2.1
    )  # 3 s of pictures each; sound goes on for 2


def test_sound_of_a_file_that_was_cut_off_ends_with_it(make_video: MakeVideo, tmp_path: Path) -> None:
    reel = Reel(times=steady(90), sound=(0, 9500), gop=10, options=FAST_START)
    cut = tmp_path / "cut.mp4"
    whole = make_video(reel).read_bytes()
    cut.write_bytes(whole[: int(0.6 * len(whole))])
    with open_video(cut) as reader:
        assert reader.damage or sum(1 for _ in reader.scan()) < 85
        (sound,) = (one for one in reader.video.streams if one.kind == "audio")
    assert sound.end_seconds is not None
    assert sound.end_seconds < 8.0


@pytest.mark.parametrize("seed", range(4))
def test_cues_of_a_joined_file_come_with_its_pictures(
    make_video: MakeVideo, tmp_path: Path, seed: int
) -> None:
    rng = Random(seed)
    cues = tuple(
        (start, start + 400, f"line {start}") for start in sorted(rng.sample(range(0, 2500, 500), 3))
    )
    count = rng.randrange(40, 80)
    part = make_video(Reel(suffix=".mkv", times=steady(count), cues=cues, cue_codec="subrip")).read_bytes()
    joined = tmp_path / "joined.mkv"
    joined.write_bytes(part + part)
    with open_video(joined) as reader:
        said = [cue.span.start for cue in reader.cues()]
    starts = [start / 1000 for start, *_ in cues]
    assert said == pytest.approx([*starts, *(count / 10 + start for start in starts)], abs=0.2)
