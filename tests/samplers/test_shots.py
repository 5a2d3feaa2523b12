"""Shots from thumbnails: what is a cut, a dissolve, a fade, what is none, and that going on later changes
nothing."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from video_vlm.records import Cut, Image, Shot, Span
from video_vlm.samplers.gradual_transitions import MEMORY_SECONDS
from video_vlm.samplers.shots import ShotDetector, tile
from video_vlm.settings import ShotSettings

FPS = 25.0
SHARED = Path(os.environ.get("VIDEO_VLM_SHARED", Path(__file__).parents[3] / "shared"))

Clip = Sequence[tuple[float, Image]]


def still(seed: int, *, num_frames: int, level: float = 1.0) -> list[Image]:
    """A picture of coloured blocks, the same in every frame."""
    blocks = np.random.default_rng(seed).integers(40, 255, (6, 8, 3))
    image = (np.kron(blocks, np.ones((6, 8, 1))) * level).astype(np.uint8)
    return [image] * num_frames


def faded(seed: int, levels: Iterable[float]) -> list[Image]:
    return [image for level in levels for image in still(seed, num_frames=1, level=level)]


def clip(*parts: list[Image], start: float = 0.0, fps: float = FPS) -> Clip:
    return [
        (start + index / fps, image) for index, image in enumerate(image for part in parts for image in part)
    ]


def mixed(a: Image, b: Image, share: float) -> Image:
    return np.asarray(a * (1 - share) + b * share, np.uint8)


def cuts_of(frames: Clip, shots: ShotSettings | None = None) -> list[Cut]:
    detector = ShotDetector(shots or ShotSettings())
    found = [cut for seconds, image in frames for cut in detector.push(seconds, image)]
    return [*found, *detector.finish()]


def times_of(frames: Clip, shots: ShotSettings | None = None) -> list[float]:
    return [cut.at for cut in cuts_of(frames, shots)]


@pytest.mark.parametrize("detector", ["leap", "adaptive", "content"])
def test_a_change_of_picture_is_a_hard_cut_at_its_first_frame(detector: str) -> None:
    frames = clip(still(1, num_frames=50), still(2, num_frames=50))
    [cut] = cuts_of(frames, ShotSettings(detector=detector))  # type: ignore[arg-type]
    assert (cut.span, cut.kind) == (Span(2.0, 2.0), "hard")


def test_cuts_are_timed_by_the_clock_and_not_by_counting() -> None:
    images = [*still(1, num_frames=30), *still(2, num_frames=10)]
    seconds = [-3.0 + 0.1 * index**1.5 for index in range(40)]
    assert times_of(list(zip(seconds, images, strict=True))) == [seconds[30]]


@pytest.mark.parametrize("where", [1, 2, 38, 39])
def test_cuts_next_to_the_first_and_last_pictures_are_found(where: int) -> None:
    frames = clip(still(1, num_frames=where), still(2, num_frames=40 - where), fps=1.0)
    assert times_of(frames) == [float(where)]


def test_a_picture_that_is_back_at_once_was_interrupted_by_a_flash() -> None:
    white = [np.full((36, 64, 3), 255, np.uint8)] * 3
    assert cuts_of(clip(still(1, num_frames=30), white, still(1, num_frames=30))) == []


def test_strobe_light_is_not_a_flood_of_cuts() -> None:
    light = [np.full((36, 64, 3), 255 if index // 5 % 2 else 0, np.uint8) for index in range(300)]
    assert cuts_of(clip(light, fps=30.0)) == []


def test_noise_has_no_cuts() -> None:
    noise = np.random.default_rng(0)
    assert cuts_of(clip([noise.integers(0, 255, (36, 64, 3)).astype(np.uint8) for _ in range(100)])) == []


def test_a_fade_through_black_is_one_cut_that_spans_the_dark() -> None:
    down, up = np.linspace(1, 0, 25), np.linspace(0, 1, 25)
    frames = clip(
        still(1, num_frames=30), faded(1, down), faded(2, [0.0] * 20), faded(2, up), still(2, num_frames=30)
    )
    [cut] = cuts_of(frames)
    assert cut.kind == "fade"
    assert cut.span.start == pytest.approx(1.2, abs=0.2)
    assert 2.9 < cut.at < 3.1
    assert cut.span.end == pytest.approx(4.0, abs=0.2)


def test_a_black_that_lasts_is_a_shot_of_its_own() -> None:
    down, up = np.linspace(1, 0, 20), np.linspace(0, 1, 20)
    frames = clip(
        still(1, num_frames=40), faded(1, down), faded(2, [0.0] * 75), faded(2, up), still(2, num_frames=40)
    )
    first, second = cuts_of(frames)
    assert (first.kind, second.kind) == ("fade", "fade")
    assert 2.2 < first.at < 2.5
    assert 5.2 < second.at < 5.5


@pytest.mark.parametrize("num_frames", [8, 15, 30, 50])
def test_a_dissolve_is_one_cut_that_spans_it(num_frames: int) -> None:
    before, after = still(1, num_frames=60), still(2, num_frames=60)
    between = [mixed(before[0], after[0], share) for share in np.linspace(0, 1, num_frames)]
    [cut] = cuts_of(clip(before, between, after))
    assert cut.kind == "dissolve"
    assert cut.span.start == pytest.approx(60 / FPS, abs=0.2)
    assert cut.span.end == pytest.approx((60 + num_frames) / FPS, abs=0.2)
    assert cut.at == pytest.approx((60 + num_frames / 2) / FPS, abs=0.15)


def test_a_lamp_that_is_turned_up_is_no_dissolve() -> None:
    light = faded(1, np.linspace(0.4, 1.0, 30))
    assert cuts_of(clip(still(1, num_frames=40, level=0.4), light, still(1, num_frames=40))) == []


@pytest.mark.parametrize("speed", [0.1, 0.5, 1.5, 4.0])
def test_a_camera_that_pans_makes_no_cuts(speed: float) -> None:
    place = np.random.default_rng(3).integers(0, 255, (36, 640, 3)).astype(np.uint8)
    wide = cv2.GaussianBlur(place, (0, 0), 4)
    wide = np.asarray(cv2.normalize(wide, wide.copy(), 0, 255, cv2.NORM_MINMAX), np.uint8)
    lefts = [min(index * speed, 570.0) for index in range(150)]
    views = [cv2.getRectSubPix(wide, (64, 36), (left + 32, 18)) for left in lefts]
    assert cuts_of(clip([np.asarray(view, np.uint8) for view in views])) == []


def test_a_dark_scene_that_never_gets_black_is_no_fade() -> None:
    down, up = np.linspace(1, 0.06, 25), np.linspace(0.06, 1, 25)
    assert cuts_of(clip(still(1, num_frames=30), faded(1, down), faded(1, up), still(1, num_frames=30))) == []


def test_no_shot_is_shorter_than_the_shortest_allowed() -> None:
    frames = clip(*(still(seed, num_frames=5) for seed in range(40)))
    times = [0.0, *times_of(frames, ShotSettings(min_shot_seconds=1.0))]
    assert len(times) > 2
    assert min(np.diff(times)) >= 1.0


def test_thumbnails_may_change_their_size_in_mid_stream() -> None:
    small = [image[::2, ::2].copy() for image in still(1, num_frames=30)]
    assert cuts_of(clip(still(1, num_frames=30), small)) == []


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 64, 3), (2, 3, 3)])
def test_tiny_pictures_are_pictures(shape: tuple[int, int, int]) -> None:
    dark, light = np.zeros(shape, np.uint8), np.full(shape, 255, np.uint8)
    assert times_of(clip([dark] * 30, [light] * 30)) == [30 / FPS]


def test_one_picture_has_no_cut() -> None:
    assert cuts_of(clip(still(1, num_frames=1))) == []
    assert ShotDetector(ShotSettings()).finish() == ()


def test_cuts_are_reported_some_seconds_after_they_are_seen() -> None:
    detector = ShotDetector(ShotSettings())
    frames = clip(still(1, num_frames=250), still(2, num_frames=250))
    waits = []
    for seconds, image in frames:
        if detector.push(seconds, image):
            waits.append(seconds - 10.0)
        assert seconds - detector.undecided_since < MEMORY_SECONDS / 2
    assert len(waits) == 1
    assert waits[0] < MEMORY_SECONDS / 2


@settings(max_examples=25)
@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(1, 60), st.integers(0, 30)), min_size=2, max_size=8),
    st.data(),
)
def test_a_detector_that_starts_a_little_earlier_goes_on_the_same(
    parts: list[tuple[int, int, int]], data: st.DataObject
) -> None:
    images: list[Image] = []
    for seed, count, num_mixed in parts:
        new = still(seed, num_frames=count)
        images += [mixed(images[-1], new[0], index / num_mixed) for index in range(num_mixed) if images] + new
    frames = clip(images)
    straight = cuts_of(frames)
    where = data.draw(st.sampled_from([0.0, *(cut.at for cut in straight)]))
    early = [one for one in frames if one[0] >= where - MEMORY_SECONDS]
    detector = ShotDetector(ShotSettings(), start_seconds=where, last_cut_seconds=where)
    found = [cut for seconds, image in early for cut in detector.push(seconds, image)]
    assert [*found, *detector.finish()] == [cut for cut in straight if cut.at > where]


def test_shots_tile_the_video_and_say_what_began_them() -> None:
    cuts = [
        Cut(Span(2.0, 2.0), "hard", 0.5, at=2.0),
        Cut(Span(4.0, 6.0), "fade", 0.1, at=5.0),
        Cut(Span(9.0, 9.0), "hard", 1.0, at=9.0),
    ]
    assert tile(cuts, span=Span(0.0, 8.0)) == (
        Shot(Span(0.0, 2.0), 0.0, "start"),
        Shot(Span(2.0, 5.0), 0.5, "hard"),
        Shot(Span(5.0, 8.0), 0.1, "fade"),
    )


def annotated_videos() -> Iterator[object]:
    for path in sorted((SHARED / "data" / "dev" / "videos").glob("*.qa.json")):
        truth = json.loads(path.read_text(encoding="utf-8"))
        # The composed video's truth names only its joins, not the cuts inside its clips.
        if truth.get("cuts") and not path.name.startswith("long_mix"):
            yield pytest.param(path.with_name(truth["video"]), truth, id=path.name.removesuffix(".qa.json"))


ANNOTATED = list(annotated_videos())


@pytest.mark.skipif(
    not ANNOTATED, reason=f"the shared test videos are not at {SHARED} (set VIDEO_VLM_SHARED)"
)
def test_hard_cuts_of_real_videos_are_found() -> None:
    from video_vlm.media import open_video

    hits = misses = wrong = 0
    for parameter in ANNOTATED:
        path, truth = parameter.values  # type: ignore[attr-defined]
        with open_video(path) as reader:
            found = times_of([(frame.pts_seconds, frame.thumbnail(64)) for frame in reader.scan()])
        near = [any(abs(time - cut) < 0.1 for time in found) for cut in truth["cuts"]]
        soft = [Span(start, end).widen(0.3) for start, end, _ in truth.get("soft_transitions") or ()]
        hits, misses = hits + sum(near), misses + len(near) - sum(near)
        wrong += sum(
            not any(abs(time - cut) < 0.1 for cut in truth["cuts"])
            and not any(span.contains(time) for span in soft)
            for time in found
        )
    assert 2 * hits / (2 * hits + misses + wrong) >= 0.95
