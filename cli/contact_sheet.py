"""One picture of many: posters in a grid, each with its time below."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from video_vlm.errors import SettingsError
from video_vlm.outputs import NEW_FILES, Outputs

__all__ = ["check_ending", "contact_sheet", "save_contact_sheet", "save_image"]

FORMATS = (".jpg", ".jpeg", ".png", ".webp")

TILE_WIDTH, TILE_HEIGHT, CAPTION_HEIGHT, GAP = 200, 150, 22, 8
"""Pixels; a picture is made to fit its tile without being cut."""

PAPER, INK, BLANK = (250, 250, 248), (30, 30, 30), (222, 222, 220)


def contact_sheet(posters: Sequence[tuple[str, bytes | None]], *, columns: int = 5) -> Image.Image:
    """Draw ``(caption, JPEG bytes)`` in reading order; a moment without a picture leaves an empty tile."""
    columns = max(1, min(columns, len(posters)))
    rows = max(1, math.ceil(len(posters) / columns))
    step_x, step_y = TILE_WIDTH + GAP, TILE_HEIGHT + CAPTION_HEIGHT + GAP
    sheet = Image.new("RGB", (GAP + columns * step_x, GAP + rows * step_y), PAPER)
    draw = ImageDraw.Draw(sheet)
    for index, (caption, jpeg) in enumerate(posters):
        left, top = GAP + (index % columns) * step_x, GAP + (index // columns) * step_y
        draw.rectangle((left, top, left + TILE_WIDTH - 1, top + TILE_HEIGHT - 1), fill=BLANK)
        if jpeg is not None:
            picture = Image.open(io.BytesIO(jpeg)).convert("RGB")
            picture.thumbnail((TILE_WIDTH, TILE_HEIGHT))
            sheet.paste(
                picture, (left + (TILE_WIDTH - picture.width) // 2, top + (TILE_HEIGHT - picture.height) // 2)
            )
        middle = (left + TILE_WIDTH / 2, top + TILE_HEIGHT + CAPTION_HEIGHT / 2)
        draw.text(middle, caption, fill=INK, font=ImageFont.load_default(14), anchor="mm")
    return sheet


def check_ending(path: Path) -> None:
    """Whether a sheet can be written under this name.

    Raises:
        SettingsError: the ending is that of no picture format.
    """
    if path.suffix.lower() not in FORMATS:
        raise SettingsError(f"{path}: a contact sheet is a picture: end its name in {', '.join(FORMATS)}")


def save_contact_sheet(
    posters: Sequence[tuple[str, bytes | None]], path: Path, *, outputs: Outputs = NEW_FILES
) -> None:
    """Write :func:`contact_sheet` to ``path``; the ending says the format.

    Raises:
        SettingsError: the ending is that of no picture format.
        OutputError: it cannot be written there.
    """
    check_ending(path)
    save_image(contact_sheet(posters), path, outputs=outputs)


def save_image(picture: Image.Image, path: Path, *, outputs: Outputs = NEW_FILES) -> None:
    """Raises:
    OutputError: it cannot be written there.
    """
    with outputs.open(path) as file:
        picture.save(file, Image.registered_extensions()[path.suffix.lower()])
