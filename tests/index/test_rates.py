"""The same film has the same cuts at any rate, in any container, and each slide its own frame; fast or in
full."""

from __future__ import annotations

import random
from collections.abc import Sequence
from fractions import Fraction
from itertools import accumulate
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from video_vlm.index import index_video
from video_vlm.index.hierarchy import SHOTS
from video_vlm.memory import open_library
from video_vlm.records import Image, Level
from video_vlm.settings import IndexSettings, Speed

SIZE = (160, 96)
CODECS = {".mp4": "libx264", ".mkv": "libx264", ".webm": "libvpx", ".gif": "gif"}
RATES = (0.2, 1.0, 2.0, 5.0, 12.5, 25.0, 60.0)
NEAR_SECONDS = 0.12  # a GIF counts in hundredths of a second, and a fast run skips a picture


def slide(seed: int) -> Image:
    """A ground of one colour with three bars of others: no two are alike."""
    rng = np.random.default_rng(seed)
    image = np.empty((SIZE[1], SIZE[0], 3), np.uint8)
    image[:] = rng.integers(0, 255, 3)
    for bar in range(3):
        left = int(rng.integers(0, 80))
        cv2.rectangle(
            image, (left, 8 + 30 * bar), (left + 70, 30 + 30 * bar), rng.integers(0, 255, 3).tolist(), -1
        )
    return image


def write(path: Path, slides: Sequence[Image], starts: Sequence[float], times: Sequence[float]) -> Path:
    with av.open(str(path), "w") as container:
        codec = CODECS[path.suffix]
        options = {"preset": "ultrafast"} if codec == "libx264" else {}
        video: Any = container.add_stream(codec, rate=25, options=options)
        video.width, video.height = SIZE
        video.pix_fmt = "rgb8" if codec == "gif" else "yuv420p"
        tick = Fraction(1, 100 if codec == "gif" else 1000)
        video.codec_context.time_base = tick
        for seconds in times:
            image = slides[int(np.searchsorted(starts, seconds + 1e-6, side="right")) - 1]
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame.pts, frame.time_base = round(seconds / tick), tick
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
    return path


@pytest.mark.parametrize("speed", ["full", "fast"])
@pytest.mark.parametrize("seed", range(14))
def test_slides_are_found_when_they_come_and_each_has_its_own_frame(
    tmp_path: Path, seed: int, speed: Speed
) -> None:
    draw = random.Random(seed)
    slides = [slide(100 * seed + number) for number in range(draw.randint(3, 6))]
    rate = RATES[seed // 2 % len(RATES)] if seed % 2 else None
    least = 2 / rate if rate else 0.0
    # Cuts on a beat of keyframes are what a fast run may not tell from the beat (docs/internals/analysis.md).
    off_beat = 0.3 if speed == "fast" and rate else 0.0
    choice = [2.0, 3.0] if rate == 60.0 else [2.0, 5.0, 8.0, 20.0]
    lengths = [
        max(least, draw.choice(choice) + off_beat * number) for number, _ in enumerate(slides, start=1)
    ]
    starts = [0.0, *accumulate(lengths)][:-1]
    times = starts if rate is None else [number / rate for number in range(int(sum(lengths) * rate))]
    # A fast run does not tell the packets with which VP8 makes a still sharper from those of a cut.
    suffix = draw.choice([".mp4", ".mkv"] if rate in (12.5, 25.0, 60.0) else sorted(CODECS))
    film = write(tmp_path / f"film{suffix}", slides, starts, times)
    with open_library(tmp_path / "library") as library:
        settings = IndexSettings(observers=("look",), speed=speed)
        memory = library.memory(index_video(film, library, settings=settings).video.content_id)
        begins = memory.video.start_seconds
        cuts = [one.span.start - begins for one in memory.observations() if one.source == SHOTS]
        frames = [node.span.start - begins for node in memory.nodes(Level.FRAME)]
    wanted = [next(time for time in times if time >= start - 1e-6) for start in starts]
    assert cuts == pytest.approx(wanted[1:], abs=NEAR_SECONDS), (suffix, rate)
    for start, end in zip(wanted, [*wanted[1:], sum(lengths)], strict=True):
        assert any(start - NEAR_SECONDS <= frame < end - NEAR_SECONDS for frame in frames), (
            suffix,
            rate,
            start,
        )
