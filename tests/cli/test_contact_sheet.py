"""A picture of pictures."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from video_vlm.cli.contact_sheet import BLANK, GAP, TILE_HEIGHT, TILE_WIDTH, contact_sheet, save_contact_sheet
from video_vlm.errors import VideoQAError


def poster(colour: str, size: tuple[int, int] = (192, 108)) -> bytes:
    target = io.BytesIO()
    Image.new("RGB", size, colour).save(target, "JPEG")
    return target.getvalue()


def centre_of_tile(sheet: Image.Image, column: int, row: int, rows: int) -> tuple[int, ...]:
    step = (sheet.height - GAP) // rows
    pixel = sheet.getpixel(
        (GAP + column * (TILE_WIDTH + GAP) + TILE_WIDTH // 2, GAP + row * step + TILE_HEIGHT // 2)
    )
    assert isinstance(pixel, tuple)
    return pixel


def test_pictures_stand_in_reading_order() -> None:
    sheet = contact_sheet(
        [("0:00", poster("red")), ("0:10", poster("lime")), ("0:20", poster("blue"))], columns=2
    )

    tiles = [centre_of_tile(sheet, *at, rows=2) for at in ((0, 0), (1, 0), (0, 1))]

    assert [tile.index(max(tile)) for tile in tiles] == [0, 1, 2]


def test_a_moment_without_a_picture_leaves_an_empty_tile() -> None:
    assert centre_of_tile(contact_sheet([("0:00", None)]), 0, 0, rows=1) == BLANK


def test_no_moments_at_all_still_make_a_picture() -> None:
    assert contact_sheet([]).width > 0


@pytest.mark.parametrize("ending", [".jpg", ".png"])
def test_the_ending_says_the_format(tmp_path: Path, ending: str) -> None:
    save_contact_sheet([("0:00", poster("red"))], tmp_path / f"sheet{ending}")

    with Image.open(tmp_path / f"sheet{ending}") as sheet:
        assert sheet.format == {".jpg": "JPEG", ".png": "PNG"}[ending]


def test_an_ending_that_is_no_picture_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(VideoQAError, match=r"sheet\.docx.*\.jpg"):
        save_contact_sheet([], tmp_path / "sheet.docx")
