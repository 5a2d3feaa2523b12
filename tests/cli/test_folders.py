"""Folders as people have them: links, loops, things that cannot be read, names of all kinds."""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Videoqa
from tests.media.reels import Reel, steady, write_reel
from video_vlm.cli.paths import NotFound, videos_in
from video_vlm.video_files import UNREAD_SUFFIXES, VIDEO_SUFFIXES, begins_like_video

posix = pytest.mark.skipif(sys.platform == "win32", reason="links, pipes and odd names as on other systems")

MATROSKA = b"\x1a\x45\xdf\xa3"
STEMS = (
    "a",
    "Episode 01",
    "100% #1 [x264]",
    "♥ 名前",
    "-dash",
    "new\nline",
    "~tilde",
    "$(x)",
    "semi;&",
    "{a,b}",
    "[v]",
    "*",
    "?",
)


def some_name(draw: random.Random) -> bytes:
    stem = os.fsencode(draw.choice(STEMS)) + b" %d" % draw.randrange(1000)
    return stem + (b"\xe9" if draw.random() < 0.2 and sys.platform == "linux" else b"")


def some_ending(draw: random.Random) -> bytes:
    ending = draw.choice(sorted(VIDEO_SUFFIXES))
    return draw.choice((ending, ending.upper())).encode()


def grow(folder: bytes, draw: random.Random, *, depth: int) -> None:
    """Draw what is in a folder, and the folders in it."""
    for _ in range(draw.randrange(6)):
        path = os.path.join(folder, some_name(draw))
        match draw.randrange(9):
            case 0 | 1 | 2:
                write(path + some_ending(draw), b"film" + draw.randbytes(4))
            case 3:
                write(path + draw.choice((b".txt", b".srt", b".jpg", b".gif", b".nfo", b"")), b"no film")
            case 4:
                write(path + draw.choice((b"", b".dat", b".part")), MATROSKA)
            case 5:
                os.symlink(path + b" is gone", path + draw.choice((b".mp4", b"", b".txt")))
            case 6:
                os.mkfifo(path + draw.choice((b".mkv", b"")))
            case 7:
                write(os.path.join(folder, b"." + some_name(draw) + b".mp4"), b"hidden")
            case 8 if depth:
                os.mkdir(path + draw.choice((b"", b".mp4")))
    for below in sorted(one for one in os.listdir(folder) if os.path.isdir(os.path.join(folder, one))):
        if depth and not os.path.islink(os.path.join(folder, below)):
            grow(os.path.join(folder, below), draw, depth=depth - 1)


def write(path: bytes, data: bytes) -> None:
    if not os.path.lexists(path):
        with open(path, "wb") as file:
            file.write(data)


def link_about(top: bytes, draw: random.Random) -> None:
    """Links to files and folders anywhere in the tree, upwards too."""
    every = [
        os.path.join(folder, name) for folder, folders, files in os.walk(top) for name in (*folders, *files)
    ]
    folders = [one for one in (top, *every) if os.path.isdir(one)]
    for number in range(draw.randrange(5)):
        ending = draw.choice((b"", b".mp4"))
        os.symlink(
            draw.choice([top, *every]), os.path.join(draw.choice(folders), b"link %d%s" % (number, ending))
        )


def what_is_there(top: bytes) -> tuple[set[str], set[str]]:
    """By following every path in the tree until nothing new is reached: the films, and what has to be
    named."""
    films: set[str] = set()
    wrong: set[str] = set()
    waiting, seen = [os.path.realpath(top)], set()
    while waiting:
        folder = waiting.pop()
        if folder in seen:
            continue
        seen.add(folder)
        for name in os.listdir(folder):
            path = os.path.join(folder, name)
            if name.startswith(b"."):
                continue
            if not os.path.exists(path):
                wrong.add(os.path.basename(os.fsdecode(path)))
            elif os.path.isdir(path):
                waiting.append(os.path.realpath(path))
            elif is_film(path):
                films.add(os.fsdecode(os.path.realpath(path)))
            elif os.fsdecode(os.path.splitext(path)[1]).lower() in VIDEO_SUFFIXES and not os.path.isfile(
                path
            ):
                wrong.add(os.path.basename(os.fsdecode(path)))
    return films, wrong


