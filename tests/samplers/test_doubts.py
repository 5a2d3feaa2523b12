"""Where packets leave doubt, what of it is decoded in which round, and what is presumed of the rest."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from video_vlm.media.packet_table import PacketTable
from video_vlm.records import Cut, Span
from video_vlm.samplers.decode_candidates import (
    DecodeCandidate,
    DecodeChoice,
    TwoRoundChoice,
    choose_within,
    decode_candidates,
)
from video_vlm.samplers.keyframe_cuts import KeyframeVerdict
from video_vlm.samplers.packet_bitrate import PacketBitrate

FPS = 25
KEYFRAMES = (0, 130, 290)
GROUPS = range(3)


def table(large: Mapping[int, int] | None = None) -> PacketTable:
    """400 packets of 100 bytes, keyframes of 3000, and what is said of others."""
    num_bytes = [3000 if place in KEYFRAMES else (large or {}).get(place, 100) for place in range(400)]
    times = tuple(range(400))
    return PacketTable(times, tuple(time / FPS for time in times), tuple(num_bytes), KEYFRAMES)


def raised(packets: PacketTable, *verdicts: KeyframeVerdict) -> tuple[DecodeCandidate, ...]:
    return decode_candidates(packets, PacketBitrate(packets), GROUPS, verdicts)


def choice(packets: PacketTable, *verdicts: KeyframeVerdict, frame_budget: int = 1000) -> DecodeChoice:
    return choose_within(packets, raised(packets, *verdicts), GROUPS, frame_budget=frame_budget)


def verdict(*, is_cut: bool, doubt: float = 0.0, why: str = "calm") -> KeyframeVerdict:
    """On the keyframe at 130."""
    return KeyframeVerdict(1, 5.2, Cut(Span(5.2, 5.2), "hard", 0.3, 5.2) if is_cut else None, doubt, why)  # type: ignore[arg-type]


def test_even_packets_leave_no_doubt() -> None:
    assert raised(table()) == ()
    assert choice(table()) == DecodeChoice()


def test_a_spike_is_decoded_from_the_keyframe_before_it() -> None:
    [stretch] = choice(table({150: 2500})).stretches
    assert stretch.groups == range(1, 2)
    assert stretch.until_seconds > 150 / FPS
    assert stretch.num_frames < 60


def test_doubts_that_share_a_group_are_decoded_together() -> None:
    made = choice(table({150: 2500, 240: 2500}))
    assert [stretch.groups for stretch in made.stretches] == [range(1, 2)]
    assert len(made.candidates) == 2


def test_what_the_budget_does_not_reach_is_left_the_dearest_first() -> None:
    made = choice(table({150: 700, 280: 700}), frame_budget=60)
    assert [one.span.contains(150 / FPS) for one in made.candidates] == [True]
    assert made.num_frames <= 60


def test_a_packet_as_large_as_that_of_a_cut_is_looked_into_whatever_it_costs() -> None:
    made = choice(table({150: 2500, 280: 2500}), frame_budget=0)
    assert all(one.is_needed for one in made.candidates)
    assert [one.span.contains(at / FPS) for one, at in zip(made.candidates, (150, 280), strict=True)] == [
        True,
        True,
    ]
    assert made.num_needed == made.num_frames > 0


def test_what_is_needed_takes_nothing_from_the_budget() -> None:
    packets = table({150: 2500, 320: 700})
    assert len(choice(packets, frame_budget=60).candidates) == 2
    inquiry = TwoRoundChoice(packets, raised(packets), GROUPS, frame_budget=60, trust=0.9)
    assert sum(one.num_frames for one in (*inquiry.first(), *inquiry.second([]))) > 60


def test_a_group_whose_packets_would_not_show_a_cut_is_decoded_past_its_end() -> None:
    noisy = dict.fromkeys(range(131, 290), 1000)
    assert [(one.evidence, one.group) for one in raised(table(noisy))] == [("blind", 2)]
    [stretch] = choice(table(noisy), frame_budget=0).stretches
    assert stretch.groups == range(1, 3)
    assert stretch.until_seconds > 290 / FPS


def test_what_leads_up_to_a_keyframe_on_the_beat_that_shows_something_else_is_decoded() -> None:
    [stretch] = choice(table(), verdict(is_cut=False, doubt=0.5, why="due"), frame_budget=0).stretches
    assert stretch.groups == range(2)


def test_a_stretch_goes_on_through_short_groups() -> None:
    """A fade into black may be full of keyframes."""
    keyframes = (0, 130, 131, 132, 290)
    num_bytes = tuple(3000 if place in keyframes else 1000 if place < 130 else 100 for place in range(400))
    times = tuple(range(400))
    packets = PacketTable(times, tuple(time / FPS for time in times), num_bytes, keyframes)
    every = decode_candidates(packets, PacketBitrate(packets), range(5))
    [stretch] = choose_within(packets, every, range(5), frame_budget=0).stretches
    assert stretch.groups == range(4)
    assert stretch.until_seconds > 130 / FPS + 0.5


def test_where_keyframes_do_not_follow_cuts_every_large_packet_may_be_one() -> None:
    """An encoder may go on making a still sharper with packets as large as the cut's, so that none stands
    out."""
    keyframes, large = (0, 100, 200, 300), {150, 151, 152, 153, 154, 155}
    num_bytes = tuple(3000 if place in keyframes else 900 if place in large else 100 for place in range(400))
    times = tuple(range(400))
    packets = PacketTable(times, tuple(time / FPS for time in times), num_bytes, keyframes)
    assert not packets.puts_keyframes
    [found] = decode_candidates(packets, PacketBitrate(packets), range(4))
    assert found.is_needed
    assert found.span.contains(150 / FPS)


def test_a_keyframe_in_doubt_is_decoded_from_the_one_before_it() -> None:
    made = choice(table(), verdict(is_cut=True, doubt=0.5))
    assert [(one.evidence, one.group) for one in made.candidates] == [("keyframe", 1)]
    assert [stretch.groups for stretch in made.stretches] == [range(2)]


def test_a_keyframe_hardly_in_doubt_is_not_worth_its_pictures() -> None:
    assert choice(table(), verdict(is_cut=True, doubt=0.15)).stretches == ()


def test_large_packets_at_a_cut_are_the_cut() -> None:
    assert raised(table({133: 2500}), verdict(is_cut=True)) == ()


@pytest.mark.parametrize(("place", "is_left"), [(136, False), (150, True)])
def test_a_flash_explains_the_packets_beside_it_and_not_those_further_on(
    place: int, *, is_left: bool
) -> None:
    found = raised(table({place: 2500}), verdict(is_cut=False, why="flash"))
    assert bool(found) == is_left


SEEN = DecodeCandidate(Span(1.0, 1.5), 4.0, "swell")
UNSEEN = DecodeCandidate(Span(13.0, 13.6), 4.0, "swell")
WEAK = DecodeCandidate(Span(9.0, 9.6), 2.2, "swell")
PROOF = Cut(Span(1.0, 1.4), "dissolve", 0.2, 1.2)


def inquiry(*every: DecodeCandidate, trust: float, frame_budget: int = 1000) -> TwoRoundChoice:
    return TwoRoundChoice(table(), every, GROUPS, frame_budget=frame_budget, trust=trust)


def test_one_swell_is_decoded_first_and_no_other_where_it_proves_to_be_a_change() -> None:
    asked = inquiry(SEEN, UNSEEN, WEAK, trust=0.9)
    assert [stretch.groups for stretch in asked.first()] == [range(1)]
    assert asked.second([PROOF]) == ()
    assert {cut.span for cut in asked.presumed([PROOF])} == {UNSEEN.span, WEAK.span}


def test_the_other_swells_are_decoded_where_the_first_proves_to_be_none() -> None:
    asked = inquiry(SEEN, UNSEEN, WEAK, trust=0.9)
    asked.first()
    assert [stretch.groups for stretch in asked.second([])] == [range(1, 2), range(2, 3)]
    assert list(asked.presumed([])) == []


def test_where_keyframes_cannot_be_relied_on_nothing_is_presumed() -> None:
    asked = inquiry(SEEN, UNSEEN, trust=0.3, frame_budget=70)
    asked.first()
    assert asked.second([PROOF]) == ()
    assert list(asked.presumed([PROOF])) == []


def test_where_keyframes_are_relied_on_a_little_only_strong_swells_are_presumed() -> None:
    asked = inquiry(SEEN, UNSEEN, WEAK, trust=0.7, frame_budget=70)
    asked.first()
    assert asked.second([PROOF]) == ()
    assert [cut.span for cut in asked.presumed([PROOF])] == [UNSEEN.span]


def test_both_rounds_keep_within_one_budget() -> None:
    packets = table({150: 2500, 280: 2500})
    asked = TwoRoundChoice(packets, raised(packets), GROUPS, frame_budget=200, trust=0.9)
    stretches = (*asked.first(), *asked.second([]))
    assert sum(one.num_frames for one in stretches) <= 200
