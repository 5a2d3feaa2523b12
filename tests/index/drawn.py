"""Films drawn at random: slides and moving places, cut, faded and dissolved, at many rates and by many
encoders."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate
from pathlib import Path
from typing import Any, Literal

import av
import cv2
import numpy as np

from video_vlm.records import Image

__all__ = ["DrawnFilm", "Encoding", "drawn_film", "write_film"]

SIZE = (160, 96)
MOST_FRAMES = 1500
RATES = (0.1, 0.5, 1.0, 2.0, 5.0, 8.0, 10.0, 12.0, 15.0, 24.0, 25.0, 30.0, 50.0, 60.0, 120.0, 240.0)
SKIMMED_RATES = RATES[5:14]
KINDS = ("slides", "places", "photos", "grey")
_TICKS = 6000  # a second, of which every rate is a whole number

Join = Literal["cut", "dissolve", "fade"]


@dataclass(frozen=True)
class Encoding:
    """An encoder and what it is told."""

    codec: str
    suffix: str
    options: Mapping[str, str]


@dataclass(frozen=True)
class DrawnFilm:
    """Shots of so many ``seconds``, each joined to the next one by one of ``joins``; ``noise`` is in grey
    levels."""

    seed: int
    kind: str
    seconds: tuple[float, ...]
    joins: tuple[Join, ...]
    rate: float
    noise: float
    encoding: Encoding

    @property
    def starts(self) -> tuple[float, ...]:
        """When each shot but the first begins; the middle of a change that takes time."""
        return tuple(accumulate(self.seconds))[:-1]

    @property
    def times(self) -> tuple[float, ...]:
        """When each picture is shown."""
        return tuple(number / self.rate for number in range(round(sum(self.seconds) * self.rate)))

    def spans(self) -> list[tuple[float, float]]:
        """From the last picture of the old shot to the first one of the new alone."""
        half = {"cut": 0.0, "dissolve": 0.4, "fade": 0.5}
        pairs = zip(self.starts, self.joins, strict=True)
        return [(start - half[join], start + half[join]) for start, join in pairs]


def drawn_film(seed: int, *, rates: Sequence[float] = RATES, joins: Sequence[Join] = ("cut",)) -> DrawnFilm:
    """The film of a seed."""
    draw = random.Random(seed)
    rate = draw.choice(rates)
    encoding = _encoding(draw, rate)
    least = max(1.5, 3.0 / rate)
    lengths: list[float] = []
    beat = int(encoding.options["g"]) / rate if draw.random() < 0.3 and "g" in encoding.options else 0.0
    while sum(lengths) * rate < 0.7 * MOST_FRAMES and sum(lengths) < max(60.0, 8 * least):
        length = draw.uniform(least, 5 * least)
        lengths.append(
            max(1, round(length / beat)) * beat if 0 < beat < 5 * least else round(length * rate) / rate
        )
    every = tuple(draw.choice(joins) if rate >= 8 else "cut" for _ in lengths[1:])
    noise = draw.choice([0.0, 0.0, 1.0, 3.0, 8.0, 20.0])
    return DrawnFilm(seed, draw.choice(KINDS), tuple(lengths), every, rate, noise, encoding)


def _encoding(draw: random.Random, rate: float) -> Encoding:
    codec = draw.choice(["libx264", "libx264", "libx265", "libvpx", "libvpx", "libvpx-vp9", "mpeg4", "mjpeg"])
    options: dict[str, str] = {}
    if draw.random() < 0.6:
        options["g"] = str(
            draw.choice([12, 25, 50, 100, 250, max(1, round(2 * rate)), max(1, round(5 * rate))])
        )
    if codec == "libx264":
        options |= {"preset": draw.choice(["ultrafast", "veryfast"]), "crf": draw.choice(["18", "23", "30"])}
        options |= draw.choice([{}, {"sc_threshold": "0"}, {"bf": "2"}])
    if codec == "libx265":
        more = draw.choice(["", ":scenecut=0", ":bframes=0"])
        options |= {"preset": "ultrafast", "x265-params": f"log-level=none{more}"}
    if codec == "libvpx":
        options |= {"deadline": "realtime", "cpu-used": "8"} | draw.choice(
            [{}, {"crf": "20", "b": "1000000"}]
        )
    if codec == "libvpx-vp9":
        options |= {"deadline": "realtime", "cpu-used": "8", "crf": "34", "b": "0"}
    if codec in ("mpeg4", "mjpeg"):
        options |= draw.choice(
            [{"qscale": "4", "flags": "+qscale", "global_quality": "472"}, {"b": "1500000"}]
        )
    suffix = draw.choice(
        {"libvpx": [".webm", ".mkv"], "libvpx-vp9": [".webm", ".mp4"]}.get(codec, [".mp4", ".mkv"])
    )
    return Encoding(codec, suffix, options)


def frames(film: DrawnFilm) -> Iterator[tuple[float, Image]]:
    """Each picture with its time."""
    rng = np.random.default_rng(film.seed)
    walls = [_wall(rng, film.kind)]
    while len(walls) < len(film.seconds):
        wall = _wall(rng, film.kind)
        if (
            cv2.norm(wall[:, : SIZE[0]], walls[-1][:, : SIZE[0]], cv2.NORM_L1) / (SIZE[0] * SIZE[1] * 3)
            > 30.0
        ):
            walls.append(wall)
    grain = [rng.normal(0, film.noise, (SIZE[1], SIZE[0], 3)) for _ in range(7)] if film.noise else []
    edges = [0.0, *film.starts, sum(film.seconds)]
    for number, seconds in enumerate(film.times):
        shot = int(np.searchsorted(edges, seconds + 1e-9, side="right")) - 1
        image: Any = _shown(film, walls, shot, seconds - edges[shot]).astype(np.float32)
        for join, (start, end) in enumerate(film.spans()):
            if start < seconds < end:
                image = _joined(film, walls, edges, join, seconds)
        if grain:
            image = image + np.roll(grain[number % 7], number * 13, axis=(0, 1))
        yield seconds, np.clip(image, 0, 255).astype(np.uint8)


def _joined(
    film: DrawnFilm, walls: Sequence[Image], edges: Sequence[float], join: int, seconds: float
) -> Any:
    start, end = film.spans()[join]
    share = (seconds - start) / (end - start)
    old, new = (
        _shown(film, walls, shot, seconds - edges[shot]).astype(np.float32) for shot in (join, join + 1)
    )
    if film.joins[join] == "dissolve":
        return (1 - share) * old + share * new
    return max(0.0, 1 - 2 * share) * old + max(0.0, 2 * share - 1) * new


def _shown(film: DrawnFilm, walls: Sequence[Image], shot: int, seconds: float) -> Image:
    """What a shot shows so long after it begins: places pass by and something moves in them."""
    wall = walls[shot]
    if film.kind == "slides":
        return wall[:, : SIZE[0]]
    left = round((wall.shape[1] - SIZE[0]) * min(1.0, abs(seconds) / 30.0)) if film.kind == "places" else 0
    image = wall[:, left : left + SIZE[0]].copy()
    cv2.circle(image, (20 + round(40 * seconds) % 120, 48), 6, (250, 250, 250), -1)
    return np.asarray(image, np.uint8)


def _wall(rng: np.random.Generator, kind: str) -> Image:
    if kind == "slides":
        image = np.empty((SIZE[1], SIZE[0], 3), np.uint8)
        image[:] = rng.integers(0, 255, 3)
        for bar in range(3):
            left = int(rng.integers(0, 80))
            colour = rng.integers(0, 255, 3).tolist()
            cv2.rectangle(image, (left, 8 + 30 * bar), (left + 70, 30 + 30 * bar), colour, -1)
        return image
    coarse = rng.integers(20, 235, (6, 20, 3), np.uint8)
    if kind == "grey":
        coarse = np.repeat(coarse[:, :, :1], 3, axis=2)
    fine = rng.normal(0, 8, (SIZE[1], 2 * SIZE[0], 1))
    wall = cv2.resize(coarse, (2 * SIZE[0], SIZE[1]), interpolation=cv2.INTER_CUBIC)
    return np.asarray(np.clip(wall + fine, 0, 255), np.uint8)


def write_film(path: Path, film: DrawnFilm) -> Path:
    """``path`` with the ending of the encoding."""
    path = path.with_suffix(film.encoding.suffix)
    with av.open(str(path), "w") as container:
        rate = Fraction(film.rate).limit_denominator(1000)
        video: Any = container.add_stream(film.encoding.codec, rate=rate, options=dict(film.encoding.options))
        video.width, video.height = SIZE
        video.pix_fmt = "yuvj420p" if film.encoding.codec == "mjpeg" else "yuv420p"
        video.codec_context.time_base = 1 / rate
        for number, (_, image) in enumerate(frames(film)):
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame.pts, frame.time_base = number, 1 / rate
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
    return path