def is_film(path: bytes) -> bool:
    if not os.path.isfile(path):
        return False
    with open(path, "rb") as file:
        head = file.read(4096)
    ending = os.fsdecode(os.path.splitext(path)[1]).lower()
    return ending in VIDEO_SUFFIXES or (ending in ("", ".dat", ".part") and head == MATROSKA)


@posix
@pytest.mark.parametrize("seed", range(80))
def test_every_film_is_found_once_and_what_cannot_be_read_is_named(
    tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw = random.Random(seed)
    (tmp_path / "films").mkdir()
    grow(os.fsencode(tmp_path / "films"), draw, depth=4)
    link_about(os.fsencode(tmp_path / "films"), draw)
    films, wrong = what_is_there(os.fsencode(tmp_path / "films"))
    monkeypatch.chdir(tmp_path)

    found = list(videos_in([draw.choice(("films", "./films/", str(tmp_path / "films")))]))

    files = [os.path.realpath(one) for one in found if isinstance(one, Path)]
    named = {Path(one.typed).name for one in found if isinstance(one, NotFound)}
    assert sorted(files) == sorted(films)
    assert named == (wrong or ({"films"} if not films else set()))
    by_pattern = list(videos_in(["films/**"]))
    assert [one for one in by_pattern if one != NotFound("films/**", "matches no video file")] == [
        one for one in videos_in(["films"]) if one != NotFound("films", "no video files in this folder")
    ]


@posix
def test_a_link_to_a_film_inside_is_no_second_film_and_one_to_outside_is_one(tmp_path: Path) -> None:
    inside, outside = tmp_path / "films", tmp_path / "elsewhere"
    for folder in (inside / "z", outside):
        folder.mkdir(parents=True)
        (folder / "film.mp4").write_bytes(b"film")
    (inside / "a.mp4").symlink_to("z/film.mp4")
    (inside / "more").symlink_to(outside)
    (inside / "again").symlink_to(outside)
    (inside / "up").symlink_to(inside)
    (inside / "z" / "out").symlink_to(tmp_path)
    assert list(videos_in([str(inside)])) == [inside / "again/film.mp4", inside / "z/film.mp4"]


@pytest.fixture
def deep(tmp_path: Path) -> Iterator[Path]:
    """Folders inside each other, as deep as a path may be long and deeper; with a film in each of the first
    1200."""
    here = os.open(tmp_path, os.O_RDONLY)
    for name in ["d"] * 1200 + ["e" * 200] * 20:
        os.mkdir(name, dir_fd=here)
        below = os.open(name, os.O_RDONLY, dir_fd=here)
        if name == "d":
            os.close(os.open("film.mp4", os.O_CREAT, dir_fd=below))
        os.close(here)
        here = below
    os.close(here)
    yield tmp_path
    # What removes folders by recursion cannot remove these.
    top = tmp_path / "d"
    while top.is_dir():
        for one in sorted(top.iterdir()):
            one.rename(tmp_path / "next") if one.is_dir() else one.unlink()
        top.rmdir()
        if (tmp_path / "next").is_dir():
            (tmp_path / "next").rename(top)


@posix
def test_how_deep_a_film_lies_does_not_matter_until_its_path_is_too_long(deep: Path) -> None:
    found = list(videos_in([str(deep)]))
    assert sum(isinstance(one, Path) for one in found) == 1200
    (too_deep,) = [one for one in found if isinstance(one, NotFound)]
    assert "too long" in too_deep.reason


def locked(path: Path) -> Iterator[Path]:
    if sys.platform == "win32" or os.geteuid() == 0:
        pytest.skip("nothing is locked here")
    path.chmod(0)
    yield path
    path.chmod(0o755)


def test_a_folder_that_may_not_be_looked_into_is_named_and_the_rest_is_read(tmp_path: Path) -> None:
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "film.mp4").touch()
    (tmp_path / "film.mp4").touch()
    for secret in locked(tmp_path / "secret"):
        found = list(videos_in([str(tmp_path), str(secret / "film.mp4"), f"{tmp_path}/*/film.mp4"]))
        assert found[0] == NotFound(str(secret), "this folder cannot be looked into (Permission denied)")
        assert found[1] == tmp_path / "film.mp4"
        assert found[2] == NotFound(str(secret / "film.mp4"), "cannot be looked at (Permission denied)")


