"""Contact sheets: thumbnails in a grid, each with its time below."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from video_vlm.errors import SettingsError
from video_vlm.outputs import NEW_FILES, Outputs

__all__ = ["check_ending", "contact_sheet", "draw_tile", "save_contact_sheet", "save_image"]

FORMATS = (".jpg", ".jpeg", ".png", ".webp")

TILE_WIDTH, TILE_HEIGHT, CAPTION_HEIGHT, GAP = 200, 150, 22, 8
"""In pixels; a thumbnail is scaled to fit its tile without being cut."""

PAPER, INK, BLANK = (250, 250, 248), (30, 30, 30), (222, 222, 220)


def contact_sheet(posters: Sequence[tuple[str, bytes | None]], *, columns: int = 5) -> Image.Image:
    """Draw ``(caption, JPEG bytes)`` in reading order; None instead of bytes leaves an empty tile."""
    columns = max(1, min(columns, len(posters)))
    rows = max(1, math.ceil(len(posters) / columns))
    step_x, step_y = TILE_WIDTH + GAP, TILE_HEIGHT + CAPTION_HEIGHT + GAP
    sheet = Image.new("RGB", (GAP + columns * step_x, GAP + rows * step_y), PAPER)
    draw = ImageDraw.Draw(sheet)
    for index, (caption, jpeg) in enumerate(posters):
        left, top = GAP + (index % columns) * step_x, GAP + (index // columns) * step_y
        draw_tile(sheet, jpeg, (left, top), (TILE_WIDTH, TILE_HEIGHT))
        middle = (left + TILE_WIDTH / 2, top + TILE_HEIGHT + CAPTION_HEIGHT / 2)
        draw.text(middle, caption, fill=INK, font=ImageFont.load_default(14), anchor="mm")
    return sheet


def draw_tile(
    sheet: Image.Image, jpeg: bytes | None, corner: tuple[int, int], size: tuple[int, int]
) -> tuple[int, int, int, int]:
    """Draw an empty tile with a thumbnail in its middle, if there is one.

    Args:
        sheet: The image to draw on.
        jpeg: The thumbnail.
        corner: Left and top of the tile, in pixels.
        size: Width and height of the tile, in pixels.

    Returns:
        Left, top, right and bottom of the tile, in pixels.
    """
    (left, top), (width, height) = corner, size
    tile = (left, top, left + width - 1, top + height - 1)
    ImageDraw.Draw(sheet).rectangle(tile, fill=BLANK)
    if jpeg is not None:
        small = Image.open(io.BytesIO(jpeg)).convert("RGB")
        small.thumbnail(size)
        sheet.paste(small, (left + (width - small.width) // 2, top + (height - small.height) // 2))
    return tile


def check_ending(path: Path) -> None:
    """Check that the ending of a file is that of an image format.

    Raises:
        SettingsError: it is not.
    """
    if path.suffix.lower() not in FORMATS:
        raise SettingsError(f"{path}: a contact sheet is a picture: end its name in {', '.join(FORMATS)}")


def save_contact_sheet(
    posters: Sequence[tuple[str, bytes | None]], path: Path, *, outputs: Outputs = NEW_FILES
) -> None:
    """Write :func:`contact_sheet` to ``path``, in the format of its ending.

    Raises:
        SettingsError: the ending is not that of an image format.
        OutputError: it cannot be written there.
    """
    check_ending(path)
    save_image(contact_sheet(posters), path, outputs=outputs)


def save_image(picture: Image.Image, path: Path, *, outputs: Outputs = NEW_FILES) -> None:
    """Write an image to ``path``, in the format of its ending.

    Raises:
        OutputError: it cannot be written there.
    """
    with outputs.open(path) as file:
        picture.save(file, Image.registered_extensions()[path.suffix.lower()])
