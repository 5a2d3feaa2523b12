"""Names by which videos are told apart, and addresses that are given for files."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from video_vlm.address import not_a_file
from video_vlm.display_names import display_names, is_called

PARTS = st.sampled_from(["Season 1", "Season 2", "tv", "a", "01.mp4", "film.mkv", "01"])
PATHS = st.lists(PARTS, min_size=1, max_size=5).map(lambda parts: str(Path("/", *parts)))


@given(st.lists(PATHS, max_size=12))
def test_names_tell_videos_apart_with_as_little_path_as_that_takes(paths: list[str]) -> None:
    videos = {f"{number:040x}": path for number, path in enumerate(paths)}
    names = display_names(videos)
    assert names.keys() == videos.keys()
    for one, name in names.items():
        others = [path for other, path in videos.items() if other != one]
        if videos[one] in others:
            assert name.endswith(f" ({one[:12]})")
            continue
        assert is_called(Path(videos[one]), name)
        assert not any(
            is_called(Path(other), name) for other in others if len(Path(other).parts) > len(Path(name).parts)
        )
        shorter = Path(*Path(name).parts[1:])
        if len(Path(name).parts) > 1:
            assert any(is_called(Path(other), str(shorter)) for other in others), "a folder too many"


def test_two_videos_that_lay_at_one_path_have_their_ids_behind_it() -> None:
    assert display_names({"a" * 40: "/x/film.mp4", "b" * 40: "/x/film.mp4"}) == {
        "a" * 40: f"{Path('/x/film.mp4')} ({'a' * 12})",
        "b" * 40: f"{Path('/x/film.mp4')} ({'b' * 12})",
    }


SCHEMES = (
    "http",
    "https",
    "HTTPS",
    "ftp",
    "ftps",
    "sftp",
    "s3",
    "gs",
    "smb",
    "rtsp",
    "rtmp",
    "udp",
    "srt",
    "ipfs",
)


def address(draw: random.Random) -> str:
    host = draw.choice(
        ("youtu.be", "www.youtube.com", "example.org:8080", "10.0.0.7", "user:word@host.tv", "[::1]")
    )
    rest = draw.choice(("", "/", "/film.mp4", "/watch?v=a*b", "/a%20b/[c]", "/#x"))
    return f"{draw.choice(SCHEMES)}:{draw.choice(('//', '/', '///'))}{host}{rest}"


@pytest.mark.parametrize("seed", range(60))
def test_an_address_is_told_from_a_file(seed: int) -> None:
    told = not_a_file(address(random.Random(seed)))
    assert told is not None
    assert told.startswith("this is an address, not a file: ")
    assert "first" in told


@pytest.mark.parametrize(
    "text",
    [
        *(
            "magnet:?xt=urn:btih:c9e15763",
            "MAGNET:?dn=x",
            "data:video/mp4;base64,AAAA",
            "ytdl://abc",
            "ytsearch:cats",
        ),
        *(
            "youtu.be/dQw4w9WgXcQ",
            "www.youtube.com",
            "vimeo.com/1234",
            "localhost:8000/film",
            "192.168.0.2/cam",
        ),
    ],
)
def test_addresses_without_slashes_or_scheme_are_told_too(text: str) -> None:
    assert "download it first" in str(not_a_file(text))


@pytest.mark.parametrize(
    "name",
    [
        *(
            "film.mp4",
            "C:\\films\\film.mp4",
            "C:/films/film.mp4",
            "d:film.mp4",
            "films/film.mp4",
            "../film.mp4",
        ),
        *(
            "./youtu.be/x",
            "/youtu.be/x",
            "Part 1: the end.mp4",
            "Kino: ein Film/01.mp4",
            "a:b",
            "\\\\server\\share\\f.mp4",
        ),
        *(
            "//server/share/film.mp4",
            "~/film.mp4",
            "tapes/*.mkv",
            "12:30",
            "film.mp4@12:30",
            "",
            " ",
            "3f9a1c04be12",
        ),
    ],
)
def test_names_of_files_are_no_addresses(name: str) -> None:
    assert not_a_file(name) is None


@pytest.mark.parametrize("text", ["file:///a%20b/c.mp4", "file://localhost/a%20b/c.mp4", "file:/a%20b/c.mp4"])
def test_a_file_address_is_answered_with_the_file(text: str) -> None:
    assert f"the file it means is {Path('/a b/c.mp4')}" in str(not_a_file(text))


def test_standard_input_is_no_file() -> None:
    assert "standard input" in str(not_a_file("-"))
