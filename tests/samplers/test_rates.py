"""The same film at any rate has the same cuts: films are drawn as scenes and seconds, and shown at many
rates."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from itertools import accumulate

import cv2
import numpy as np
import pytest

from video_vlm.records import Image
from video_vlm.samplers.shots import ShotDetector
from video_vlm.settings import ShotSettings

SIZE = (64, 36)
RATES = (0.1, 0.2, 0.5, 1.0, 2.0, 3.0, 5.0, 8.0, 12.5, 15.0, 24.0, 30.0, 60.0, 120.0, 240.0)
KINDS = ("photo", "card", "grey", "page")

Film = Sequence[tuple[Image, float]]
Clip = Sequence[tuple[float, Image]]


def drawn(seed: int, kind: str) -> Image:
    """A picture of its own: a photo in colour or grey, a card with shapes, or a page with a block on
    white."""
    rng = np.random.default_rng(seed)
    image = cv2.resize(rng.integers(0, 255, (9, 16, 3), np.uint8), SIZE, interpolation=cv2.INTER_CUBIC)
    if kind == "grey":
        image = np.repeat(image[:, :, :1], 3, axis=2)
    if kind in ("card", "page"):
        image = np.empty_like(image)
        image[:] = 245 if kind == "page" else rng.integers(20, 235, 3)
        for _ in range(1 if kind == "page" else 4):
            x, y = int(rng.integers(0, 24)), int(rng.integers(2, 12))
            image[y : y + 20, x : x + 36] = rng.integers(0, 200, 3)
    return np.asarray(image, np.uint8)


def scenes(draw: random.Random, kind: str, num_scenes: int) -> list[Image]:
    """Pictures that really differ from one to the next."""
    found: list[Image] = []
    while len(found) < num_scenes:
        image = drawn(draw.randrange(10**6), kind)
        if not found or cv2.norm(found[-1], image, cv2.NORM_L1) / image.size > 20.0:
            found.append(image)
    return found


def steady(film: Film, rate: float) -> list[float]:
    return [number / rate for number in range(int(sum(seconds for _, seconds in film) * rate))]


def starts_of(film: Film) -> list[float]:
    return [0.0, *accumulate(seconds for _, seconds in film)][:-1]


def mixed(film: Film, draw: random.Random) -> list[float]:
    """Stretches of many rates, one behind the other."""
    times, now, end = [], 0.0, sum(seconds for _, seconds in film)
    while now < end - 1e-6:
        rate, until = draw.choice([1, 5, 10, 25, 60]), min(end, now + draw.choice([1.0, 2.0, 4.0]))
        while now < until - 1e-9:
            times.append(now)
            now += 1 / rate
    return times


def shown(film: Film, times: Sequence[float], *, noise: float = 0.0, seed: int = 0) -> Clip:
    rng, starts = np.random.default_rng(seed), starts_of(film)
    frames = []
    for seconds in times:
        image = film[int(np.searchsorted(starts, seconds + 1e-9, side="right")) - 1][0]
        if noise:
            image = np.asarray(np.clip(image + rng.normal(0, noise, image.shape), 0, 255), np.uint8)
        frames.append((seconds, image))
    return frames


def cuts_of(frames: Clip) -> list[float]:
    detector = ShotDetector(ShotSettings())
    found = [cut.at for seconds, image in frames for cut in detector.push(seconds, image)]
    return [*found, *(cut.at for cut in detector.finish())]


def first_pictures(film: Film, times: Sequence[float]) -> list[float]:
    """The first picture of each scene but the first."""
    places = {int(np.searchsorted(times, start - 1e-9)) for start in starts_of(film)[1:]}
    return [times[place] for place in sorted(places) if place < len(times)]


@pytest.mark.parametrize("seed", range(60))
def test_a_film_has_the_same_cuts_at_any_rate(seed: int) -> None:
    draw = random.Random(seed)
    rate = RATES[seed % len(RATES)]
    kind, num_scenes = KINDS[seed % len(KINDS)], draw.randint(3, 6)
    lengths = [2.0, 3.0] if rate >= 60 else [2.0, 3.0, 5.0, 7.0]
    least = 2.0 / rate
    film = [(image, max(draw.choice(lengths), least)) for image in scenes(draw, kind, num_scenes)]
    times = steady(film, rate)
    noise = draw.choice([0.0, 2.0])
    assert cuts_of(shown(film, times, noise=noise, seed=seed)) == first_pictures(film, times), (rate, kind)


@pytest.mark.parametrize("seed", range(40))
def test_a_picture_lasts_until_the_next_one(seed: int) -> None:
    """What writes a picture when the screen changes, and only then."""
    draw = random.Random(seed)
    kind = KINDS[seed % len(KINDS)]
    film = [
        (image, draw.choice([0.8, 1.5, 3.0, 5.0, 20.0, 90.0, 4000.0]))
        for image in scenes(draw, kind, draw.randint(3, 8))
    ]
    times = starts_of(film)
    assert cuts_of(shown(film, times)) == times[1:], kind


@pytest.mark.parametrize("seed", range(20))
def test_the_rate_may_change_in_mid_film(seed: int) -> None:
    draw = random.Random(seed)
    kind = KINDS[seed % len(KINDS)]
    film = [(image, draw.choice([3.0, 5.0, 7.0])) for image in scenes(draw, kind, 5)]
    times = mixed(film, draw)
    assert cuts_of(shown(film, times)) == first_pictures(film, times), kind


def panned(rate: float, *, seconds: float = 12.0, seed: int = 1) -> Iterator[tuple[float, Image]]:
    """A camera that passes by a wall of pictures, a quarter of its width a second."""
    rng = np.random.default_rng(seed)
    wall = cv2.resize(
        rng.integers(60, 200, (6, 60, 3), np.uint8), (SIZE[0] * 6, SIZE[1]), interpolation=cv2.INTER_CUBIC
    )
    for number in range(int(seconds * rate)):
        x = round(number / rate * SIZE[0] / 4)
        yield number / rate, np.asarray(wall[:, x : x + SIZE[0]], np.uint8)


@pytest.mark.parametrize("rate", [1.0, 2.0, 5.0, 12.5, 24.0, 60.0, 240.0])
def test_a_camera_that_pans_makes_no_cuts(rate: float) -> None:
    assert cuts_of(list(panned(rate))) == []


@pytest.mark.parametrize(("content", "container"), [(24.0, 60.0), (24.0, 240.0), (25.0, 50.0), (15.0, 30.0)])
def test_repeated_pictures_do_not_make_the_others_stand_out(content: float, container: float) -> None:
    frames = list(panned(content))
    repeated = [
        (number / container, frames[int(number / container * content)][1])
        for number in range(int(11 * container))
    ]
    assert cuts_of(repeated) == []


@pytest.mark.parametrize("rate", [0.5, 1.0, 5.0, 25.0, 120.0])
def test_noise_makes_no_cuts(rate: float) -> None:
    rng = np.random.default_rng(7)
    frames = [(number / rate, rng.integers(0, 255, (SIZE[1], SIZE[0], 3), np.uint8)) for number in range(60)]
    assert cuts_of(frames) == []


@pytest.mark.parametrize("rate", [5.0, 10.0, 25.0, 60.0, 120.0, 240.0])
@pytest.mark.parametrize("flash_seconds", [0.01, 0.1, 0.3])
def test_a_flash_makes_no_cut_at_any_rate(rate: float, flash_seconds: float) -> None:
    scene = drawn(3, "photo")
    white = np.full_like(scene, 255)
    num_white = max(1, round(flash_seconds * rate))
    images = [scene] * round(3 * rate) + [white] * num_white + [scene] * round(3 * rate)
    assert cuts_of([(number / rate, image) for number, image in enumerate(images)]) == []
