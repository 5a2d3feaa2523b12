"""Stories: scenes that follow from a seed, and films of them."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from video_vlm.media import open_video
from video_vlm.world import EventKind, draw
from video_vlm.world.draw import draw_some, position
from video_vlm.world.film import write_story_film
from video_vlm.world.story import Story, write_story


@pytest.fixture(scope="module")
def story() -> Story:
    return write_story(4, seconds=120.0)


def test_a_seed_is_a_story(story: Story) -> None:
    assert write_story(4, seconds=120.0) == story
    assert write_story(5, seconds=120.0) != story


def test_scenes_follow_each_other_and_what_happens_lies_inside(story: Story) -> None:
    assert story.span.duration_seconds == pytest.approx(120.0, abs=8.0)
    assert all(early.span.end == late.span.start for early, late in pairwise(story.scenes))
    assert len(story.happenings) > 10
    for scene in story.scenes:
        if scene.happening is not None:
            assert (
                scene.span.start + 1
                < scene.happening.span.start
                < scene.happening.span.end
                < scene.span.end - 1
            )


def test_what_is_told_is_what_is_drawn(story: Story) -> None:
    moved = 0
    for scene in story.scenes:
        for event in scene.script.events:
            x, y = position(scene.script, event.actor)
            if event.way is not None:
                gone = (float(x[-1] - x[0]), float(y[-1] - y[0]))
                assert gone == pytest.approx(tuple(step * event.length for step in event.way.step), abs=1e-5)
                moved += 1
            assert scene.happening is not None
            assert scene.happening.name == scene.script.actors[event.actor].name
    assert moved > 5


def test_who_vanishes_is_there_before_and_not_after() -> None:
    scenes = [scene for seed in range(8) for scene in write_story(seed, seconds=60.0).scenes]
    scene = next(one for one in scenes if any(event.kind is EventKind.VANISH for event in one.script.events))
    event = scene.script.events[0]
    pictures = draw(replace(scene.script, settings=replace(scene.script.settings, noise=0.0))).frames.astype(
        int
    )
    change = np.abs(pictures[1:] - pictures[:-1]).sum(axis=(1, 2, 3))

    assert np.flatnonzero(change).tolist() == list(range(event.start, event.end))


def test_some_frames_are_those_of_the_whole(story: Story) -> None:
    script = replace(story.scenes[0].script, settings=replace(story.scenes[0].script.settings, noise=0.0))

    assert np.array_equal(draw_some(script, [3, 20, 29]), draw(script).frames[[3, 20, 29]])
    with pytest.raises(ValueError, match="reversed"):
        draw_some(script.reversed(), [0])


def test_a_film_shows_the_story_at_its_times(tmp_path: Path) -> None:
    story = write_story(6, seconds=20.0)
    write_story_film(story, tmp_path / "story.mp4")
    with open_video(tmp_path / "story.mp4") as reader:
        assert reader.video.duration_seconds == pytest.approx(story.span.end)
        for scene in story.scenes:
            drawn, fps = draw(scene.script).frames.astype(int), scene.script.settings.fps
            times = [scene.span.start + number / fps for number in range(0, len(drawn), 7)]
            for frame, at, picture in zip(reader.frames_at(times), times, drawn[::7], strict=True):
                assert frame.pts_seconds == pytest.approx(at)
                assert np.abs(frame.image.astype(int) - picture).mean() < 7, (
                    "a codec that was told no quality loses 9"
                )


def test_a_story_shorter_than_a_scene_is_refused() -> None:
    with pytest.raises(ValueError, match="at least"):
        write_story(0, seconds=1.0)
