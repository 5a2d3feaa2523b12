"""A plan as one picture: the shots of a video as a band, the planned times marked in it, posters and reasons
below."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw, ImageFont

from video_vlm.cli.contact_sheet import BLANK, GAP, INK, PAPER, save_image
from video_vlm.records import Level, Sample, Shot, Span, clock

if TYPE_CHECKING:
    from video_vlm.memory import MemoryView
    from video_vlm.outputs import Outputs
    from video_vlm.relook import LookPlan

__all__ = ["save_timeline", "timeline"]

COLUMNS, TILE_WIDTH, TILE_HEIGHT, LINE = 8, 160, 100, 14
BAND_TOP, BAND_HEIGHT = 40, 26
WIDTH = GAP + COLUMNS * (TILE_WIDTH + GAP)
SHADES = ((196, 206, 220), (168, 182, 204))
"""Shots alternate between two shades, so that each cut is an edge."""

COLOURS = ((200, 60, 50), (40, 110, 190), (60, 140, 70), (150, 90, 170), (200, 130, 30), (110, 110, 110))
"""One for each sort of reason, in the order they are met."""


def timeline(planned: LookPlan, posters: Sequence[bytes | None]) -> Image.Image:
    """Draw a plan.

    Args:
        planned: The plan.
        posters: A small JPEG for each of its samples; None leaves an empty tile.
    """
    rows = -(-len(planned.samples) // COLUMNS)
    tiles_top = BAND_TOP + BAND_HEIGHT + 3 * GAP
    picture = Image.new("RGB", (WIDTH, tiles_top + rows * (TILE_HEIGHT + 3 * LINE + GAP)), PAPER)
    draw = ImageDraw.Draw(picture)
    draw.text((GAP, GAP), f"{planned.sampler}, {planned.move}: {len(planned.samples)} pictures", INK, font())
    _draw_band(draw, planned.shots, planned.span)
    colours = dict(_coloured(planned.samples))
    for index, (sample, poster) in enumerate(zip(planned.samples, posters, strict=True)):
        colour = colours[_sort(sample)]
        x = _across(sample.pts_seconds, planned.span)
        draw.line((x, BAND_TOP - 6, x, BAND_TOP + BAND_HEIGHT + 6), fill=colour, width=2)
        left = GAP + index % COLUMNS * (TILE_WIDTH + GAP)
        top = tiles_top + index // COLUMNS * (TILE_HEIGHT + 3 * LINE + GAP)
        _draw_tile(picture, draw, (left, top), poster, colour)
        _draw_caption(draw, (left, top + TILE_HEIGHT + 2), sample)
    return picture


def save_timeline(planned: LookPlan, memory: MemoryView, path: Path, *, outputs: Outputs) -> None:
    """Write :func:`timeline` to ``path``, with the posters the memory has nearest to each planned time."""
    frames = memory.nodes(Level.FRAME)
    posters = []
    for sample in planned.samples:
        nearest = min(frames, key=lambda frame: abs(frame.span.middle - sample.pts_seconds), default=None)
        holding = next((frame for frame in frames if frame.span.contains(sample.pts_seconds)), nearest)
        posters.append(None if holding is None else memory.poster(holding.id))
    save_image(timeline(planned, posters), path, outputs=outputs)


def font() -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(12)


def _across(seconds: float, span: Span) -> float:
    share = (seconds - span.start) / (span.duration_seconds or 1.0)
    return GAP + share * (WIDTH - 2 * GAP)


def _draw_band(draw: ImageDraw.ImageDraw, shots: Sequence[Shot], span: Span) -> None:
    for index, shot in enumerate(shots):
        left, right = _across(shot.span.start, span), _across(shot.span.end, span)
        draw.rectangle((left, BAND_TOP, right, BAND_TOP + BAND_HEIGHT), fill=SHADES[index % 2])
    bottom = BAND_TOP + BAND_HEIGHT + GAP
    draw.text((GAP, bottom), clock(span.start), INK, font())
    draw.text((WIDTH - GAP, bottom), clock(span.end), INK, font(), anchor="ra")


def _draw_tile(
    picture: Image.Image,
    draw: ImageDraw.ImageDraw,
    corner: tuple[int, int],
    poster: bytes | None,
    colour: tuple[int, int, int],
) -> None:
    left, top = corner
    frame = (left, top, left + TILE_WIDTH - 1, top + TILE_HEIGHT - 1)
    draw.rectangle(frame, fill=BLANK)
    if poster is not None:
        small = Image.open(io.BytesIO(poster)).convert("RGB")
        small.thumbnail((TILE_WIDTH, TILE_HEIGHT))
        picture.paste(
            small, (left + (TILE_WIDTH - small.width) // 2, top + (TILE_HEIGHT - small.height) // 2)
        )
    draw.rectangle(frame, outline=colour, width=3)


def _draw_caption(draw: ImageDraw.ImageDraw, corner: tuple[int, int], sample: Sample) -> None:
    left, top = corner
    first, second = _two_lines(f"{clock(sample.pts_seconds)} {sample.reason}")
    draw.text((left, top), first, INK, font())
    draw.text((left, top + LINE), second, INK, font())


def _two_lines(text: str, *, letters: int = 26) -> tuple[str, str]:
    """Broken at a blank, cut at the end of the second line."""
    at = text.rfind(" ", 0, letters + 1) if len(text) > letters else len(text)
    at = at if at > 0 else letters
    rest = text[at:].strip()
    return text[:at], rest if len(rest) <= letters else f"{rest[: letters - 1]}…"


def _sort(sample: Sample) -> str:
    """What sort of reason it is: its first word."""
    return sample.reason.split()[0].rstrip(":") if sample.reason else ""


def _coloured(samples: Sequence[Sample]) -> Iterator[tuple[str, tuple[int, int, int]]]:
    for index, sort in enumerate(dict.fromkeys(_sort(sample) for sample in samples)):
        yield sort, COLOURS[index % len(COLOURS)]
