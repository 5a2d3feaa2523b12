"""Hours of video: the times are right to the last picture, and the last picture is found at once."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.media.reels import Reel, number_on, repeated, steady
from video_vlm.media import open_video

MakeVideo = Callable[[Reel], Path]


@pytest.mark.parametrize("suffix", [".mp4", ".ts"])
def test_ten_hours_at_one_picture_a_second_keep_their_times_to_the_last(
    make_video: MakeVideo, tmp_path: Path, suffix: str
) -> None:
    minutes = make_video(Reel(suffix=suffix, size=(32, 24), times=steady(600, fps=1), gop=60))
    with open_video(repeated(minutes, tmp_path / f"long{suffix}", times=60, seconds=600)) as reader:
        first = reader.video.start_seconds
        counted = deque(enumerate(frame.pts_seconds for frame in reader.scan()), maxlen=1)
        assert [(index, round(seconds - first, 6)) for index, seconds in counted] == [(35_999, 35_999.0)]
        assert reader.video.duration_seconds == pytest.approx(36_000, abs=1)
        assert tuple(reader.damage) == ()


def test_the_end_of_two_hours_is_looked_at_without_playing_them(
    make_video: MakeVideo, tmp_path: Path
) -> None:
    minute = make_video(Reel(times=steady(1500, fps=25), gop=50, b_frames=2))
    with open_video(repeated(minute, tmp_path / "long.mp4", times=120, seconds=60)) as reader:
        times = [0.02, 3599.5, 7199.95, 7199.99]
        looked = [(round(frame.pts_seconds, 3), number_on(frame.image)) for frame in reader.frames_at(times)]
        assert reader.video.num_frames == 180_000
    assert looked == [(0.0, 0), (3599.48, 1487), (7199.92, 1498), (7199.96, 1499)]


@pytest.mark.parametrize("b_frames", [0, 2])
def test_a_stream_without_any_time_stamps_is_dated_by_its_frame_rate(
    make_video: MakeVideo, tmp_path: Path, b_frames: int
) -> None:
    """A bare H.264 stream, as cameras write them."""
    path = make_video(Reel(suffix=".h264", times=steady(60, fps=10), b_frames=b_frames))
    with open_video(path) as reader:
        seen = [(frame.pts_seconds, number_on(frame.frame().image)) for frame in reader.scan()]
    assert [number for _, number in seen] == list(range(60))
    step = seen[1][0] - seen[0][0]
    assert [seconds - seen[0][0] for seconds, _ in seen] == pytest.approx(
        [step * index for index in range(60)]
    )
