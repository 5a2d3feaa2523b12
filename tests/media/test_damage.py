"""A damaged file gives what there is, and says where it was damaged."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import av
import pytest

from tests.media.reels import Reel, number_on, steady
from video_vlm.errors import UnreadableVideo
from video_vlm.media import open_video
from video_vlm.media.damage_log import DamageLog
from video_vlm.records import Damage, Span

MakeVideo = Callable[[Reel], Path]
REEL = Reel(times=steady(60), gop=10, options=(("movflags", "+faststart"),))


def packet_places(path: Path) -> list[tuple[int, int]]:
    """Where each picture's bytes lie: position and size, in order of the file."""
    with av.open(str(path)) as container:
        return [
            (packet.pos, packet.size)
            for packet in container.demux(video=0)
            if packet.pos is not None and packet.size
        ]


def blotted(path: Path, frames: slice, copy: Path) -> Path:
    """A copy in which these pictures are noise."""
    data = bytearray(path.read_bytes())
    for position, size in packet_places(path)[frames]:
        data[position + 4 : position + size] = bytes([0xA5]) * (size - 4)
    copy.write_bytes(data)
    return copy


@pytest.fixture
def hole(make_video: MakeVideo, tmp_path: Path) -> Path:
    """A film whose pictures 20 to 24 are noise."""
    return blotted(make_video(REEL), slice(20, 25), tmp_path / "hole.mp4")


def test_decoding_goes_on_after_a_hole(hole: Path) -> None:
    with open_video(hole) as reader:
        seen = [(round(frame.pts_seconds * 10), number_on(frame.frame().image)) for frame in reader.scan()]
    assert seen[:20] == [(number, number) for number in range(20)]
    assert seen[-30:] == [(number, number) for number in range(30, 60)]


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_a_hole_is_the_same_for_any_number_of_threads(hole: Path, threads: int) -> None:
    with open_video(hole) as reader, open_video(hole, threads=threads) as other:
        assert [frame.pts for frame in other.scan()] == [frame.pts for frame in reader.scan()]
        assert tuple(other.damage) == tuple(reader.damage)


def test_a_hole_is_told_where_it_is(hole: Path) -> None:
    with open_video(hole) as reader:
        list(reader.scan())
        told = Span(
            min(part.span.start for part in reader.damage), max(part.span.end for part in reader.damage)
        )
    assert told.overlaps(Span(2.0, 2.5))
    assert told.start >= 1.9
    assert told.end <= 3.1


def test_the_same_hole_is_told_once(hole: Path) -> None:
    with open_video(hole) as reader:
        list(reader.scan())
        once = tuple(reader.damage)
        list(reader.scan())
        assert tuple(reader.damage) == once


def test_a_look_into_a_hole_does_not_hang_or_fail(hole: Path) -> None:
    with open_video(hole) as reader:
        times = [frame.pts_seconds for frame in reader.frames_at([1.0, 2.2, 5.0])]
    assert times[0] == pytest.approx(1.0)
    assert times[-1] == pytest.approx(5.0)


def test_a_truncated_file_gives_every_whole_picture(make_video: MakeVideo, tmp_path: Path) -> None:
    path = make_video(REEL)
    position, _ = packet_places(path)[33]
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(path.read_bytes()[: position + 2])
    with open_video(cut) as reader:
        assert [number_on(frame.frame().image) for frame in reader.scan()] == list(range(33))
        assert any("ends early" in part.reason and part.span.end == 6.0 for part in reader.damage)


def test_only_the_broken_picture_is_lost_when_the_last_picture_is_broken(
    make_video: MakeVideo, tmp_path: Path
) -> None:
    """PyAV drops what parallel decoding still holds when the last packet fails."""
    path = make_video(Reel(times=steady(60), gop=10, b_frames=2, options=(("movflags", "+faststart"),)))
    with open_video(blotted(path, slice(-1, None), tmp_path / "broken.mp4")) as reader:
        assert [number_on(frame.frame().image) for frame in reader.scan()] == [*range(58), 59]
        (damage,) = reader.damage
    assert damage.span.overlaps(Span(5.8, 5.9))


def test_a_file_without_one_good_picture_is_unreadable(make_video: MakeVideo, tmp_path: Path) -> None:
    with pytest.raises(UnreadableVideo, match="not one picture"):
        open_video(blotted(make_video(REEL), slice(None), tmp_path / "noise.mp4"))


def test_looks_do_not_decode_what_lies_between_them(make_video: MakeVideo, tmp_path: Path) -> None:
    """Noise between two looks would be noted as damage if it were decoded."""
    path = make_video(Reel(times=steady(600), gop=20, b_frames=2))
    with open_video(blotted(path, slice(45, 560), tmp_path / "holes.mp4")) as reader:
        assert [number_on(frame.image) for frame in reader.frames_at([1.5, 58.25, 58.3, 59.95])] == [
            15,
            582,
            583,
            599,
        ]
        assert tuple(reader.damage) == ()


def test_a_scan_from_a_time_does_not_decode_what_lies_before(make_video: MakeVideo, tmp_path: Path) -> None:
    path = make_video(Reel(times=steady(600), gop=20, b_frames=2))
    with open_video(blotted(path, slice(45, 560), tmp_path / "holes.mp4")) as reader:
        assert [number_on(frame.frame().image) for frame in reader.scan(58.5)] == list(range(585, 600))
        assert tuple(reader.damage) == ()


def test_a_ledger_joins_what_touches_and_keeps_reasons_apart() -> None:
    ledger = DamageLog()
    ledger.note(5.0, 5.1, "broken")
    ledger.note(0.0, 0.1, "broken")
    ledger.note(0.1, 0.2, "broken")
    ledger.note(0.1, 0.2, "guessed")
    assert ledger.damage == (
        Damage(Span(0.0, 0.2), "broken"),
        Damage(Span(0.1, 0.2), "guessed"),
        Damage(Span(5.0, 5.1), "broken"),
    )


def test_a_ledger_of_many_pictures_stays_small() -> None:
    ledger = DamageLog()
    for start, end in pairwise(range(1000)):
        ledger.note(start / 25, end / 25, "broken")
    assert ledger.damage == (Damage(Span(0.0, 999 / 25), "broken"),)
