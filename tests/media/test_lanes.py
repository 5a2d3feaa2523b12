"""Groups of pictures decoded side by side give what one decoder gives, whatever the file is like."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path

import pytest

from tests.media.reels import Reel, number_on, steady
from tests.media.test_damage import blotted
from video_vlm.media import open_video
from video_vlm.media.parallel_decode import ParallelReader
from video_vlm.protocols import DecodedFrame

MakeVideo = Callable[[Reel], Path]
Made = tuple[int, int, bytes]

REELS = {
    "closed groups": Reel(times=steady(200), gop=25, b_frames=2),
    "open groups": Reel(times=steady(200), gop=25, b_frames=2, open_gop=True),
    "open groups in Matroska": Reel(times=steady(200), gop=30, b_frames=3, open_gop=True, suffix=".mkv"),
    "transport stream": Reel(times=steady(200), gop=25, b_frames=2, suffix=".ts"),
    "uneven times": Reel(times=tuple(40 * n + (n % 7) * 5 for n in range(200)), gop=40, b_frames=2),
    "every picture a keyframe": Reel(times=steady(120), gop=1),
    "one group": Reel(times=steady(120), gop=1000),
    "fewer pictures than a group may have": Reel(times=steady(5)),
    "a group too long to wait for": Reel(times=steady(900, fps=25), gop=700),
    "AVI, which keeps no PTS": Reel(times=steady(120), gop=25, suffix=".avi"),
    "late start": Reel(times=steady(120, start=8333), gop=30, b_frames=2),
    "HEVC": Reel(times=steady(120), gop=30, codec="libx265"),
    "FFV1": Reel(times=steady(60), codec="ffv1", suffix=".mkv"),
}


class Numbers:
    """Of every picture its PTS, its number and its thumbnail; fails at the number ``fails_at``."""

    def __init__(self, *, fails_at: int | None = None) -> None:
        self._fails_at = fails_at
        self.lanes: set[str] = set()

    def __call__(self, frames: Iterable[DecodedFrame]) -> Iterator[Made]:
        for picture in frames:
            self.lanes.add(threading.current_thread().name)
            number = number_on(picture.frame().image)
            if number == self._fails_at:
                raise RuntimeError(f"picture {number}")
            yield picture.pts, number, picture.thumbnail(24).tobytes()

    def is_large(self, made: Made) -> bool:
        return True


def made_of(path: Path, *, threads: int, start: float | None = None) -> tuple[list[Made], object]:
    with open_video(path, threads=threads) as reader:
        assert isinstance(reader, ParallelReader)
        return list(reader.scan_with(Numbers(), start)), tuple(reader.damage)


@pytest.mark.parametrize(
    "reel", REELS.values(), ids=lambda reel: next(n for n, r in REELS.items() if r is reel)
)
def test_lanes_give_what_one_decoder_gives(make_video: MakeVideo, reel: Reel) -> None:
    path = make_video(reel)
    alone = made_of(path, threads=1)
    assert [number for _, number, _ in alone[0]] == list(range(len(reel.times)))
    assert made_of(path, threads=2) == alone
    assert made_of(path, threads=5) == alone


@pytest.mark.parametrize("start", [0.0, 2.4, 2.5, 11.03, 19.9, 99.0])
@pytest.mark.parametrize("open_gop", [False, True])
def test_lanes_go_on_from_any_time(make_video: MakeVideo, start: float, open_gop: bool) -> None:
    path = make_video(Reel(times=steady(200), gop=25, b_frames=2, open_gop=open_gop))
    assert made_of(path, threads=3, start=start) == made_of(path, threads=1, start=start)


@pytest.mark.parametrize("hole", [slice(0, 3), slice(60, 66), slice(75, 76), slice(196, 200)])
def test_a_hole_is_the_same_for_lanes(make_video: MakeVideo, tmp_path: Path, hole: slice) -> None:
    reel = Reel(times=steady(200), gop=25, options=(("movflags", "+faststart"),))
    path = blotted(make_video(reel), hole, tmp_path / "hole.mp4")
    assert made_of(path, threads=3) == made_of(path, threads=1)
    assert made_of(path, threads=1)[1]


def test_a_file_that_was_cut_off_is_the_same_for_lanes(make_video: MakeVideo, tmp_path: Path) -> None:
    whole = make_video(Reel(times=steady(200), gop=25, suffix=".mkv")).read_bytes()
    path = tmp_path / "cut.mkv"
    path.write_bytes(whole[: len(whole) * 2 // 3])
    assert made_of(path, threads=3) == made_of(path, threads=1)


class Looks:
    """Of every picture its PTS, whether it is rough, and all there is to see."""

    def __call__(self, frames: Iterable[DecodedFrame]) -> Iterator[tuple[int, bool, bytes]]:
        for picture in frames:
            yield picture.pts, picture.is_rough, picture.frame().image.tobytes()

    def is_large(self, made: tuple[int, bool, bytes]) -> bool:
        return False


@pytest.mark.parametrize("codec", ["libx264", "libx265"])
@pytest.mark.parametrize("threads", [1, 3])
def test_only_what_says_so_is_rough(make_video: MakeVideo, codec: str, threads: int) -> None:
    path = make_video(Reel(times=steady(100), gop=50, b_frames=3, codec=codec))
    with open_video(path, threads=threads) as reader:
        assert isinstance(reader, ParallelReader)
        plain = {picture.pts: picture.frame().image.tobytes() for picture in reader.scan()}
        made = list(reader.scan_with(Looks()))
    smooth = [(pts, seen) for pts, is_rough, seen in made if not is_rough]
    assert len(made) == len(plain)
    assert smooth == [(pts, plain[pts]) for pts, _ in smooth]
    assert 0 < len(smooth) < len(made)


@pytest.mark.parametrize("reel", [Reel(codec="ffv1", suffix=".mkv"), Reel()], ids=["FFV1", "no B-pictures"])
def test_where_every_picture_is_needed_none_is_rough(make_video: MakeVideo, reel: Reel) -> None:
    with open_video(make_video(reel)) as reader:
        assert isinstance(reader, ParallelReader)
        assert not any(is_rough for _, is_rough, _ in reader.scan_with(Looks()))


def test_several_lanes_are_at_work(make_video: MakeVideo) -> None:
    numbers = Numbers()
    with open_video(make_video(Reel(times=steady(400), gop=25)), threads=3) as reader:
        assert isinstance(reader, ParallelReader)
        list(reader.scan_with(numbers))
    assert len(numbers.lanes) > 1
    assert threading.current_thread().name not in numbers.lanes


def test_whoever_stops_early_leaves_no_lane_behind(make_video: MakeVideo) -> None:
    with open_video(make_video(Reel(times=steady(400), gop=25)), threads=3) as reader:
        assert isinstance(reader, ParallelReader)
        with closing(reader.scan_with(Numbers())) as made:
            assert [number for _, number, _ in islice(made, 30)] == list(range(30))
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("lane")]


def test_what_fails_in_a_lane_fails_where_its_pictures_are_taken(make_video: MakeVideo) -> None:
    with open_video(make_video(Reel(times=steady(400), gop=25)), threads=3) as reader:
        assert isinstance(reader, ParallelReader)
        taken: list[Made] = []
        with pytest.raises(RuntimeError, match="picture 130"):
            taken += reader.scan_with(Numbers(fails_at=130))
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("lane")]
