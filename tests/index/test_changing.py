"""A file that changes while it is read, in every way: what is remembered is what it holds."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import pytest

from tests.media.reels import Reel, steady, write_reel
from video_vlm.errors import FileChanged, MediaError
from video_vlm.index import index_video
from video_vlm.media import content_id, open_known
from video_vlm.media.identity import SameContent
from video_vlm.memory import open_library
from video_vlm.protocols import ProgressEvent
from video_vlm.settings import IndexSettings

SETTINGS = IndexSettings(observers=("look",))

Change = Callable[[Path, bytes], None]


def replaced(film: Path, data: bytes) -> None:
    beside = film.with_suffix(".new")
    beside.write_bytes(data)
    beside.replace(film)


def overwritten(film: Path, data: bytes) -> None:
    with film.open("r+b") as stream:
        stream.write(data)
        stream.truncate()


def overwritten_unseen(film: Path, data: bytes) -> None:
    """In place, as long as before, with the old date put back."""
    before = film.stat()
    padded = (data + bytes(before.st_size))[: before.st_size]
    with film.open("r+b") as stream:
        stream.write(padded)
    os.utime(film, ns=(before.st_atime_ns, before.st_mtime_ns))


def cut_short(film: Path, data: bytes) -> None:
    os.truncate(film, film.stat().st_size * 2 // 3)


CHANGES: Mapping[str, Change] = {
    "replaced": replaced,
    "overwritten": overwritten,
    "overwritten, same size and date": overwritten_unseen,
    "cut short": cut_short,
}


class Once:
    """Changes a file once, when so many seconds of it have been read."""

    def __init__(self, change: Callable[[], None], *, at_seconds: float) -> None:
        self._change = change
        self._at_seconds = at_seconds
        self.done = False

    def __call__(self, event: ProgressEvent) -> None:
        if not self.done and event.done >= self._at_seconds:
            self.done = True
            self._change()


def film_of(folder: Path, name: str, *, seconds: int, seed: int) -> Path:
    """Two films of one length and other seeds are as long to the byte only by chance."""
    tint = random.Random(seed).choices(range(90, 255), k=3)
    return write_reel(
        folder / name, Reel(times=steady(10 * seconds), suffix=".mkv", tint=(tint[0], tint[1], tint[2]))
    )


def what_is_told(film: Path, folder: Path) -> tuple[str, float | None, int]:
    """The memory that a library has that never knew another content."""
    with open_library(folder) as library:
        report = index_video(film, library, settings=SETTINGS)
        return report.video.content_id, report.video.duration_seconds, report.num_segments


@pytest.mark.parametrize("seed", range(16))
def test_what_is_remembered_is_what_the_file_holds(tmp_path: Path, seed: int) -> None:
    draw = random.Random(seed)
    film = film_of(tmp_path, "film.mkv", seconds=draw.randint(40, 90), seed=seed)
    other = film_of(tmp_path, "other.mkv", seconds=draw.randint(20, 120), seed=seed + 1000).read_bytes()
    if draw.random() < 0.5:
        os.utime(film, ns=(10**18, 10**18))
    name = draw.choice(sorted(CHANGES))
    once = Once(lambda: CHANGES[name](film, other), at_seconds=draw.uniform(0, 38))
    old = content_id(film)
    with open_library(tmp_path / "library") as library:
        with suppress(MediaError):
            index_video(film, library, settings=SETTINGS, progress=once)
        assert once.done, name
        assert library.find(old) is None, name
        found = index_video(film, library, settings=SETTINGS)
        told = found.video.content_id, found.video.duration_seconds, found.num_segments
        assert told == what_is_told(film, tmp_path / "fresh"), name
        assert [one.video.content_id for one in library.videos()] == [content_id(film)], name


def test_a_changed_file_is_read_again_and_told_of(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    film = film_of(tmp_path, "film.mkv", seconds=60, seed=1)
    other = film_of(tmp_path, "other.mkv", seconds=30, seed=2).read_bytes()
    once = Once(lambda: replaced(film, other), at_seconds=20)
    with open_library(tmp_path / "library") as library:
        report = index_video(film, library, settings=SETTINGS, progress=once)
    assert report.video.content_id == content_id(film)
    assert report.video.duration_seconds == pytest.approx(30.0)
    assert "changed while it was read" in caplog.text


def test_a_file_that_never_stays_the_same_is_given_up_in_one_line(tmp_path: Path) -> None:
    film = film_of(tmp_path, "film.mkv", seconds=30, seed=1)
    contents = [film_of(tmp_path, f"{seed}.mkv", seconds=30, seed=seed).read_bytes() for seed in range(2, 12)]

    def never_the_same(event: ProgressEvent) -> None:
        if 15.0 <= event.done < 16.0:
            replaced(film, contents.pop())

    with open_library(tmp_path / "library") as library:
        with pytest.raises(FileChanged, match="changed while it was read"):
            index_video(film, library, settings=SETTINGS, progress=never_the_same)
        assert list(library.videos()) == []


def test_a_new_mode_or_name_in_the_same_folder_is_no_change(tmp_path: Path) -> None:
    film = film_of(tmp_path, "film.mkv", seconds=40, seed=3)
    same = SameContent(film)
    identity = content_id(film)
    (tmp_path / "link.mkv").hardlink_to(film)
    same.glance(identity)
    same.confirm(identity)


def test_a_recording_that_goes_on_is_remembered_as_what_it_was_and_read_on(tmp_path: Path) -> None:
    whole = film_of(tmp_path, "whole.mkv", seconds=120, seed=4).read_bytes()
    film = tmp_path / "film.mkv"
    film.write_bytes(whole[: len(whole) * 2 // 3])
    before = content_id(film)

    def goes_on() -> None:
        with film.open("ab") as stream:
            stream.write(whole[len(whole) * 2 // 3 :])

    with open_library(tmp_path / "library") as library:
        report = index_video(film, library, settings=SETTINGS, progress=Once(goes_on, at_seconds=10))
        assert report.video.content_id == before
        assert library.files.content_id(film) is None
        read_on = index_video(film, library, settings=SETTINGS)
        assert read_on.video.content_id == content_id(film)
        assert read_on.resumed_from is not None
        assert read_on.video.duration_seconds == pytest.approx(120.0)


def test_a_look_at_a_file_that_is_another_now_is_refused(tmp_path: Path) -> None:
    film = film_of(tmp_path, "film.mkv", seconds=5, seed=5)
    identity = content_id(film)
    other = film_of(tmp_path, "other.mkv", seconds=5, seed=6).read_bytes()
    with open_known(film, identity) as reader:
        assert len(list(reader.frames_at([1.0]))) == 1
    replaced(film, other)
    with pytest.raises(FileChanged, match="index it again"), open_known(film, identity):
        pass
