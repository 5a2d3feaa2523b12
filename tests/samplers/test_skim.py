"""What keyframes tell by themselves, by what follows them, and together."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from video_vlm.media.packet_table import PacketTable
from video_vlm.records import Cut, Image, Span
from video_vlm.samplers.keyframe_cuts import (
    KeyframeGlance,
    KeyframeHead,
    KeyframeVerdict,
    judge_keyframes,
    keyframe_glances,
    weigh_verdicts,
)
from video_vlm.samplers.packet_bitrate import PacketBitrate

FPS = 25
RED, BLUE = (np.full((9, 16, 3), colour, np.uint8) for colour in ((200, 30, 30), (30, 30, 200)))
TEXTURE = np.random.default_rng(0).integers(0, 255, (2, 9, 16, 3)).astype(np.uint8)
DIM = TEXTURE[0] // 3
SWELL = dict.fromkeys(range(118, 130), 900)
"""Restless packets before the keyframe at 130."""


def table(num_frames: int, keyframes: tuple[int, ...], large: Mapping[int, int] | None = None) -> PacketTable:
    """Packets of 100 bytes, keyframes of 6000, and what is said of others."""
    num_bytes = [6000 if place in keyframes else (large or {}).get(place, 100) for place in range(num_frames)]
    times = tuple(range(num_frames))
    return PacketTable(times, tuple(time / FPS for time in times), tuple(num_bytes), keyframes)


def verdicts(packets: PacketTable, *heads: KeyframeHead) -> tuple[KeyframeVerdict, ...]:
    return judge_keyframes(packets, heads, PacketBitrate(packets))


def verdict(*after: Image, image: Image, before: Image, large: Mapping[int, int]) -> KeyframeVerdict:
    """On the keyframe at 130, with restless packets beside it."""
    packets = table(400, (0, 130, 290), large)
    return verdicts(packets, KeyframeHead(0, before), KeyframeHead(1, image, after))[0]


def test_an_unlike_keyframe_off_the_beat_among_calm_packets_is_a_cut_beyond_doubt() -> None:
    [first, second] = verdicts(
        table(400, (0, 130, 290)), KeyframeHead(0, RED), KeyframeHead(1, BLUE), KeyframeHead(2, BLUE)
    )
    assert first == KeyframeVerdict(
        1, 130 / FPS, Cut(Span(5.2, 5.2), "hard", first.cut.score if first.cut else 0, 5.2), 0.0, "calm"
    )
    assert (second.cut, second.why) == (None, "alike")


def test_a_keyframe_not_much_larger_than_the_packets_before_it_is_in_doubt() -> None:
    busy = dict.fromkeys(range(400), 2000)
    [first, _] = verdicts(
        table(400, (0, 130, 290), busy), KeyframeHead(0, RED), KeyframeHead(1, BLUE), KeyframeHead(2, BLUE)
    )
    assert first.cut is not None
    assert first.doubt > 0.1


def test_a_keyframe_that_was_due_is_no_cut_and_tells_nothing() -> None:
    [first, second] = verdicts(
        table(600, (0, 250, 500)), KeyframeHead(0, RED), KeyframeHead(1, BLUE), KeyframeHead(2, RED)
    )
    assert (first.cut, second.cut) == (None, None)
    assert not first.tells


def test_a_keyframe_that_was_due_and_shows_something_else_is_in_doubt() -> None:
    packets = table(600, (0, 250, 500))
    changed, unchanged = verdicts(packets, KeyframeHead(0, RED), KeyframeHead(1, BLUE), KeyframeHead(2, BLUE))
    assert (changed.why, changed.doubt > 0.0) == ("due", True)
    assert (unchanged.why, unchanged.doubt) == ("due", 0.0)


@pytest.mark.parametrize("keyframes", [(0, 100, 200, 205, 290), (0, 93, 200, 205, 290)])
def test_a_cut_right_after_a_keyframe_that_shows_nothing_new_is_one(keyframes: tuple[int, ...]) -> None:
    heads = [KeyframeHead(number, image) for number, image in enumerate((RED, RED, RED, BLUE, BLUE))]
    assert [one.cut is not None for one in verdicts(table(400, keyframes), *heads)] == [
        False,
        False,
        True,
        False,
    ]


def test_a_keyframe_that_was_due_is_a_cut_where_too_little_came_before_it_to_lead_there() -> None:
    packets = table(600, (0, 250, 500), dict.fromkeys(range(600), 1))
    assert [
        one.cut is not None
        for one in verdicts(packets, KeyframeHead(0, RED), KeyframeHead(1, BLUE), KeyframeHead(2, BLUE))
    ] == [
        True,
        False,
    ]


def test_a_slide_of_the_same_colours_is_another_where_next_to_nothing_came_before_it() -> None:
    moved = np.ascontiguousarray(TEXTURE[0][:, ::-1])
    for large, is_cut in ((dict.fromkeys(range(400), 1), True), ({}, False)):
        [first, _] = verdicts(
            table(400, (0, 130, 290), large),
            KeyframeHead(0, TEXTURE[0]),
            KeyframeHead(1, moved),
            KeyframeHead(2, moved),
        )
        assert (first.cut is not None) == is_cut


def test_only_keyframes_among_restless_packets_need_a_glance() -> None:
    packets = table(400, (0, 130, 290), SWELL)
    assert list(keyframe_glances(packets, [RED, BLUE, BLUE], PacketBitrate(packets), first_group=0)) == [
        KeyframeGlance(1, 5.7)
    ]


def test_where_every_keyframe_may_be_a_cut_only_one_before_a_large_packet_needs_a_glance() -> None:
    keyframes = (0, 60, 130, 190, 270, 340)
    images = [RED, BLUE, RED, BLUE, RED, BLUE]
    for extra, wanted in (({}, []), ({133: 9000}, [2])):
        packets = table(400, keyframes, {**SWELL, **extra})
        found = keyframe_glances(packets, images, PacketBitrate(packets), first_group=0)
        assert [one.group for one in found] == wanted


@pytest.mark.parametrize(
    ("image", "after", "why", "kind"),
    [
        (TEXTURE[1], TEXTURE[1], "change", "dissolve"),
        (np.zeros_like(RED), TEXTURE[1] // 4, "change", "fade"),
        (np.full_like(RED, 255), TEXTURE[0], "back", None),
        (TEXTURE[1] // 3 + 160, TEXTURE[1] // 3, "flash", None),
        (TEXTURE[1], np.ascontiguousarray(TEXTURE[1][::-1, ::-1]), "race", None),
    ],
)
def test_what_follows_a_keyframe_says_what_it_is(
    image: Image, after: Image, why: str, kind: str | None
) -> None:
    found = verdict(after, after, image=image, before=TEXTURE[0], large=SWELL)
    assert (found.why, found.cut.kind if found.cut else None) == (why, kind)


def test_a_keyframe_is_compared_with_what_the_one_before_settled_on_not_with_its_flash() -> None:
    packets = table(400, (0, 130, 290))
    lit = KeyframeHead(1, np.full_like(RED, 255), (DIM,))
    assert [one.why for one in verdicts(packets, KeyframeHead(0, DIM), lit, KeyframeHead(2, DIM))][
        1
    ] == "alike"


def verdict_of(why: str, *, is_cut: bool, doubt: float = 0.2) -> KeyframeVerdict:
    cut = Cut(Span(5.2, 5.2), "hard", 0.3, 5.2) if is_cut else None
    return KeyframeVerdict(1, 5.2, cut, doubt, why)  # type: ignore[arg-type]


def test_what_looks_like_a_pan_is_a_cut_where_all_other_keyframes_are() -> None:
    cuts = [verdict_of("calm", is_cut=True)] * 8
    flashes = [verdict_of("back", is_cut=False)] * 8
    (*_, trusted), trust = weigh_verdicts([*cuts, verdict_of("race", is_cut=False, doubt=0.5)])
    (*_, doubted), distrust = weigh_verdicts([*cuts, *flashes, verdict_of("race", is_cut=False, doubt=0.5)])
    assert trust > 0.8 > distrust
    assert (trusted.cut is not None, doubted.cut is not None) == (True, False)
    assert trusted.doubt < doubted.doubt
