"""Colours and brightness in words."""

from __future__ import annotations

import numpy as np
import pytest

from video_vlm.perception.dominant_colors import DominantColorObserver, colour_shares
from video_vlm.records import Image, Observation, ObservationKind, Span
from video_vlm.settings import IndexSettings


def plain(*colours: tuple[int, int, int]) -> Image:
    """Equal stripes of colours, 64 x 36."""
    return np.concatenate(
        [np.full((36, 64 // len(colours), 3), colour, np.uint8) for colour in colours], axis=1
    )


def look_at(*images: Image) -> str:
    observer = DominantColorObserver(IndexSettings())
    for index, image in enumerate(images):
        observer.glance(float(index), image)
    [observation] = observer.close_segment(Span(0.0, float(len(images))))
    return observation.text


@pytest.mark.parametrize(
    ("colour", "name"),
    [
        ((0, 0, 0), "mostly black, dark"),
        ((255, 255, 255), "mostly white, bright"),
        ((128, 128, 128), "mostly grey"),
        ((200, 20, 20), "mostly red"),
        ((30, 150, 50), "mostly green"),
        ((40, 80, 220), "mostly blue"),
        ((10, 20, 90), "mostly dark blue, dark"),
        ((250, 215, 30), "mostly yellow"),
        ((240, 130, 20), "mostly orange"),
        ((120, 75, 40), "mostly brown"),
        ((130, 40, 160), "mostly purple"),
        ((245, 150, 190), "mostly pink, bright"),
        ((150, 200, 240), "mostly light blue, bright"),
    ],
)
def test_plain_colours_have_the_names_people_give_them(colour: tuple[int, int, int], name: str) -> None:
    assert look_at(plain(colour)) == name


def test_several_colours_are_named_the_largest_first() -> None:
    white, blue = (255, 255, 255), (20, 30, 100)
    assert look_at(plain(white, white, blue, white)) == "mostly white and dark blue, bright"


def test_small_patches_are_not_worth_a_name() -> None:
    image = plain((255, 255, 255))
    image[:6, :6] = (200, 20, 20)
    assert look_at(image) == "mostly white, bright"


def test_shares_add_up() -> None:
    noise = np.random.default_rng(0).integers(0, 255, (36, 64, 3)).astype(np.uint8)
    assert colour_shares(noise).sum() == pytest.approx(1.0)


def test_a_segment_does_not_remember_the_one_before() -> None:
    observer = DominantColorObserver(IndexSettings())
    observer.glance(0.0, plain((200, 20, 20)))
    list(observer.close_segment(Span(0.0, 0.4)))
    observer.glance(0.4, plain((40, 80, 220)))
    [observation] = observer.close_segment(Span(0.4, 1.0))
    assert observation.text == "mostly blue"


def test_a_segment_nobody_saw_is_not_described() -> None:
    assert list(DominantColorObserver(IndexSettings()).close_segment(Span(0.0, 1.0))) == []


def test_neighbours_that_look_the_same_become_one() -> None:
    def seen(start: float, end: float, text: str) -> Observation:
        return Observation(Span(start, end), ObservationKind.LOOK, text, "look", 0.8)

    said = [
        seen(0, 30, "mostly red"),
        seen(30, 60, "mostly red"),
        seen(60, 70, "mostly blue"),
        seen(80, 90, "mostly blue"),
    ]
    assert list(DominantColorObserver(IndexSettings()).finish(said)) == [
        seen(0, 60, "mostly red"),
        seen(60, 70, "mostly blue"),
        seen(80, 90, "mostly blue"),
    ]
