"""Draw films whose every cut is known: moving cameras over invented places, joined the ways films are.

    python bench/films.py OUT.mp4 [--style ordinary] [--seconds 60] [--size 1280x720] [--codec libx264]
    [--seed 1]

writes ``OUT.mp4`` and, beside it, ``OUT.truth.json``: the hard cuts and the spans of the gradual changes, in
seconds. Styles: ``ordinary`` (every kind of cut, some motion), ``busy`` (fast pans, shaking, grain, many
objects), ``flat`` (slides that hardly change), ``rough`` (few cuts; flashes, whip pans and a strobe that are
none).
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Literal

import av
import cv2
import numpy as np
import numpy.typing as npt
from tqdm import tqdm

__all__ = ["STYLES", "Film", "Gradual", "Truth", "frames", "read_truth", "repeat", "script", "write"]

Picture = npt.NDArray[np.uint8]
Camera = Literal["still", "pan", "tilt", "zoom", "shake", "whip"]
JoinKind = Literal["cut", "dissolve", "fade", "fade-white", "wipe"]

STYLES = ("ordinary", "busy", "flat", "rough")
_MARGIN = 0.5  # of the picture's size: how much of a place lies around what is seen
_TICK = Fraction(1, 90_000)


@dataclass(frozen=True)
class Take:
    """One shot: a place, what the camera does in it, what moves, and the light.

    ``angle`` is another view of the same place; ``flashes`` are seconds into the take at which a flash
    of one to three pictures goes off; ``grain`` is in grey levels.
    """

    seconds: float
    place: int
    angle: int = 0
    camera: Camera = "still"
    speed: float = 0.1
    num_objects: int = 2
    grain: float = 2.0
    light: float = 1.0
    flashes: tuple[float, ...] = ()
    strobe: bool = False


@dataclass(frozen=True)
class Join:
    """How a take ends and the next begins; ``seconds`` is the length of a gradual one."""

    kind: JoinKind = "cut"
    seconds: float = 0.0


@dataclass(frozen=True)
class Gradual:
    """A change that takes time, ``[start, end)`` in seconds."""

    start: float
    end: float
    kind: str


@dataclass(frozen=True)
class Truth:
    """What is true of a film: hard cuts (the time of a shot's first picture) and gradual changes."""

    cuts: tuple[float, ...]
    gradual: tuple[Gradual, ...]
    seconds: float


@dataclass(frozen=True)
class Film:
    """Takes and what joins them (one join fewer than takes)."""

    takes: tuple[Take, ...]
    joins: tuple[Join, ...]
    fps: int = 25
    size: tuple[int, int] = (1280, 720)
    starts: tuple[float, ...] = field(init=False)

    def __post_init__(self) -> None:
        starts = [0.0]
        for take, join in zip(self.takes, self.joins, strict=False):
            overlap = join.seconds if join.kind in {"dissolve", "wipe"} else 0.0
            starts.append(starts[-1] + take.seconds - overlap)
        object.__setattr__(self, "starts", tuple(starts))

    @property
    def seconds(self) -> float:
        return self.starts[-1] + self.takes[-1].seconds

    def truth(self) -> Truth:
        cuts, gradual = [], []
        for join, start in zip(self.joins, self.starts[1:], strict=True):
            half = join.seconds / 2
            if join.kind == "cut":
                cuts.append(math.ceil(start * self.fps - 1e-6) / self.fps)
            elif join.kind in {"dissolve", "wipe"}:
                gradual.append(Gradual(start, start + join.seconds, join.kind))
            else:
                gradual.append(Gradual(start - half, start + half, join.kind))
        return Truth(tuple(cuts), tuple(gradual), self.seconds)


def script(
    style: str, *, seconds: float, seed: int, fps: int = 25, size: tuple[int, int] = (1280, 720)
) -> Film:
    """Invent a film of about ``seconds``; the same seed gives the same film.

    Raises:
        ValueError: no such style.
    """
    if style not in STYLES:
        raise ValueError(f"no style {style!r}; known: {', '.join(STYLES)}")
    chance = np.random.default_rng([seed, STYLES.index(style)])
    takes: list[Take] = []
    joins: list[Join] = []
    length = 0.0
    while length < seconds:
        take = _take(style, chance, takes)
        if takes:
            joins.append(_join(style, chance, min(take.seconds, takes[-1].seconds)))
        takes.append(take)
        length += take.seconds
    return Film(tuple(takes), tuple(joins), fps, size)


def _take(style: str, chance: np.random.Generator, before: Sequence[Take]) -> Take:
    cameras: dict[str, tuple[Camera, ...]] = {
        "ordinary": ("still", "still", "pan", "tilt", "zoom", "shake"),
        "busy": ("pan", "pan", "zoom", "shake", "whip", "tilt"),
        "flat": ("still",),
        "rough": ("whip", "shake", "pan", "zoom"),
    }
    lengths = {"ordinary": (1.2, 7.0), "busy": (1.0, 5.0), "flat": (8.0, 20.0), "rough": (8.0, 20.0)}[style]
    seconds = round(float(chance.uniform(*lengths)), 2)
    again = bool(before) and chance.random() < 0.25
    flashes = (
        tuple(sorted(chance.uniform(0.6, seconds - 0.6, chance.integers(0, 4)))) if style == "rough" else ()
    )
    return Take(
        seconds,
        place=before[-1].place if again else int(chance.integers(1 << 30)),
        angle=before[-1].angle + 1 if again else 0,
        camera=cameras[style][chance.integers(len(cameras[style]))],
        speed=float(chance.uniform(0.3, 0.9) if style in {"busy", "rough"} else chance.uniform(0.03, 0.3)),
        num_objects={"flat": 0, "busy": 7}.get(style, int(chance.integers(0, 5))),
        grain={"flat": 0.0, "busy": 6.0}.get(style, float(chance.uniform(0.5, 4.0))),
        light=float(chance.uniform(0.45, 1.0)),
        flashes=tuple(float(one) for one in flashes),
        strobe=style == "rough" and chance.random() < 0.15,
    )


def _join(style: str, chance: np.random.Generator, longest: float) -> Join:
    shares = {"ordinary": 0.4, "busy": 0.15, "flat": 0.2, "rough": 0.3}[style]
    if chance.random() >= shares:
        return Join()
    kinds: tuple[JoinKind, ...] = (
        ("dissolve", "dissolve", "fade", "fade-white") if style != "rough" else ("dissolve", "fade")
    )
    return Join(
        kinds[chance.integers(len(kinds))], round(min(float(chance.uniform(0.3, 1.6)), 0.45 * longest), 2)
    )


def frames(film: Film) -> Iterator[Picture]:
    """The pictures in order: RGB uint8 ``(height, width, 3)``."""
    for number in range(round(film.seconds * film.fps)):
        yield _picture(film, number / film.fps)


def _picture(film: Film, time: float) -> Picture:
    index = max(place for place, start in enumerate(film.starts) if start <= time + 1e-6)
    picture = _shot(film, index, time)
    if index > 0:
        picture = _joined(film, film.joins[index - 1], index, time, picture)
    if index < len(film.joins):
        join = film.joins[index]
        left = film.starts[index + 1] - time
        if join.kind in {"fade", "fade-white"} and left < join.seconds / 2:
            picture = _faded(picture, left / (join.seconds / 2), white=join.kind == "fade-white")
    return picture


def _joined(film: Film, join: Join, index: int, time: float, picture: Picture) -> Picture:
    since = time - film.starts[index]
    if join.kind in {"fade", "fade-white"} and since < join.seconds / 2:
        return _faded(picture, since / (join.seconds / 2), white=join.kind == "fade-white")
    if join.kind == "dissolve" and since < join.seconds:
        share = since / join.seconds
        return np.asarray(
            cv2.addWeighted(picture, share, _shot(film, index - 1, time), 1 - share, 0), np.uint8
        )
    if join.kind == "wipe" and since < join.seconds:
        edge = round(film.size[0] * since / join.seconds)
        return np.concatenate([picture[:, :edge], _shot(film, index - 1, time)[:, edge:]], axis=1)
    return picture


def _faded(picture: Picture, share: float, *, white: bool) -> Picture:
    return np.asarray(
        cv2.convertScaleAbs(picture, alpha=share, beta=255 * (1 - share) if white else 0), np.uint8
    )


def _shot(film: Film, index: int, time: float) -> Picture:
    """One take at one time, by itself."""
    take, since = film.takes[index], time - film.starts[index]
    picture = _seen(_place(take.place, film.size), take, since, film.size)
    _draw_objects(picture, take, since)
    if take.grain:
        picture = _grained(picture, take.grain, round(since * film.fps))
    if take.light < 1.0:
        picture = np.asarray(cv2.convertScaleAbs(picture, alpha=take.light), np.uint8)
    if any(0 <= since - flash < 0.08 for flash in take.flashes) or (
        take.strobe and 1 < since < 4 and int(since * 6) % 2
    ):
        picture = np.asarray(cv2.convertScaleAbs(picture, alpha=0.3, beta=170), np.uint8)
    return picture


@lru_cache(maxsize=6)
def _place(seed: int, size: tuple[int, int]) -> Picture:
    """A place larger than the picture: clouds of colour, things with edges, fine texture."""
    chance = np.random.default_rng(seed)
    width, height = (round(side * (1 + 2 * _MARGIN)) for side in size)
    base = chance.uniform(40, 190, 3)
    image = np.tile(base, (height, width, 1)).astype(np.float32)
    for grid, amount in ((3, 45.0), (8, 25.0), (24, 12.0), (90, 8.0)):
        coarse = chance.normal(0, amount, (grid, grid, 3)).astype(np.float32)
        coarse += chance.normal(0, amount, (grid, grid, 1)).astype(np.float32)
        image += cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    for _ in range(int(chance.integers(8, 40))):
        corner = chance.integers(0, (width, height))
        extent = (chance.uniform(0.03, 0.22, 2) * size[1]).astype(int) + 2
        colour = tuple(float(part) for part in np.clip(base + chance.normal(0, 60, 3), 0, 255))
        if chance.random() < 0.5:
            cv2.rectangle(image, tuple(map(int, corner)), tuple(map(int, corner + extent)), colour, -1)
        else:
            cv2.ellipse(
                image,
                (tuple(map(float, corner)), tuple(map(float, 2 * extent)), float(chance.uniform(0, 180))),
                colour,
                -1,
            )
    fine = chance.normal(0, 5, (height // 2, width // 2, 1)).astype(np.float32)
    image += cv2.resize(fine, (width, height), interpolation=cv2.INTER_LINEAR)[..., None]
    return np.clip(image, 0, 255).astype(np.uint8)


def _seen(place: Picture, take: Take, since: float, size: tuple[int, int]) -> Picture:
    """What the camera shows of a place: ``_MARGIN`` on every side is there to move into."""
    width, height = size
    x, y, zoom = _camera(take, since)
    # Another angle of a place is another part of it, seen from nearer.
    scale = zoom * (1.0 + 0.35 * (take.angle % 3))
    x += 0.3 * math.sin(2.4 * take.angle)
    y += 0.2 * math.sin(1.7 * take.angle)
    left = np.clip((_MARGIN + x) * width, 0, (1 + 2 * _MARGIN) * width - width / scale - 1)
    top = np.clip((_MARGIN + y) * height, 0, (1 + 2 * _MARGIN) * height - height / scale - 1)
    matrix = np.array([[1 / scale, 0, left], [0, 1 / scale, top]], np.float64)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(place, matrix, size, flags=flags), np.uint8)


def _camera(take: Take, since: float) -> tuple[float, float, float]:
    """Shift, in pictures, and zoom."""
    reach = _MARGIN * math.sin(min(take.speed * since / _MARGIN, 20.0)) * 0.95
    if take.camera == "pan":
        return reach, 0.0, 1.0
    if take.camera == "tilt":
        return 0.0, reach * 0.9, 1.0
    if take.camera == "zoom":
        return 0.0, 0.0, 1.0 + 0.5 * abs(math.sin(take.speed * since))
    if take.camera == "shake":
        sway = 0.02 + 0.03 * take.speed
        return sway * math.sin(7.1 * since) + sway * math.sin(17.0 * since), sway * math.cos(9.3 * since), 1.0
    if take.camera == "whip":
        # Still, then half a picture's width in a quarter of a second, again and again.
        phase, rest = divmod(since, 1.5)
        side = 1.0 if phase % 2 else -1.0
        return side * 0.45 * (1 - 2 * min(rest / 0.25, 1.0)), 0.0, 1.0
    return 0.0, 0.0, 1.0


def _draw_objects(picture: Picture, take: Take, since: float) -> None:
    chance = np.random.default_rng([take.place, take.angle])
    height, width = picture.shape[:2]
    for _ in range(take.num_objects):
        start, velocity = chance.uniform(0, 1, 2), chance.normal(0, 0.12 + 0.25 * take.speed, 2)
        size, colour = chance.uniform(0.03, 0.13), tuple(int(part) for part in chance.integers(0, 256, 3))
        x, y = (start + velocity * since) % 1.2 - 0.1
        cv2.circle(
            picture, (round(x * width), round(y * height)), round(size * height), colour, -1, cv2.LINE_AA
        )


@lru_cache(maxsize=2)
def _noise(shape: tuple[int, int]) -> npt.NDArray[np.int8]:
    noise = np.random.default_rng(0).normal(0, 32, (shape[0] + 64, shape[1] + 64, 1))
    return np.clip(noise, -127, 127).astype(np.int8)


def _grained(picture: Picture, amount: float, number: int) -> Picture:
    height, width = picture.shape[:2]
    down, right = (number * 37) % 64, (number * 23) % 64
    noise = _noise((height, width))[down : down + height, right : right + width]
    grain = (noise.astype(np.float32) * (amount / 32)).astype(np.int16)
    return np.clip(picture.astype(np.int16) + grain, 0, 255).astype(np.uint8)


def write(
    path: Path, film: Film, *, codec: str = "libx264", variable_rate: bool = False, quiet: bool = True
) -> Path:
    """Encode a film with ordinary settings and write its truth beside it.

    Args:
        path: Where to; the suffix says which container.
        film: What to draw.
        codec: Any video encoder PyAV has.
        variable_rate: Leave out two of three pictures in every other three seconds.
        quiet: No progress bar.
    """
    options = {
        "libx264": {"preset": "veryfast", "crf": "23"},
        "libx265": {"preset": "ultrafast", "crf": "26", "x265-params": "log-level=none"},
        "libvpx-vp9": {"deadline": "realtime", "cpu-used": "8", "crf": "34", "b": "0"},
        "libsvtav1": {"preset": "12", "crf": "38"},
    }.get(codec, {})
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=film.fps, options=options)
        stream.width, stream.height = film.size
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = _TICK
        stream.thread_count = 2
        total = round(film.seconds * film.fps)
        for number, picture in enumerate(tqdm(frames(film), total=total, unit="frame", disable=quiet)):
            if variable_rate and (number // (3 * film.fps)) % 2 and number % 3:
                continue
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = round(number / film.fps / _TICK), _TICK
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    path.with_suffix(".truth.json").write_text(json.dumps(asdict(film.truth()), indent=1), encoding="utf-8")
    return path


def read_truth(path: Path) -> Truth:
    """The truth that was written beside a film."""
    data = json.loads(path.with_suffix(".truth.json").read_text(encoding="utf-8"))
    return Truth(tuple(data["cuts"]), tuple(Gradual(**one) for one in data["gradual"]), data["seconds"])


def repeat(path: Path, out: Path, *, times: int) -> Path:
    """The same packets over and over: a film of hours in seconds of work."""
    with av.open(str(path)) as source, av.open(str(out), "w") as target:
        stream = source.streams.video[0]
        copied = target.add_stream_from_template(stream, opaque=True)
        length = int(stream.duration or 0)
        packets = [packet for packet in source.demux(stream) if packet.dts is not None]
        plan = [(packet.pts, packet.dts) for packet in packets]
        for turn in range(times):
            for packet, (pts, dts) in zip(packets, plan, strict=True):
                packet.pts, packet.dts = (pts or 0) + turn * length, (dts or 0) + turn * length
                packet.stream = copied
                target.mux(packet)
    return out


def main() -> int:
    """Write one film."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path)
    parser.add_argument("--style", choices=STYLES, default="ordinary")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--size", default="1280x720")
    parser.add_argument("--fps", type=int, default=25)
    parser.add_argument("--codec", default="libx264")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    width, height = (int(side) for side in options.size.split("x"))
    film = script(
        options.style, seconds=options.seconds, seed=options.seed, fps=options.fps, size=(width, height)
    )
    write(options.out, film, codec=options.codec, quiet=False)
    print(f"{options.out}: {film.seconds:.0f} s, {len(film.takes)} takes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
