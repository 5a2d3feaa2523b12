"""Whether a cut would show among the packets at all: how far keyframes outweigh what is between them.

A cut for which the encoder puts no keyframe costs about what a keyframe does, as nothing before it helps: a
quarter of that at the least, where an encoder saves on it. So a packet of less is no cut. Where packets are
usually larger than that (grain, noise, a camera that never rests) they tell nothing, and the group they are
in is *blind*: it has to be decoded. An encoder that puts its keyframes at changes compares the same two
costs, and misses cuts in the same places.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from video_vlm.media.packet_table import PacketTable

__all__ = ["as_large_as_cuts", "blind_groups"]

_CUT_SHARE = 0.25  # of the smaller of the keyframes before and after: what the packet of a cut takes at least
_USUAL_PERCENTILE = 75  # pictures that others need are larger than those between: of four, one may be
_LEAST_FRAMES = 3  # a group of fewer is next to its keyframes


def blind_groups(table: PacketTable, groups: range) -> frozenset[int]:
    """Those of ``groups`` in which packets are usually as large as that of a cut."""
    sizes = ((number, _between(table, number)) for number in groups)
    return frozenset(
        number
        for number, between in sizes
        if len(between) >= _LEAST_FRAMES
        and np.percentile(between, _USUAL_PERCENTILE) >= _CUT_SHARE * _keyframe_bytes(table, number)
    )


def as_large_as_cuts(table: PacketTable, groups: range) -> Iterator[int]:
    """The places of the packets, keyframes aside, that may be those of cuts."""
    for number in groups:
        first, least = table.keyframes[number] + 1, _CUT_SHARE * _keyframe_bytes(table, number)
        yield from (first + place for place, size in enumerate(_between(table, number)) if size >= least)


def _between(table: PacketTable, number: int) -> tuple[int, ...]:
    first = table.keyframes[number]
    return table.num_bytes[first + 1 : first + table.group_sizes[number]]


def _keyframe_bytes(table: PacketTable, number: int) -> int:
    """Of the smaller of the keyframes that a group begins with and that the next one does."""
    return min(table.num_bytes[place] for place in table.keyframes[number : number + 2])
