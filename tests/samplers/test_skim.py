"""What packets and keyframes tell without decoding, and what is left to be decoded."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from video_vlm.media.packets import PacketTable
from video_vlm.records import Cut, Image, Span
from video_vlm.samplers.restlessness import Restlessness
from video_vlm.samplers.skim import Check, Doubt, Plan, checked, plan, presumed

FPS = 25
RED, BLUE = (np.full((9, 16, 3), colour, np.uint8) for colour in ((200, 30, 30), (30, 30, 200)))
TEXTURE = np.random.default_rng(0).integers(0, 255, (2, 9, 16, 3)).astype(np.uint8)


def table(num_frames: int, keyframes: tuple[int, ...], large: Mapping[int, int] | None = None) -> PacketTable:
    """Packets of 100 bytes, keyframes of 3000, and what is said of others."""
    num_bytes = [3000 if place in keyframes else (large or {}).get(place, 100) for place in range(num_frames)]
    times = tuple(range(num_frames))
    return PacketTable(times, tuple(time / FPS for time in times), tuple(num_bytes), keyframes)


def planned(packets: PacketTable, *thumbnails: Image, frame_budget: int = 1000) -> Plan:
    groups = range(packets.num_groups)
    return plan(packets, thumbnails, Restlessness(packets), groups=groups, frame_budget=frame_budget)


def test_an_unlike_keyframe_off_the_beat_among_calm_packets_is_a_cut() -> None:
    made = planned(table(400, (0, 130, 290)), RED, BLUE, BLUE)
    assert [(cut.at, cut.kind) for cut in made.cuts] == [(130 / FPS, "hard")]
    assert (made.checks, made.stretches) == ((), ())


def test_a_keyframe_that_was_due_is_no_cut() -> None:
    assert planned(table(600, (0, 250, 500)), RED, BLUE, RED).cuts == ()


def test_a_keyframe_that_was_due_is_a_cut_where_too_little_came_before_it_to_lead_there() -> None:
    packets = table(600, (0, 250, 500))
    light = PacketTable(
        packets.pts, packets.seconds, tuple(max(1, one // 100) for one in packets.num_bytes), (0, 250, 500)
    )
    light = PacketTable(light.pts, light.seconds, (3000, *light.num_bytes[1:]), light.keyframes)
    assert [cut.at for cut in planned(light, RED, BLUE, BLUE).cuts] == [10.0]


def test_an_unlike_keyframe_among_restless_packets_is_checked() -> None:
    swell = dict.fromkeys(range(118, 130), 900)
    [check] = planned(table(400, (0, 130, 290), swell), RED, BLUE, BLUE).checks
    assert (check.group, check.is_restless_before) == (1, True)


def test_a_spike_is_decoded_from_the_keyframe_before_it() -> None:
    [stretch] = planned(table(400, (0, 130, 290), {150: 2500}), RED, RED, RED).stretches
    assert stretch.groups == range(1, 2)
    assert stretch.until_seconds > 150 / FPS
    assert stretch.num_frames < 60


def test_doubts_that_share_a_group_are_decoded_together() -> None:
    made = planned(table(400, (0, 130, 290), {150: 2500, 240: 2500}), RED, RED, RED)
    assert [stretch.groups for stretch in made.stretches] == [range(1, 2)]
    assert len(made.decoded) == 2


def test_what_the_budget_does_not_reach_is_left_the_dearest_first() -> None:
    made = planned(table(400, (0, 130, 290), {150: 2500, 280: 2500}), RED, RED, RED, frame_budget=60)
    assert [one.span.contains(150 / FPS) for one in made.decoded] == [True]
    assert [one.span.contains(280 / FPS) for one in made.left] == [True]
    assert sum(stretch.num_frames for stretch in made.stretches) <= 60


def test_even_packets_leave_no_doubt() -> None:
    made = planned(table(400, (0, 130, 290)), RED, RED, RED)
    assert made == Plan((), (), ())


CHECK = Check(1, 6.0, unlike=85.0, is_restless_before=True)


@pytest.mark.parametrize(
    ("pictures", "kind"),
    [((TEXTURE[1], TEXTURE[1]), "dissolve"), ((np.zeros_like(TEXTURE[1]), TEXTURE[1] // 16), "fade")],
)
def test_a_keyframe_that_what_follows_goes_on_from_begins_a_shot(pictures: tuple[Image, ...], kind: str) -> None:
    cut = checked(CHECK, before=TEXTURE[0], pictures=pictures, at=5.2)
    assert cut == Cut(Span(5.2, 5.2), cut.kind if cut else "hard", 85.0 / 255, 5.2)
    assert cut.kind == kind


def test_a_flash_begins_no_shot() -> None:
    assert checked(CHECK, before=TEXTURE[0], pictures=[np.full_like(RED, 255), TEXTURE[0]], at=5.2) is None


def test_strong_swells_are_presumed_changes_only_where_those_decoded_were() -> None:
    seen, unseen = Doubt(Span(1.0, 1.5), 4.0, "swell"), Doubt(Span(8.0, 8.6), 4.0, "swell")
    made = Plan((), (), (), decoded=(seen,), left=(unseen,))
    proved = Cut(Span(1.0, 1.4), "dissolve", 0.2, 1.2)
    assert [cut.span for cut in presumed(made, [proved])] == [unseen.span]
    assert list(presumed(made, [])) == []


def test_a_keyframe_with_the_colours_of_the_one_before_it_is_no_cut() -> None:
    moved = np.concatenate([TEXTURE[0][:, 8:], TEXTURE[0][:, :8]], axis=1)
    packets = table(400, (0, 130, 290))
    assert [cut.at for cut in planned(packets, TEXTURE[0], TEXTURE[1] // 4, TEXTURE[1] // 4).cuts] == [130 / FPS]
    assert planned(packets, TEXTURE[0], moved, moved).cuts == ()
