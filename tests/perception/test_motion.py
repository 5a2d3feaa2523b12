"""Motion, camera moves and transitions in words: right where something is said, silent otherwise."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache

import cv2
import numpy as np
import pytest

from video_vlm.perception.motion import MotionObserver
from video_vlm.records import Image, Observation, ObservationKind, Span
from video_vlm.settings import IndexSettings

FPS = 25.0


@cache
def landscape(seed: int = 3, *, size: tuple[int, int] = (360, 640)) -> Image:
    """A large picture with detail of all sizes, as real ones have."""
    noise = np.random.default_rng(seed)
    image = np.zeros((*size, 3), np.float32)
    for cells in (4, 9, 20, 45, 90):
        coarse = noise.normal(0, 1, (cells, cells, 3)).astype(np.float32)
        image += cv2.resize(coarse, size[::-1], interpolation=cv2.INTER_CUBIC) * 60 / cells**0.3
    return np.clip(image / 2 + 128, 0, 255).astype(np.uint8)


def view(frame: Image, *, x: float = 0.5, y: float = 0.5, width: float = 0.4) -> Image:
    """What a camera sees that points at ``(x, y)`` with this share of the picture in view: a thumbnail."""
    height_pixels, width_pixels = frame.shape[:2]
    size = (width * width_pixels, width * height_pixels)
    scale = np.array(
        [
            [size[0] / 64, 0, x * width_pixels - size[0] / 2],
            [0, size[1] / 36, y * height_pixels - size[1] / 2],
        ]
    )
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    smooth = cv2.GaussianBlur(frame, (0, 0), size[0] / 64 / 2)
    return np.asarray(
        cv2.warpAffine(smooth, scale, (64, 36), flags=flags, borderMode=cv2.BORDER_REFLECT), np.uint8
    )


def watch(
    images: Iterable[Image], *, observer: MotionObserver | None = None, start: float = 0.0
) -> list[Observation]:
    observer = observer or MotionObserver(IndexSettings())
    seconds = start
    for index, image in enumerate(images):
        observer.glance(start + index / FPS, image)
        seconds = start + (index + 1) / FPS
    return list(observer.close_segment(Span(start, seconds)))


def texts(said: Iterable[Observation], kind: ObservationKind = ObservationKind.MOTION) -> list[str]:
    return [one.text for one in said if one.kind is kind]


def path(move: Callable[[float], Image], *, num_frames: int = 75) -> list[Image]:
    return [move(index / (num_frames - 1)) for index in range(num_frames)]


def test_a_still_picture_is_called_one() -> None:
    assert texts(watch([view(landscape())] * 75)) == ["still picture"]


@pytest.mark.parametrize(
    ("move", "text"),
    [
        (lambda t: view(landscape(), x=0.3 + 0.4 * t), "camera pans right"),
        (lambda t: view(landscape(), x=0.7 - 0.4 * t), "camera pans left"),
        (lambda t: view(landscape(), y=0.3 + 0.4 * t), "camera tilts down"),
        (lambda t: view(landscape(), y=0.7 - 0.4 * t), "camera tilts up"),
        (lambda t: view(landscape(), width=0.6 - 0.35 * t), "camera zooms in"),
        (lambda t: view(landscape(), width=0.25 + 0.35 * t), "camera zooms out"),
    ],
)
@pytest.mark.parametrize("seed", [3, 4])
def test_the_camera_is_told_from_what_all_points_share(
    move: Callable[[float], Image], text: str, seed: int
) -> None:
    said = watch(path(move))
    assert [one for one in texts(said) if one.startswith("camera")] == [text]
    [span] = [one.span for one in said if one.text == text]
    assert span.duration_seconds > 2.0


def walker(t: float, *, towards: int = 1) -> Image:
    """A dark thing walks over a landscape that stands still."""
    image = view(landscape()).copy()
    x = 4 + 48 * (t if towards > 0 else 1 - t)
    cv2.rectangle(image, (int(x), 10), (int(x) + 9, 30), (15, 15, 15), -1)
    cv2.circle(image, (int(x) + 4, 20), 3, (250, 250, 250), -1)
    return image


@pytest.mark.parametrize("towards", [1, -1])
def test_what_moves_by_itself_is_no_camera(towards: int) -> None:
    said = texts(watch(path(lambda t: walker(t, towards=towards))))
    assert len(said) == 1
    assert "motion" in said[0]
    assert ("left" if towards > 0 else "right") not in said[0]


def test_noise_is_no_camera() -> None:
    noise = np.random.default_rng(0)
    said = texts(watch([noise.integers(0, 255, (36, 64, 3)).astype(np.uint8) for _ in range(100)]))
    assert [one for one in said if one.startswith("camera")] == []


def lit(levels: Iterable[float]) -> list[Image]:
    frame = view(landscape())
    return [np.asarray(frame * level, np.uint8) for level in levels]


def test_a_fade_out_the_black_and_the_fade_in_have_their_own_times() -> None:
    ones, down, up = [1.0] * 25, np.linspace(1, 0, 25), np.linspace(0, 1, 25)
    said = watch(lit([*ones, *down, *[0.0] * 25, *up, *ones]))
    found = [(one.text, one.span) for one in said if one.kind is ObservationKind.TRANSITION]
    assert [text for text, _ in found] == ["fade to black", "black", "fade in"]
    for (_, span), (start, end) in zip(found, [(1.0, 2.0), (2.0, 3.0), (3.0, 4.0)], strict=True):
        assert span.start == pytest.approx(start, abs=0.15)
        assert span.end == pytest.approx(end, abs=0.15)


def test_a_fade_is_no_motion() -> None:
    assert texts(watch(lit([*[1.0] * 25, *np.linspace(1, 0, 25), *[0.0] * 25]))) == ["still picture"]


def test_a_shot_that_begins_nearly_black_fades_in() -> None:
    assert texts(watch(lit([*np.linspace(0.06, 1, 25), *[1.0] * 25])), ObservationKind.TRANSITION) == [
        "fade in"
    ]


def test_a_cut_to_black_is_no_fade() -> None:
    assert texts(watch(lit([*[1.0] * 25, *[0.0] * 25])), ObservationKind.TRANSITION) == ["black"]


def test_a_slowly_dimming_evening_is_no_fade() -> None:
    assert texts(watch(lit(np.linspace(1, 0, 300))), ObservationKind.TRANSITION) in ([], ["black"])


def test_one_flash_is_a_flash_and_many_are_flashing() -> None:
    flash = [0.3] * 25 + [1.6] * 3 + [0.3] * 50
    white = [
        np.full((36, 64, 3), 255, np.uint8) if level > 1 else image
        for level, image in zip(flash, lit(np.minimum(flash, 1)), strict=True)
    ]
    assert texts(watch(white), ObservationKind.TRANSITION) == ["flash"]
    strobe = [np.full((36, 64, 3), 255 if index // 5 % 2 else 0, np.uint8) for index in range(150)]
    assert texts(watch(strobe), ObservationKind.TRANSITION) == ["flashing"]


@pytest.mark.parametrize("shape", [(1, 1, 3), (3, 64, 3)])
def test_pictures_too_small_to_follow_are_still_pictures(shape: tuple[int, int, int]) -> None:
    assert texts(watch([np.full(shape, 90, np.uint8)] * 50)) == ["still picture"]


def test_one_picture_does_not_move() -> None:
    assert watch([view(landscape())]) == []


def test_the_size_may_change_in_mid_segment() -> None:
    frame = view(landscape())
    assert texts(watch([frame] * 40 + [frame[::2].copy()] * 40)) == ["still picture"]


def test_a_segment_does_not_remember_the_one_before() -> None:
    used = MotionObserver(IndexSettings())
    watch(path(lambda t: view(landscape(), x=0.3 + 0.4 * t)), observer=used)
    pan = path(lambda t: view(landscape(), x=0.7 - 0.4 * t))
    assert watch(pan, observer=used, start=3.0) == watch(pan, start=3.0)


def test_stretches_that_go_on_over_a_border_are_joined() -> None:
    def black(start: float, end: float) -> Observation:
        return Observation(Span(start, end), ObservationKind.TRANSITION, "black", "brightness", 0.9)

    def moving(start: float, end: float) -> Observation:
        return Observation(Span(start, end), ObservationKind.MOTION, "still picture", "motion", 0.7)

    said: Sequence[Observation] = [moving(0, 30), black(28, 30), moving(30, 60), black(30, 31), black(50, 51)]
    assert list(MotionObserver(IndexSettings()).finish(said)) == [moving(0, 60), black(28, 31), black(50, 51)]
