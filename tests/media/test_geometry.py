"""How a picture is laid down."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import numpy as np
import pytest

from video_vlm.media.geometry import Orientation, displayed_size, fit

ALL = [Orientation(*flags) for flags in product((False, True), repeat=3)]
PICTURE = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)


@pytest.mark.parametrize(
    ("matrix", "expected", "rotation"),
    [
        ((1, 0, 0, 1), PICTURE, 0),
        ((0, 1, -1, 0), np.rot90(PICTURE, -1), 90),
        ((-1, 0, 0, -1), np.rot90(PICTURE, 2), 180),
        ((0, -1, 1, 0), np.rot90(PICTURE, 1), 270),
        ((-1, 0, 0, 1), PICTURE[:, ::-1], 0),
        ((1, 0, 0, -1), PICTURE[::-1], 0),
        ((0, 1, 1, 0), PICTURE.transpose(1, 0, 2), 90),
    ],
)
def test_a_display_matrix_turns_and_mirrors(
    matrix: tuple[int, int, int, int], expected: np.ndarray, rotation: int
) -> None:
    orientation = Orientation.from_matrix(*(65536 * number for number in matrix))
    assert np.array_equal(orientation.apply(PICTURE), expected)
    assert orientation.rotation == rotation


@pytest.mark.parametrize("orientation", ALL)
def test_undoing_gives_the_picture_back(orientation: Orientation) -> None:
    assert np.array_equal(orientation.undo(orientation.apply(PICTURE)), PICTURE)


def test_four_of_the_eight_are_mirrors() -> None:
    assert sum(orientation.reflected for orientation in ALL) == 4
    assert not Orientation().reflected


@pytest.mark.parametrize(
    ("aspect", "size"),
    [
        (None, (720, 576)),
        (Fraction(16, 15), (768, 576)),
        (Fraction(224, 225), (720, 576)),
        (Fraction(0), (720, 576)),
    ],
)
def test_pixels_are_made_square(aspect: Fraction | None, size: tuple[int, int]) -> None:
    assert displayed_size(720, 576, aspect) == size


@pytest.mark.parametrize(
    ("size", "max_side", "fitted"),
    [
        ((1920, 1080), 1280, (1280, 720)),
        ((100, 50), 200, (100, 50)),
        ((4000, 1), 10, (10, 1)),
        ((9, 9), None, (9, 9)),
    ],
)
def test_a_picture_is_fitted_but_never_enlarged(
    size: tuple[int, int], max_side: int | None, fitted: tuple[int, int]
) -> None:
    assert fit(size, max_side) == fitted
