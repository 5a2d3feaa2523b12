"""Whether a cut would be visible in packet sizes: how much larger keyframes are than the packets between
them.

A cut without a keyframe costs about as many bytes as a keyframe, because it cannot be predicted from earlier
frames: at least a quarter, where an encoder saves on it. So a smaller packet is no cut. Where most packets
are larger than that (grain, noise, a moving camera) sizes show nothing, and the group of pictures is *blind*:
it has to be decoded. An encoder that puts keyframes at changes compares the same two costs, and misses cuts
in the same places.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from video_vlm.media.packet_table import PacketTable

__all__ = ["as_large_as_cuts", "blind_groups"]

_CUT_SHARE = 0.25  # least size of a cut's packet, over the smaller of the keyframes before and after
_USUAL_PERCENTILE = 75  # one frame in four may be a larger reference frame
_LEAST_FRAMES = 3  # in a smaller group every frame is next to a keyframe


def blind_groups(table: PacketTable, groups: range) -> frozenset[int]:
    """The numbers of those of ``groups`` in which a quarter of the packets are as large as that of a cut."""
    sizes = ((number, _between(table, number)) for number in groups)
    return frozenset(
        number
        for number, between in sizes
        if len(between) >= _LEAST_FRAMES
        and np.percentile(between, _USUAL_PERCENTILE) >= _CUT_SHARE * _keyframe_bytes(table, number)
    )


def as_large_as_cuts(table: PacketTable, groups: range) -> Iterator[int]:
    """The places in the table of packets, without keyframes, that are large enough for a cut."""
    for number in groups:
        first, least = table.keyframes[number] + 1, _CUT_SHARE * _keyframe_bytes(table, number)
        yield from (first + place for place, size in enumerate(_between(table, number)) if size >= least)


def _between(table: PacketTable, number: int) -> tuple[int, ...]:
    first = table.keyframes[number]
    return table.num_bytes[first + 1 : first + table.group_sizes[number]]


def _keyframe_bytes(table: PacketTable, number: int) -> int:
    """The size of the smaller of two keyframes: the one that begins a group and the next one."""
    return min(table.num_bytes[place] for place in table.keyframes[number : number + 2])
