"""Representative frames: at least one, sharp, one for each new thing, picked by time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import cv2
import numpy as np
import pytest

from video_vlm.protocols import DecodedFrame
from video_vlm.records import Image, Span
from video_vlm.samplers.representative import Representative, RepresentativePicker
from video_vlm.settings import FrameSettings

Stream = Callable[..., Sequence[DecodedFrame]]
Blocks = Callable[[int], Image]


def slide(*lines: str) -> Image:
    """A white slide with small lines of text, 640 x 360."""
    image = np.full((360, 640, 3), 255, np.uint8)
    for row, line in enumerate(lines):
        cv2.putText(image, line, (40, 60 + 40 * row), cv2.FONT_HERSHEY_SIMPLEX, 0.7, (0, 0, 0), 1)
    return image


def picked(
    frames: Sequence[DecodedFrame], *, end: float, settings: FrameSettings | None = None
) -> list[Representative]:
    picker = RepresentativePicker(settings or FrameSettings(), start_seconds=frames[0].pts_seconds)
    return [*(one for frame in frames for one in picker.push(frame)), *picker.close(end_seconds=end)]


def test_a_still_picture_is_represented_once(stream: Stream, blocks: Blocks) -> None:
    [one] = picked(stream([blocks(1)] * 500, start=7.0), end=27.0)
    assert (one.picture.pts_seconds, one.span) == (7.0, Span(7.0, 27.0))


def test_one_picture_represents_itself(stream: Stream, blocks: Blocks) -> None:
    frames = stream([blocks(1)])
    assert [one.picture for one in picked(frames, end=0.04)] == list(frames)


def test_a_rough_picture_stands_only_where_there_is_no_other(stream: Stream, blocks: Blocks) -> None:
    blurred = np.asarray(cv2.GaussianBlur(blocks(1), (9, 9), 3), np.uint8)
    rough, smooth = stream([blocks(1), blurred])
    rough = replace(rough, is_rough=True)  # type: ignore[type-var]
    assert [one.picture for one in picked([rough, smooth], end=0.08)] == [smooth]
    assert [one.picture for one in picked([rough], end=0.04)] == [rough]


@pytest.mark.parametrize("colour", [0, 128, 255])
def test_a_bare_colour_is_represented_where_there_is_nothing_else(stream: Stream, colour: int) -> None:
    [one] = picked(stream([np.full((36, 64, 3), colour, np.uint8)] * 100), end=4.0)
    assert one.span == Span(0.0, 4.0)


def test_black_before_the_picture_is_not_what_represents_it(stream: Stream, blocks: Blocks) -> None:
    [one] = picked(stream([np.zeros((120, 160, 3), np.uint8)] * 50 + [blocks(1)] * 50), end=4.0)
    assert one.picture.pts_seconds >= 2.0
    assert one.span == Span(0.0, 4.0)


def test_a_new_line_on_a_slide_is_a_new_representative(stream: Stream) -> None:
    lines = ["Agenda", "budget", "a word"]
    images = [slide(*lines[: 1 + index // 100]) for index in range(300)]
    found = picked(stream(images), end=12.0)
    assert [one.picture.frame().image.tolist() for one in found] == [
        slide(*lines[:n]).tolist() for n in (1, 2, 3)
    ]


def test_what_they_stand_for_tiles_the_segment(stream: Stream) -> None:
    images = [slide(f"page {index // 60}", "text") for index in range(300)]
    found = picked(stream(images, start=5.0), end=17.0)
    assert len(found) > 2
    assert [one.span.start for one in found] == [5.0, *(one.span.end for one in found[:-1])]
    assert found[-1].span.end == 17.0
    assert all(one.span.contains(one.picture.pts_seconds) for one in found)


def test_the_sharpest_of_a_window_is_taken(stream: Stream, blocks: Blocks) -> None:
    blurred = np.asarray(cv2.GaussianBlur(blocks(1), (0, 0), 6), np.uint8)
    [one] = picked(stream([blurred] * 15 + [blocks(1)] * 8), end=0.92)
    assert one.picture.frame().image.tolist() == blocks(1).tolist()


def test_what_only_moves_is_not_kept_every_second(stream: Stream) -> None:
    images = []
    for index in range(500):
        image = np.full((90, 160, 3), 128, np.uint8)
        cv2.circle(image, (10 + index * 7 % 140, 45), 8, (250, 30, 30), -1)
        images.append(image)
    assert 3 <= len(picked(stream(images), end=20.0)) <= 8


def test_there_are_no_more_than_the_windows_allow(stream: Stream) -> None:
    noise = np.random.default_rng(0)
    images = [noise.integers(0, 255, (36, 64, 3)).astype(np.uint8) for _ in range(250)]
    assert len(picked(stream(images), end=10.0, settings=FrameSettings(candidate_seconds=2.0))) <= 5


def test_picking_is_by_time_and_not_by_position(stream: Stream, blocks: Blocks) -> None:
    # 100 pictures in the first second, then one a second: the crowd gets no more than its second.
    images = [slide("crowd", str(index)) for index in range(100)] + [
        slide("page", "x" * index) for index in range(1, 9)
    ]
    seconds = [*np.linspace(0, 0.99, 100).tolist(), *range(1, 9)]
    frames = [stream([image], start=time)[0] for time, image in zip(seconds, images, strict=True)]
    assert sum(one.picture.pts_seconds < 1 for one in picked(frames, end=9.0)) == 1


def test_pictures_may_change_their_size_in_mid_segment(stream: Stream, blocks: Blocks) -> None:
    small = blocks(1)[::4, ::2].copy()
    assert picked(stream([blocks(1)] * 50 + [small] * 50), end=4.0)[-1].span.end == 4.0


@pytest.mark.parametrize("after_seconds", [0.05, 0.9, 1.4])
@pytest.mark.parametrize("held_seconds", [3.0, 10.0, 3600.0])
def test_a_line_that_comes_and_stays_is_kept_although_no_picture_follows(
    stream: Stream, after_seconds: float, held_seconds: float
) -> None:
    """A screen recorder writes the next picture when the screen changes again."""
    (first,) = stream([slide("Agenda", "Oars and sails", "Knots")])
    (then,) = stream([slide("Agenda", "Oars and sails")], start=after_seconds)
    found = picked([first, then], end=after_seconds + held_seconds)
    assert then in [one.picture for one in found]
    assert found[-1].span == Span(found[-1].span.start, after_seconds + held_seconds)
    assert found[-1].picture is then
