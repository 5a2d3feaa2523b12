"""A plan as an image: the shots of a video as a band with the planned times; below, thumbnails and
reasons."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw, ImageFont

from video_vlm.cli.contact_sheet import GAP, INK, PAPER, draw_tile, save_image
from video_vlm.records import Level, Sample, Shot, Span, clock

if TYPE_CHECKING:
    from video_vlm.memory import MemoryView
    from video_vlm.outputs import Outputs
    from video_vlm.relook import LookPlan

__all__ = ["save_timeline", "timeline"]

COLUMNS, TILE_WIDTH, TILE_HEIGHT, LINE = 8, 160, 100, 14
BAND_TOP, BAND_HEIGHT = 40, 26
WIDTH = GAP + COLUMNS * (TILE_WIDTH + GAP)

LETTERS = 26
"""The most letters in a line below a tile."""

SHADES = ((196, 206, 220), (168, 182, 204))
"""Shots alternate between two shades, so that each cut is an edge."""

COLOURS = ((200, 60, 50), (40, 110, 190), (60, 140, 70), (150, 90, 170), (200, 130, 30), (110, 110, 110))
"""One for each kind of reason, in the order of the samples."""


def timeline(planned: LookPlan, posters: Sequence[bytes | None]) -> Image.Image:
    """Draw a plan.

    Args:
        planned: The plan.
        posters: JPEG bytes for each of its samples; None leaves an empty tile.
    """
    rows = -(-len(planned.samples) // COLUMNS)
    tiles_top = BAND_TOP + BAND_HEIGHT + 3 * GAP
    picture = Image.new("RGB", (WIDTH, tiles_top + rows * (TILE_HEIGHT + 3 * LINE + GAP)), PAPER)
    draw = ImageDraw.Draw(picture)
    draw.text((GAP, GAP), f"{planned.sampler}, {planned.move}: {len(planned.samples)} pictures", INK, font())
    _draw_band(draw, planned.shots, planned.span)
    kinds = dict.fromkeys(map(_kind, planned.samples))
    colours = {kind: COLOURS[index % len(COLOURS)] for index, kind in enumerate(kinds)}
    for index, (sample, poster) in enumerate(zip(planned.samples, posters, strict=True)):
        colour = colours[_kind(sample)]
        x = _across(sample.pts_seconds, planned.span)
        draw.line((x, BAND_TOP - 6, x, BAND_TOP + BAND_HEIGHT + 6), fill=colour, width=2)
        left = GAP + index % COLUMNS * (TILE_WIDTH + GAP)
        top = tiles_top + index // COLUMNS * (TILE_HEIGHT + 3 * LINE + GAP)
        tile = draw_tile(picture, poster, (left, top), (TILE_WIDTH, TILE_HEIGHT))
        draw.rectangle(tile, outline=colour, width=3)
        for number, line in enumerate(_two_lines(f"{clock(sample.pts_seconds)} {sample.reason}")):
            draw.text((left, top + TILE_HEIGHT + 2 + number * LINE), line, INK, font())
    return picture


def save_timeline(planned: LookPlan, memory: MemoryView, path: Path, *, outputs: Outputs) -> None:
    """Write :func:`timeline` to ``path``, with the thumbnail of the memory nearest to each planned time.

    Raises:
        OutputError: it cannot be written there.
    """
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


def _two_lines(text: str) -> tuple[str, str]:
    """Two lines of up to :data:`LETTERS`, broken at a blank; the rest is cut off."""
    at = text.rfind(" ", 0, LETTERS + 1) if len(text) > LETTERS else len(text)
    at = at if at > 0 else LETTERS
    rest = text[at:].strip()
    return text[:at], rest if len(rest) <= LETTERS else f"{rest[: LETTERS - 1]}…"


def _kind(sample: Sample) -> str:
    """The kind of a sample's reason: its first word."""
    return sample.reason.split()[0].rstrip(":") if sample.reason else ""
