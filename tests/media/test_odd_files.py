"""Every odd and broken file of the shared set: the right pictures, or one line that says why not."""

from __future__ import annotations

import json
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.conftest import SHARED
from video_vlm.errors import UnreadableVideo
from video_vlm.media import open_video
from video_vlm.media.sound import read_sound

ODD = SHARED / "data" / "dev" / "odd"
EXPECTED: dict[str, dict[str, Any]] = (
    json.loads((ODD / "EXPECT.json").read_text(encoding="utf-8")) if ODD.is_dir() else {}
)
"""What FFmpeg 5.1 found."""

READABLE = sorted(name for name, expected in EXPECTED.items() if expected["ffmpeg51_decoded_frames"])
SOUND_ALONE = {
    "ax_sample_audio_only.mp4",
    "made_audio_only.m4a",
    "made_audio_with_cover.m4a",
    "moviepy_with-attached-pic.mp3",
}
UNREADABLE = sorted(set(EXPECTED) - set(READABLE) - SOUND_ALONE)
GUESSED = {"made_bitflips.mp4"}
"""Where the decoder fills holes with whatever it has at hand: the times are the same each time, the pictures
not."""


@pytest.fixture
def odd(shared_data: Path) -> Path:
    return shared_data / "odd"


@pytest.mark.parametrize("name", READABLE)
def test_as_many_pictures_come_out_as_ffmpeg_gets(odd: Path, name: str) -> None:
    with open_video(odd / name) as reader:
        times = [frame.pts for frame in reader.scan()]
    assert len(times) == EXPECTED[name]["ffmpeg51_decoded_frames"]
    assert times == sorted(set(times))


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_cannot_be_read_is_refused_in_one_line_that_names_the_file(odd: Path, name: str) -> None:
    with pytest.raises(UnreadableVideo) as refused:
        open_video(odd / name)
    message = str(refused.value)
    assert name in message
    assert "\n" not in message
    assert ";" in refused.value.reason, "the reason goes on with what to do"


@pytest.mark.parametrize("name", sorted(SOUND_ALONE & set(EXPECTED)))
def test_sound_alone_is_opened_and_has_no_frames(odd: Path, name: str) -> None:
    with open_video(odd / name) as reader:
        assert not reader.video.has_pictures
        assert list(reader.scan()) == []
    assert sum(len(block.samples) for block in read_sound(odd / name)) > 0


@pytest.mark.parametrize("name", [name for name in READABLE if name not in GUESSED])
def test_seeking_gives_the_pictures_that_playing_gives(odd: Path, name: str) -> None:
    with open_video(odd / name) as reader:
        played = [(frame.pts, frame.pts_seconds, frame.thumbnail(32)) for frame in reader.scan()]
        for start in {1, len(played) // 2, len(played) - 1} & set(range(len(played))):
            rest = [(frame.pts, frame.thumbnail(32)) for frame in islice(reader.scan(played[start][1]), 5)]
            assert [pts for pts, _ in rest] == [pts for pts, _, _ in played[start : start + 5]]
            assert all(np.array_equal(a, b) for (_, a), (_, _, b) in zip(rest, played[start:], strict=False))


@pytest.mark.parametrize("name", READABLE)
def test_a_look_gives_the_picture_that_is_on_display(odd: Path, name: str) -> None:
    with open_video(odd / name) as reader:
        pts = {frame.pts_seconds: frame.pts for frame in reader.scan()}
        seconds = sorted(pts)
        between = [(a + b) / 2 for a, b in pairwise(seconds)][:: max(1, len(seconds) // 7)]
        wanted = [*between, seconds[0] - 10, seconds[-1] + 10]
        shown = [pts[max([s for s in seconds if s <= time], default=seconds[0])] for time in sorted(wanted)]
        assert [frame.pts for frame in reader.frames_at(wanted, max_side=32)] == list(dict.fromkeys(shown))


@pytest.mark.parametrize("name", READABLE)
def test_the_turn_is_the_one_the_file_asks_for(odd: Path, name: str) -> None:
    with open_video(odd / name) as reader:
        asked = next(video["rotation"] for video in EXPECTED[name]["video"] if not video["attached_pic"])
        assert reader.video.rotation == -(asked or 0) % 360


@pytest.mark.parametrize(
    ("name", "start", "duration"),
    [
        ("made_negative_pts.mkv", 0.0, 3.003),
        ("made_offset_pts.ts", 0.0, 3.003),
        ("torchcodec_test_non_zero_start.mp4", 0.0, 0.4),
        ("ax_bbb_800x640_768kbps_30fps_avc_2b_firstpts_10_sec.mp4", 0.0, 4.0),
        ("ax_sample_fragmented.mp4", 0.067, 1.068),
        ("moviepy_no_duration.webm", 0.0, 4.938),
        ("moviepy_pigs_in_a_polka.gif", 0.0, 3.0),
        ("psd_delayed_start.mp4", 0.0, 0.96),
    ],
)
def test_start_and_length_are_those_of_the_pictures(
    odd: Path, name: str, start: float, duration: float
) -> None:
    with open_video(odd / name) as reader:
        assert reader.video.start_seconds == pytest.approx(start, abs=0.001)
        assert reader.video.duration_seconds == pytest.approx(duration, abs=0.001)


@pytest.mark.parametrize(
    "name", ["decord_corrupted.mp4", "made_bitflips.mp4", "made_truncated_faststart.mp4"]
)
def test_damage_is_told_and_lies_inside_the_video(odd: Path, name: str) -> None:
    with open_video(odd / name) as reader:
        last = list(reader.scan())[-1]
        assert reader.damage
        assert all(part.span.end <= reader.video.span.end + 0.1 for part in reader.damage)
        assert last.pts_seconds > 2.0


def test_a_mirrored_video_is_shown_as_players_show_it(odd: Path) -> None:
    with open_video(odd / "ax_sample_rotate_and_reflect.mp4") as reader:
        frame = next(reader.scan())
        stored = frame.thumbnail(4000)
        assert frame.frame().image.shape == (1080, 720, 3)
        assert np.abs(frame.frame().image.astype(int) - stored.transpose(1, 0, 2)).mean() < 2


def test_pictures_of_subtitles_are_reported_but_give_no_cues(odd: Path) -> None:
    with open_video(odd / "ax_sample_with_pgs_subtitles.mkv") as reader:
        assert [s.codec for s in reader.video.streams if s.kind == "subtitle"] == ["hdmv_pgs_subtitle"]
        assert list(reader.cues()) == []


def test_cover_art_is_no_video(odd: Path) -> None:
    with open_video(odd / "made_cover_before_video.mp4") as reader:
        assert [s.kind for s in reader.video.streams] == ["video", "audio", "data", "picture"]
        assert reader.video.size == (480, 270)


def test_the_same_bytes_have_the_same_identity_whatever_their_name(odd: Path) -> None:
    names = (
        "made name with 'quotes' & spaces, naïve 視頻 файл.mp4",
        "made_no_extension",
        "made_wrong_ext.avi",
    )
    assert len({open_video(odd / name).video.content_id for name in names}) == 1
