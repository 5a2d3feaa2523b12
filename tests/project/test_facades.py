"""How much an app has to read before it can call us: the public names of the two classes it holds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from video_vlm import VideoQA
from video_vlm.memory import Library

MOST = 20


@pytest.fixture
def videos(tmp_path: Path) -> Iterator[VideoQA]:
    with VideoQA(tmp_path / "library") as opened:
        yield opened


def public_names(opened: VideoQA | Library) -> list[str]:
    return sorted(name for name in dir(opened) if not name.startswith("_"))


def test_a_library_of_videos_has_few_public_names(videos: VideoQA) -> None:
    names = public_names(videos)

    assert len(names) <= MOST, f"VideoQA has {len(names)} public names, {MOST} at most: {', '.join(names)}"


def test_a_library_of_memories_has_few_public_names(videos: VideoQA) -> None:
    names = public_names(videos.library)

    assert len(names) <= MOST, f"Library has {len(names)} public names, {MOST} at most: {', '.join(names)}"


def test_an_open_library_has_nothing_public_that_its_class_does_not_tell_of(videos: VideoQA) -> None:
    told = {"settings", "library", "plans"}

    assert set(vars(videos)) - {name for name in vars(videos) if name.startswith("_")} == told
    assert all(f"{name}:" in (VideoQA.__doc__ or "") for name in told)
    assert all(
        f"{name}:" in (Library.__doc__ or "") for name in vars(videos.library) if not name.startswith("_")
    )
