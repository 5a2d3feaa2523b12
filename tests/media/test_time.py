"""Where times come from when the container is unhelpful, and which picture is on display."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.media.reels import Reel, number_on, steady
from video_vlm.media import open_video
from video_vlm.media.clock import Clock, PlayerTime
from video_vlm.media.geometry import Orientation
from video_vlm.media.pixel_conversion import ColorConversion
from video_vlm.media.requested_times import ascending
from video_vlm.media.stream_probe import StreamProbe

MakeVideo = Callable[[Reel], Path]
MILLISECOND = Fraction(1, 1000)
SURVEY = StreamProbe(
    stream=0,
    time=PlayerTime(MILLISECOND),
    frame_rate=Fraction(25),
    first_pts=0,
    dated_pts=0,
    num_undated=0,
    end_pts=None,
    stored_size=(64, 48),
    pixel_aspect=None,
    orientation=Orientation(),
    colours=ColorConversion(),
)


def stamps(clock: Clock, times: list[int | None]) -> list[int | None]:
    return [clock.stamp(time) for time in times]


def test_own_times_stand_as_they_are() -> None:
    clock = Clock(frame_ticks=Fraction(40))
    assert stamps(clock, [-80, -40, 5, 1000]) == [-80, -40, 5, 1000]


def test_an_undated_picture_follows_the_one_before_by_the_frame_rate() -> None:
    clock = Clock(frame_ticks=Fraction(100, 3))
    assert stamps(clock, [0, None, None, 100]) == [0, 33, 66, 100]


def test_undated_pictures_at_the_start_are_dated_backwards_from_the_first_dated_one() -> None:
    clock = Clock(frame_ticks=Fraction(40), first_pts=10, num_undated=3)
    assert stamps(clock, [None, None, None, 10, 50]) == [-110, -70, -30, 10, 50]


def test_a_repeated_time_is_shown_once() -> None:
    clock = Clock(frame_ticks=Fraction(40))
    assert stamps(clock, [0, 40, 40, 20, 80]) == [0, 40, None, None, 80]


@given(st.lists(st.none() | st.integers(-(10**6), 10**6)))
def test_stamps_always_rise(times: list[int | None]) -> None:
    clock = Clock(frame_ticks=Fraction(40))
    stamped = [stamp for stamp in stamps(clock, times) if stamp is not None]
    assert stamped == sorted(set(stamped))


def test_a_film_that_begins_before_time_zero_is_shown_from_its_first_picture(make_video: MakeVideo) -> None:
    """Matroska has no negative PTS to give: the first ten pictures come undated."""
    options = (("avoid_negative_ts", "disabled"),)
    with open_video(
        make_video(Reel(suffix=".mkv", times=steady(30, start=-1000), options=options))
    ) as reader:
        assert reader.video.start_seconds == 0.0
        seen = {
            number_on(frame.image): round(frame.pts_seconds, 3)
            for frame in reader.frames_at([0.05, 0.5, 2.5])
        }
    assert seen == {0: 0.0, 5: 0.5, 25: 2.5}


def test_avi_keeps_only_the_order_of_decoding_and_that_dates_it(make_video: MakeVideo) -> None:
    times = (0, 40, 80, 500, 530, 1900)
    with open_video(make_video(Reel(suffix=".avi", times=times))) as reader:
        seen = [(round(frame.pts_seconds * 1000), number_on(frame.frame().image)) for frame in reader.scan()]
        looked = [number_on(frame.image) for frame in reader.frames_at([0.05, 0.6, 9.0])]
    assert seen == [(time, number) for number, time in enumerate(times)]
    assert looked == [1, 4, 5]


def test_a_stream_that_begins_anew_in_another_size_goes_on(
    make_video: MakeVideo, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Two transport streams glued together, as recorders leave them."""
    first, second = Reel(suffix=".ts"), Reel(suffix=".ts", size=(144, 96))
    path = tmp_path / "glued.ts"
    path.write_bytes(make_video(first).read_bytes() + make_video(second).read_bytes())
    with open_video(path) as reader:
        frames = [(frame.pts_seconds, frame.thumbnail(48).shape, frame.frame()) for frame in reader.scan()]
        looked = [number_on(frame.image) for frame in reader.frames_at([frames[5][0], frames[45][0]])]
        rests = {
            start: [frame.pts_seconds for frame in reader.scan(frames[start][0])] for start in (14, 26, 45)
        }
    assert [number_on(frame.image) for *_, frame in frames] == [*range(30), *range(30)]
    assert [frame.image.shape for *_, frame in frames[::59]] == [(72, 96, 3), (96, 144, 3)]
    assert {shape for _, shape, _ in frames} == {(36, 48, 3)}
    assert frames[-1][0] - frames[0][0] == pytest.approx(5.9, abs=0.01)
    assert looked == [5, 15]
    assert rests == {start: [seconds for seconds, *_ in frames[start:]] for start in rests}
    assert "recordings were joined" in caplog.text


@pytest.mark.parametrize("gop", [7, 40, 250])
def test_a_transport_stream_can_be_entered_anywhere(make_video: MakeVideo, gop: int) -> None:
    """It has no index: a seek lands in the middle of a group, or behind the time that was wanted."""
    with open_video(make_video(Reel(suffix=".ts", times=steady(240), gop=gop, b_frames=2))) as reader:
        played = [(frame.pts_seconds, number_on(frame.frame().image)) for frame in reader.scan()]
        for start in range(0, 240, 17):
            rest = islice(reader.scan(played[start][0]), 3)
            assert [number_on(frame.frame().image) for frame in rest] == [
                n for _, n in played[start : start + 3]
            ]
        looked = [
            number_on(frame.image)
            for frame in reader.frames_at([seconds + 0.05 for seconds, _ in played[::37]])
        ]
    assert looked == [number for _, number in played[::37]]


def test_a_picture_has_the_same_colours_whether_sought_or_played(
    make_video: MakeVideo, tmp_path: Path
) -> None:
    """Decoders keep the colour tags of what they decoded before where a stretch has none."""
    red = (255, 100, 60)
    tags = "scenecut=0:colormatrix=bt709:colorprim=bt709:transfer=bt709"
    path = tmp_path / "glued.ts"
    with path.open("wb") as glued:
        for start, x264 in ((0, "scenecut=0"), (3000, tags), (6000, "scenecut=0")):
            reel = Reel(suffix=".ts", tint=red, times=steady(30, start=start), x264=x264)
            glued.write(make_video(reel).read_bytes())
    with open_video(path) as reader:
        played = [frame.frame() for frame in reader.scan()]
        (sought,) = reader.frames_at([played[80].pts_seconds])
    assert (len(played), sought.pts) == (90, played[80].pts)
    assert np.array_equal(sought.image, played[80].image)


def test_times_are_put_in_order_once_each() -> None:
    assert ascending([3.0, 1.0, 3.0, -2.0]) == [-2.0, 1.0, 3.0]


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_time_must_be_finite(bad: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        ascending([0.0, bad])


@given(
    st.integers(-(10**12), 10**12), st.sampled_from([(1, 90000), (1001, 30000), (1, 12800), (1, 3), (7, 1)])
)
def test_seconds_are_the_float_nearest_to_the_exact_time(pts: int, time_base: tuple[int, int]) -> None:
    found = replace(SURVEY, time=PlayerTime(Fraction(*time_base)))
    assert found.seconds(pts) == float(pts * Fraction(*time_base))