def test_pictures_that_move_are_named_as_passed_over(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for number, ending in enumerate(sorted(UNREAD_SUFFIXES)):
        (tmp_path / f"{number}{ending}").touch()
    (tmp_path / "film.mp4").touch()
    assert list(videos_in([str(tmp_path)])) == [tmp_path / "film.mp4"]
    (line,) = caplog.messages
    assert "0.braw" in line
    assert f"and {len(UNREAD_SUFFIXES) - 3} more" in line


@pytest.mark.parametrize(
    ("head", "is_video"),
    [
        (b"\0\0\0\x20ftypisom", True),
        (b"\0\0\0\x20ftypheic", False),
        (MATROSKA, True),
        (b"RIFF\0\0\0\0AVI LIST", True),
        (b"RIFF\0\0\0\0WAVEfmt ", False),
        (b"OggS" + b"\0" * 24 + b"\x80theora", True),
        (b"OggS" + b"\0" * 24 + b"\x01vorbis", False),
        ((b"\x47" + b"\0" * 187) * 6, True),
        ((b"\0\0\0\0\x47" + b"\0" * 187) * 6, True),
        (b"#EXTM3U", False),
        (b"", False),
    ],
)
def test_beginnings_say_what_is_a_video(head: bytes, is_video: bool) -> None:
    assert begins_like_video(head) is is_video


@posix
def test_one_bad_path_ends_no_batch(videoqa: Videoqa, tmp_path: Path) -> None:
    films = tmp_path / "films"
    films.mkdir()
    for number, suffix in enumerate((".mp4", ".mkv", ".mov", ".avi")):
        reel = Reel(steady(12), suffix=suffix, tint=(255, 20 * number, 0))
        write_reel(tmp_path / f"r{suffix}", reel)
        os.rename(tmp_path / f"r{suffix}", os.fsencode(films) + b"/%d\xe9" % number + suffix.encode())
    os.mkfifo(films / "pipe.mkv")
    (films / "empty.webm").touch()
    (films / "gone.mp4").symlink_to("nowhere.mp4")
    (films / "loop.mp4").symlink_to("loop.mp4")
    (films / "noise.ts").write_bytes(random.Random(1).randbytes(3000))
    how = ("--library", tmp_path / "library", "--set", "index.observers=look")
    run = videoqa(
        "index", films, "x" * 300, "https://example.org/a.mp4", "gone/film.mp4", *how, "--jobs", "2"
    )
    assert run.code == 3
    assert len(run.out.splitlines()) == 4
    lines = run.err.splitlines()
    assert lines[-1] == "videoqa: 4 of 12 read, 8 failed"
    for name in (
        "pipe.mkv",
        "empty.webm",
        "gone.mp4",
        "loop.mp4",
        "noise.ts",
        "xxx",
        "example.org",
        "gone/film.mp4",
    ):
        assert [line for line in lines if name in line], name

    page = videoqa("summarize", films, "-o", "page.html", *how)
    assert page.code == 3
    text = Path("page.html").read_text("utf-8")
    assert text.count("<article>") == 4
    assert all(rf"{number}\xe9" in text for number in range(4))
    assert "pipe.mkv" in text
