"""Draw which tokens merge: the pictures of docs/internals/encoder.md, from frames of the sample film.

    python -m examples.encoder_pictures docs/pictures

Tokens here are patches of 40 pixels as they are, without a tower, so that what is seen is what is compared.
In the lower row of each picture every patch has the colour of the token it went into; what is paler was there
in the frame before and costs nothing, and a dark line stands between different tokens.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from einops import rearrange
from PIL import Image, ImageDraw
from torch import Tensor

from examples.sample_film import picture
from video_vlm.encoder.frame_merge import merge_frames
from video_vlm.encoder.mergers import merge_to
from video_vlm.encoder.tokens import patch_tokens

PATCH, ROWS, COLUMNS = 40, 9, 16
"""Pixels, and patches in a frame of 640x360."""

TILE, GAP, INK, PAPER = 10, 6, (30, 30, 30), (250, 250, 248)


def frames_at(times: list[float]) -> Tensor:
    """The film's frames, ``(1 frames height width channels)`` in ``[-1, 1]``."""
    return torch.from_numpy(np.stack([np.asarray(picture(time)) for time in times]))[None].float() / 127.5 - 1


def patches_of(frames: Tensor) -> Tensor:
    """Each patch as 4x4 coarse pixels: ``(1 frames positions width)``."""
    coarse = rearrange(
        frames, "b f (r h a) (c w d) k -> b f (r c) (h w k) (a d)", r=ROWS, c=COLUMNS, h=4, w=4
    )
    return coarse.mean(dim=-1)


def strip(frames: Tensor, owner: Tensor) -> Image.Image:
    """Frames above, tokens below; ``owner`` ``(frames positions)``."""
    width, height = COLUMNS * TILE, ROWS * TILE
    sheet = Image.new("RGB", (len(owner) * (width + GAP) + GAP, 2 * height + 3 * GAP), PAPER)
    draw = ImageDraw.Draw(sheet)
    colours = token_colours(frames, owner)
    for number, frame in enumerate(((frames[0] + 1) * 127.5).byte().numpy()):
        left = GAP + number * (width + GAP)
        sheet.paste(Image.fromarray(frame).resize((width, height)), (left, GAP))
        before = set(owner[number - 1].tolist()) if number else set()
        paint(draw, owner[number].view(ROWS, COLUMNS), colours, before, at=(left, 2 * GAP + height))
    return sheet


def token_colours(frames: Tensor, owner: Tensor) -> Tensor:
    """The mean colour of each token, ``(tokens 3)`` in ``[0, 255]``."""
    flat = rearrange(frames[0], "f (r h) (c w) k -> (f r c) (h w) k", r=ROWS, c=COLUMNS).mean(dim=1)
    total = torch.zeros(int(owner.max()) + 1, 3).index_add(0, owner.flatten(), flat)
    return (total / torch.bincount(owner.flatten())[:, None] + 1) * 127.5


def paint(
    draw: ImageDraw.ImageDraw, owner: Tensor, colours: Tensor, before: set[int], *, at: tuple[int, int]
) -> None:
    """One frame's tokens."""
    for row in range(ROWS):
        for column in range(COLUMNS):
            token = int(owner[row, column])
            colour = colours[token]
            shown = (colour + 2 * torch.tensor(PAPER)) / 3 if token in before else colour
            left, top = at[0] + column * TILE, at[1] + row * TILE
            red, green, blue = (int(value) for value in shown)
            draw.rectangle((left, top, left + TILE - 1, top + TILE - 1), fill=(red, green, blue))
            if column and int(owner[row, column - 1]) != token:
                draw.line((left, top, left, top + TILE - 1), fill=INK)
            if row and int(owner[row - 1, column]) != token:
                draw.line((left, top, left + TILE - 1, top), fill=INK)


def folded(times: list[float], *, num_frames: int) -> Image.Image:
    """Whole frames folded: neighbours that look alike are one."""
    frames = frames_at(times)
    groups = merge_frames(patches_of(frames), weight=torch.ones(1, len(times)), num_frames=num_frames).owner[
        0
    ]
    return strip(frames, groups[:, None] * ROWS * COLUMNS + torch.arange(ROWS * COLUMNS))


def spent(times: list[float], *, num_tokens: int, merger: str) -> Image.Image:
    """A budget of tokens, spent by the merger of that name."""
    frames = frames_at(times)
    tokens = patch_tokens(patches_of(frames), torch.tensor([times], dtype=torch.float64))
    merged = merge_to(merger, tokens, num_tokens=num_tokens, num_frames=len(times)).patches
    return strip(frames, merged.owner.view(len(times), ROWS * COLUMNS))


def main() -> None:
    """Write all pictures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="where to write them, e.g. docs/pictures")
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    across_a_cut = [11.0, 11.5, 12.0, 12.5, 13.0, 13.5, 14.0, 14.5]
    cart = [30.0 + 0.5 * step for step in range(8)]
    folded(across_a_cut, num_frames=4).save(folder / "fold.png", optimize=True)
    spent(cart, num_tokens=288, merger="tree").save(folder / "trees.png", optimize=True)
    spent(cart, num_tokens=288, merger="per-position").save(folder / "places.png", optimize=True)
    print(f"three pictures in {folder}")


if __name__ == "__main__":
    main()
