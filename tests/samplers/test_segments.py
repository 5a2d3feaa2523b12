"""Segments: pieces of shots that tile the video, the same whether or not the run was interrupted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from video_vlm.protocols import DecodedFrame
from video_vlm.records import Image
from video_vlm.samplers.segments import SeenFrame, Segmenter, SegmentStart
from video_vlm.samplers.thumbnail_filter import ThumbnailFilter
from video_vlm.settings import FrameSettings, IndexSettings, ShotSettings

Stream = Callable[..., Sequence[DecodedFrame]]
Blocks = Callable[[int], Image]


def placed(frames: Iterable[DecodedFrame], segmenter: Segmenter) -> list[SeenFrame]:
    sieved = ThumbnailFilter(IndexSettings())(frames)
    return [*(seen for one in sieved for seen in segmenter.push(one)), *segmenter.finish()]


def limit(seconds: float) -> IndexSettings:
    return IndexSettings(frames=FrameSettings(segment_seconds=seconds))


def starts(seen: Iterable[SeenFrame]) -> list[float]:
    return [one.opens.start_seconds for one in seen if one.opens is not None]


def times(frames: Iterable[DecodedFrame]) -> list[float]:
    return [frame.pts_seconds for frame in frames]


def test_every_picture_comes_back_once_and_in_order(stream: Stream, blocks: Blocks) -> None:
    frames = stream([blocks(index // 40) for index in range(200)])
    assert [seen.pts_seconds for seen in placed(frames, Segmenter(limit(3.0)))] == times(frames)


def test_only_a_few_decoded_pictures_a_second_are_kept(stream: Stream, blocks: Blocks) -> None:
    seen = placed(stream([blocks(0)] * 500, fps=50.0), Segmenter(limit(30.0)))
    kept = [one.frame for one in seen if one.frame is not None]
    assert 30 <= len(kept) <= 32


def roughened(frames: Iterable[DecodedFrame], *, smooth: int) -> list[DecodedFrame]:
    """All but every ``smooth``-th one."""
    return [replace(one, is_rough=place % smooth > 0) for place, one in enumerate(frames)]  # type: ignore[type-var]


def test_a_rough_picture_is_kept_only_where_a_shot_begins_with_it(stream: Stream, blocks: Blocks) -> None:
    frames = roughened(stream([blocks(0)] * 99 + [blocks(1)] * 101), smooth=4)
    seen = placed(frames, Segmenter(limit(2.0)))
    assert [one.pts_seconds for one in seen if one.frame is not None and one.frame.is_rough] == [99 / 25]
    assert 99 / 25 in starts(seen)
    assert all(later - earlier <= 2.0 for earlier, later in pairwise([*starts(seen), 8.0]))
    assert sum(one.frame is not None for one in seen) > 20


def test_every_segment_begins_with_a_picture_that_is_kept(stream: Stream, blocks: Blocks) -> None:
    seen = placed(busy(stream, blocks), Segmenter(limit(1.5)))
    assert all(one.frame is not None for one in seen if one.opens is not None)


def test_a_segment_begins_at_every_cut_and_where_the_last_one_is_full(stream: Stream, blocks: Blocks) -> None:
    frames = stream([blocks(0)] * 125 + [blocks(1)] * 50)
    seen = placed(frames, Segmenter(limit(2.0)))
    assert starts(seen) == [0.0, 2.0, 4.0, 5.0]
    assert [one.pts_seconds for one in seen if one.cut is not None] == [5.0]


@pytest.mark.parametrize("fps", [1.0, 7.3, 24.0, 29.97])
def test_no_segment_is_longer_than_the_limit(stream: Stream, blocks: Blocks, fps: float) -> None:
    segmenter = Segmenter(limit(3.0))
    begun = starts(placed(stream([blocks(0)] * 120, fps=fps), segmenter))
    assert segmenter.end_seconds is not None
    assert max(end - start for start, end in pairwise([*begun, segmenter.end_seconds])) <= 3.0 + 1e-6


def test_a_picture_that_is_shown_longer_than_the_limit_is_a_segment_of_its_own(
    stream: Stream, blocks: Blocks
) -> None:
    assert starts(placed(stream([blocks(0)] * 4, fps=0.1), Segmenter(limit(3.0)))) == [0.0, 10.0, 20.0, 30.0]


def test_the_last_picture_is_taken_to_be_shown_as_long_as_the_one_before(
    stream: Stream, blocks: Blocks
) -> None:
    segmenter = Segmenter(IndexSettings())
    placed(stream([blocks(0)] * 3, start=1.0, fps=2.0), segmenter)
    assert segmenter.end_seconds == 2.5


def test_the_only_picture_is_shown_for_what_the_container_calls_a_frame(
    stream: Stream, blocks: Blocks
) -> None:
    segmenter = Segmenter(IndexSettings(), fps=10.0)
    [seen] = placed(stream([blocks(0)], start=3.0), segmenter)
    assert (seen.opens, segmenter.end_seconds) == (SegmentStart(0.0, 0.0, 0.0), 3.1)


def test_a_film_begins_at_zero_also_where_its_first_frame_comes_late(stream: Stream, blocks: Blocks) -> None:
    """Sound comes first: until then a player shows that frame, or nothing."""
    assert starts(placed(stream([blocks(0)] * 100, start=5.0), Segmenter(limit(7.0)))) == [0.0, 7.0]


def test_no_picture_is_no_segment() -> None:
    segmenter = Segmenter(IndexSettings())
    assert (placed([], segmenter), segmenter.end_seconds) == ([], None)


def test_pictures_without_a_time_of_their_own_are_dropped(stream: Stream, blocks: Blocks) -> None:
    first, second = stream([blocks(0)] * 2)
    seen = placed([first, first, second, first], Segmenter(IndexSettings()))
    assert [one.pts_seconds for one in seen] == times([first, second])


def _mixed(a: Image, b: Image, share: float) -> Image:
    return np.asarray(a * (1 - share) + b * share, np.uint8)


def busy(stream: Stream, blocks: Blocks) -> Sequence[DecodedFrame]:
    """Cuts, fades, a dissolve, flashes and noise, at an uneven rhythm."""
    noise = np.random.default_rng(5)
    white = np.full_like(blocks(0), 255)
    images: list[Image] = []
    for seed in range(6):
        images += [blocks(seed)] * int(noise.integers(15, 60))
        images += [white] * int(noise.integers(0, 4)) + [blocks(seed)] * 12
        images += [np.asarray(blocks(seed) * level, np.uint8) for level in np.linspace(1, 0, 15) if seed % 2]
        images += [np.zeros_like(white)] * (10 if seed % 2 else 0)
        images += [
            _mixed(blocks(seed), blocks(seed + 1), share) for share in np.linspace(0, 1, 20) if seed == 2
        ]
        images += [noise.integers(0, 255, white.shape).astype(np.uint8) for _ in range(10)]
    return stream(images)


def test_going_on_from_any_mark_gives_what_an_uninterrupted_run_gives(stream: Stream, blocks: Blocks) -> None:
    frames = busy(stream, blocks)
    straight = placed(frames, Segmenter(limit(1.5)))
    places = [index for index, seen in enumerate(straight) if seen.opens is not None]
    assert len(places) > 10
    for place in places[1:]:
        mark = straight[place].opens
        assert mark is not None
        rest = [frame for frame in frames if frame.pts_seconds >= mark.warm_up_seconds]
        resumed = placed(rest, Segmenter(limit(1.5), mark=mark))
        # The cut that opens the first segment was reported by the run that found it.
        assert [told(one) for one in resumed] == [told(one) for one in straight[place:]]
        assert [one.cut for one in resumed[1:]] == [one.cut for one in straight[place + 1 :]]


def told(seen: SeenFrame) -> tuple[float, DecodedFrame | None, SegmentStart | None]:
    return seen.pts_seconds, seen.frame, seen.opens


@pytest.mark.parametrize("seed", range(4))
def test_a_stream_may_be_sieved_in_pieces(stream: Stream, blocks: Blocks, seed: int) -> None:
    frames = busy(stream, blocks)
    edges = [0, *sorted(np.random.default_rng(seed).integers(1, len(frames), 12).tolist()), len(frames)]
    pieces = [frames[start:end] for start, end in pairwise(edges)]
    settings = limit(1.5)
    in_pieces = [seen for piece in pieces for seen in ThumbnailFilter(settings)(piece)]
    segmenter = Segmenter(settings)
    found = [*(seen for one in in_pieces for seen in segmenter.push(one)), *segmenter.finish()]
    straight = placed(frames, Segmenter(settings))
    assert [(told(one), one.cut) for one in found] == [(told(one), one.cut) for one in straight]


def test_a_sieve_keeps_few_pictures_where_little_happens(stream: Stream, blocks: Blocks) -> None:
    kept = [
        seen
        for seen in ThumbnailFilter(IndexSettings())(stream([blocks(0)] * 500, fps=50.0))
        if seen.frame is not None
    ]
    assert 30 <= len(kept) <= 32


def test_a_sieve_keeps_every_picture_for_a_detector_it_does_not_know(stream: Stream, blocks: Blocks) -> None:
    settings = IndexSettings(shots=ShotSettings(detector="content"))
    assert all(seen.frame is not None for seen in ThumbnailFilter(settings)(stream([blocks(0)] * 50)))


@pytest.mark.parametrize("gap_seconds", [0.7, 5.0, 900.0])
def test_the_last_picture_before_a_pause_is_kept(stream: Stream, blocks: Blocks, gap_seconds: float) -> None:
    """Though one came just before it, in the same tick, it is what is shown until the next one."""
    quick = stream([blocks(0)] * 3, fps=20.0)
    late = stream([blocks(0)] * 3, start=0.1 + gap_seconds, fps=20.0)
    seen = placed([*quick, *late], Segmenter(IndexSettings()))
    assert [one.pts_seconds for one in seen if one.frame is not None][:3] == [0.0, 0.1, 0.1 + gap_seconds]


def test_a_hole_is_a_segment_and_may_be_gone_on_from(stream: Stream, blocks: Blocks) -> None:
    frames = [*stream([blocks(0)] * 300, fps=10.0), *stream([blocks(1)] * 300, start=7000.0, fps=10.0)]

    def is_hole(start: float, end: float) -> bool:
        return end - start > 1000.0

    straight = placed(frames, Segmenter(limit(5.0), is_hole=is_hole))
    (hole,) = [one for one in straight if one.is_hole]
    assert hole.opens is not None
    assert hole.opens.start_seconds == pytest.approx(30.0)
    assert hole.frame is None
    for place, one in enumerate(straight):
        if one.opens is None or place == 0:
            continue
        rest = [image for image in frames if image.pts_seconds >= one.opens.warm_up_seconds]
        resumed = placed(rest, Segmenter(limit(5.0), mark=one.opens, is_hole=is_hole))
        assert starts(resumed) == starts(straight[place:])
        assert [later.is_hole for later in resumed] == [later.is_hole for later in straight[place:]]
