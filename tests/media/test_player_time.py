"""Whatever a container counts from, everything is in the seconds a player shows."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import accumulate, pairwise
from pathlib import Path
from random import Random
from typing import Any

import pytest
from av.packet import Packet
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.media.reels import Reel, number_on, steady
from video_vlm.media import open_video
from video_vlm.media.clock import Continuity, PlayerTime, player_origin

MakeVideo = Callable[[Reel], Path]
MILLISECOND = Fraction(1, 1000)
WRAP_SECONDS = 2**33 / 90_000
"""When the clock of a transport stream begins anew."""


def offset(seconds: float) -> tuple[tuple[str, str], ...]:
    return (("output_ts_offset", f"{seconds:.6f}"),)


def times_of(packets: Sequence[tuple[int | None, int | None]], *, shift: int = 0) -> list[int | None]:
    """The PTS that packets of these PTS and DTS have after they were laid on; 40 ticks each."""
    continuity = Continuity(Path("film.ts"), time_base=MILLISECOND, frame_ticks=Fraction(40), shift=shift)
    return [packet.pts for packet in continuity(map(_packet, packets))]


def _packet(times: tuple[int | None, int | None]) -> Packet[Any]:
    packet: Packet[Any] = Packet(1)
    packet.pts, packet.dts = times
    return packet


def shown(*pts: int) -> list[tuple[int | None, int | None]]:
    return [(one, one) for one in pts]


@pytest.mark.parametrize(
    ("sound", "first", "origin"),
    [
        ("0", "0", "0"),
        ("0", "5", "0"),  # sound first
        ("5", "0", "0"),  # sound late
        ("83001.4", "83001.5", "83001.4"),  # a broadcast
        ("95443.1", "1.5", "-0.61768888888888889"),  # the clock passes its end between sound and frames
        ("-20.04", "-20.02", "-20.04"),  # an edit list
        ("0.08", "0.08", "0"),  # frames are reordered
        ("-0.021", "0", "0"),  # sound that is decoded and not heard
        ("-0.021", "-0.5", "-0.5"),  # but no frame is before zero
        (None, "8.3", "8.3"),
    ],
)
def test_a_player_begins_where_the_first_stream_does(sound: str | None, first: str, origin: str) -> None:
    starts = [Fraction(first), *([] if sound is None else [Fraction(sound)])]
    assert float(player_origin(starts, Fraction(first))) == pytest.approx(float(origin))


@given(
    st.integers(-(10**10), 10**10),
    st.sampled_from([(1, 90_000), (1001, 30_000), (1, 12_800), (1, 3), (1, 1000)]),
    st.integers(-(10**11), 10**11).map(lambda microseconds: Fraction(microseconds, 10**6)),
)
def test_seconds_and_ticks_are_each_others_inverse(
    ticks: int, base: tuple[int, int], origin: Fraction
) -> None:
    time = PlayerTime(Fraction(*base), origin)
    seconds = time.seconds(ticks)
    assert seconds == float(ticks * Fraction(*base) - origin)
    assert time.last_tick(seconds + 1e-6) >= ticks >= time.first_tick(seconds - 1e-6)


def test_times_in_order_stay_as_they_are() -> None:
    packets = [(0, -80), (120, -40), (40, 0), (80, 40), (None, None), (240, 80)]
    assert times_of(packets) == [pts for pts, _ in packets]


def test_a_clock_that_begins_again_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert times_of(shown(5000, 5040, 0, 40)) == [5000, 5040, 5080, 5120]
    assert "goes from 5.040 s to 0.000 s" in caplog.text


def test_a_little_disorder_is_no_new_beginning() -> None:
    assert times_of(shown(0, 40, 10, 80, 900, 100)) == [0, 40, 10, 80, 900, 100]


def test_a_jump_ahead_is_a_hole_unless_the_packet_before_it_was_cut_off() -> None:
    times = [0, 40, 80_000, 80_040]
    assert times_of(shown(*times)) == times
    packets = [_packet(one) for one in shown(*times)]
    packets[1].is_corrupt = True
    laid = Continuity(Path("film.ts"), time_base=MILLISECOND, frame_ticks=Fraction(40))(packets)
    assert [packet.pts for packet in laid] == [0, 40, 80, 120]


@pytest.mark.parametrize("stray", [-90_000, 0, 3000, 80_000])
def test_one_time_out_of_place_moves_nothing(stray: int, caplog: pytest.LogCaptureFixture) -> None:
    assert times_of(shown(5000, 5040, stray, 5120, 5160)) == [5000, 5040, 5080, 5120, 5160]
    assert not caplog.text


def test_a_stream_entered_behind_the_joint_has_the_times_it_has_from_the_beginning() -> None:
    assert times_of(shown(0, 40), shift=5080) == [5080, 5120]


@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(30, 100)), min_size=1, max_size=5))
def test_parts_are_laid_end_to_end(parts: list[tuple[int, int]]) -> None:
    """Any clocks that begin again: such a part begins where the one before it ends."""
    ends = [start + 40 * (count - 1) for start, count in parts]
    assume(not any(0 <= end - start <= 1000 for end, (start, _) in zip(ends, parts[1:], strict=False)))
    packets = [time for start, count in parts for time in range(start, start + 40 * count, 40)]
    laid = [time for time in times_of(shown(*packets)) if time is not None]
    assert laid == sorted(laid)
    edges = list(accumulate(count for _, count in parts))
    steps = [laid[edge] - laid[edge - 1] for edge in edges[:-1]]
    back = [start + 1000 < before + 40 * (count - 1) for (before, count), (start, _) in pairwise(parts)]
    assert all(step == 40 for step, is_back in zip(steps, back, strict=True) if is_back)


def drawn(seed: int) -> tuple[Reel, float]:
    """A film whose container counts from somewhere, and when its first frame is shown by a player."""
    rng = Random(seed)
    suffix = rng.choice([".ts", ".mp4", ".mkv", ".mov"])
    clocks = (
        [0.0, 700.0, 83_000.0, WRAP_SECONDS - rng.uniform(2.5, 5.0)]
        if suffix == ".ts"
        else [0.0, 12.5, 900.0]
    )
    late = rng.choice([0, 1500, 6000])
    cues = () if suffix == ".ts" else ((late + 500, late + 900, "Here"),)
    codec = "subrip" if suffix == ".mkv" else "mov_text"
    reel = Reel(
        suffix=suffix,
        times=steady(60, start=late),
        gop=rng.choice([5, 12, 60]),
        b_frames=rng.choice([0, 2]),
        options=offset(rng.choice(clocks)),
        sound=(0, 9000),
        cues=cues,
        cue_codec=codec,
    )
    return reel, late / 1000


@pytest.mark.parametrize("seed", range(16))
def test_pictures_and_cues_come_when_a_player_shows_them(make_video: MakeVideo, seed: int) -> None:
    reel, late = drawn(seed)
    with open_video(make_video(reel)) as reader:
        assert reader.video.start_seconds == pytest.approx(late, abs=0.3)
        seen = [(frame.pts_seconds, number_on(frame.frame().image)) for frame in reader.scan()]
        looks = [late + step for step in (0.35, 2.45, 4.75, 5.85)]
        looked = [number_on(frame.image) for frame in reader.frames_at(looks)]
        said = [cue.span.start for cue in reader.cues()]
    first = seen[0][0]
    assert [number for _, number in seen] == list(range(60))
    assert [seconds - first for seconds, _ in seen] == pytest.approx(
        [number / 10 for number in range(60)], abs=0.002
    )
    assert first == pytest.approx(late, abs=0.3)
    assert looked == pytest.approx([(look - late) * 10 for look in looks], abs=3.5)
    assert said == pytest.approx([late + 0.5] if reel.cues else [], abs=0.3)


@pytest.mark.parametrize("seed", range(24))
def test_joined_streams_are_shown_and_entered_in_every_part(
    make_video: MakeVideo, tmp_path: Path, seed: int, caplog: pytest.LogCaptureFixture
) -> None:
    rng = Random(seed)
    suffix = rng.choice([".ts", ".ts", ".mkv"])
    clocks = [rng.choice([0.0, 30.0, 5000.0, 83_000.0]) for _ in range(rng.choice([2, 3]))]
    clocks = clocks if suffix == ".ts" else [0.0 for _ in clocks]
    b_frames = rng.choice([0, 2])  # Matroska keeps what decodes them once a file, for the first part
    counts: list[int] = []
    joined = tmp_path / f"joined{suffix}"
    with joined.open("wb") as out:
        for clock in clocks[: 2 if suffix == ".mkv" else 3]:  # FFmpeg reads no third of joined Matroska files
            count, gop = rng.randrange(30, 90), rng.choice([7, 25])
            reel = Reel(suffix=suffix, times=steady(count), gop=gop, b_frames=b_frames, options=offset(clock))
            out.write(make_video(reel).read_bytes())
            counts.append(count)
    numbers = [number for count in counts for number in range(count)]
    with open_video(joined) as reader:
        seen = [(frame.pts_seconds, number_on(frame.frame().image)) for frame in reader.scan()]
        assert [number for _, number in seen] == numbers
        first = seen[0][0]
        passed = [seconds - first for seconds, _ in seen]
        assert first == pytest.approx(0.0, abs=0.21)
        assert passed == pytest.approx([place / 10 for place in range(len(numbers))], abs=0.11)
        for place in rng.sample(range(len(numbers)), 6):
            (frame,) = reader.frames_at([seen[place][0] + 0.01])
            assert (frame.pts_seconds, number_on(frame.image)) == seen[place]
        place = rng.randrange(counts[0], len(numbers))
        assert [frame.pts_seconds for frame in reader.scan(seen[place][0])] == [
            seconds for seconds, _ in seen[place:]
        ]
        assert reader.video.duration_seconds == pytest.approx(len(numbers) / 10, abs=0.3)
        assert not reader.damage
    assert "recordings were joined" in caplog.text
