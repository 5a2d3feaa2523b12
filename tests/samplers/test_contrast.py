"""Whether a cut would show among the packets, whatever their sizes."""

from __future__ import annotations

import random

import pytest

from video_vlm.media.packet_table import PacketTable
from video_vlm.samplers.packet_contrast import as_large_as_cuts, blind_groups

GROUPS = range(3)


def table(keyframe_bytes: tuple[int, int, int], between: list[int]) -> PacketTable:
    """Three groups, of which the second holds ``between`` and the others next to nothing."""
    quiet = [20] * 30
    num_bytes = [keyframe_bytes[0], *quiet, keyframe_bytes[1], *between, keyframe_bytes[2], *quiet]
    keyframes = (0, 31, 32 + len(between))
    times = tuple(range(len(num_bytes)))
    return PacketTable(times, tuple(time / 25 for time in times), tuple(num_bytes), keyframes)


@pytest.mark.parametrize("seed", range(20))
def test_a_group_is_blind_where_packets_usually_are_as_large_as_a_cut_and_only_there(seed: int) -> None:
    draw = random.Random(seed)
    keyframe = draw.randint(400, 100_000)
    noisy = [round(keyframe * draw.uniform(0.3, 1.2)) for _ in range(draw.randint(5, 300))]
    calm = [round(keyframe * draw.uniform(0.0, 0.2)) for _ in noisy]
    assert blind_groups(table((keyframe,) * 3, noisy), GROUPS) == {1}
    assert blind_groups(table((keyframe,) * 3, calm), GROUPS) == frozenset()


def test_the_smaller_keyframe_counts_as_the_cut_may_be_to_what_it_shows() -> None:
    between = [1000] * 40
    assert blind_groups(table((8000, 8000, 8000), between), GROUPS) == frozenset()
    assert blind_groups(table((8000, 8000, 2000), between), GROUPS) == {1}


def test_one_large_packet_is_told_by_its_place() -> None:
    between = [100] * 40
    between[7] = 1500
    packets = table((4000, 4000, 4000), between)
    assert blind_groups(packets, GROUPS) == frozenset()
    assert list(as_large_as_cuts(packets, GROUPS)) == [32 + 7]
