"""Files that an export never replaces: videos, their subtitles, and the files of libraries."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from video_vlm.memory import Library
from video_vlm.memory.schema import APPLICATION_ID
from video_vlm.outputs import Outputs
from video_vlm.perception.sidecars import EXPORTED, SUBTITLE_SUFFIXES, find_sidecars
from video_vlm.video_files import HEAD_BYTES, VIDEO_SUFFIXES, begins_like_video

__all__ = ["outputs_for", "outputs_without_library"]

_DATABASE: Final = "library.sqlite3"
_OF_A_LIBRARY: Final = ("vectors", "features", ".repair-")
_SQLITE: Final = b"SQLite format 3\x00"
_APPLICATION_ID_AT: Final = 68


def outputs_for(library: Library, *, overwrite: bool = False, inputs: Iterable[Path] = ()) -> Outputs:
    """How files are exported from a library: it records them, and never replaces its videos.

    Args:
        library: The library whose videos and subtitles are protected.
        overwrite: Whether other existing files may be replaced.
        inputs: Videos that are read in the same run; the library may not know them yet.
    """
    files, known = tuple(inputs), [one.video.path for one in library.videos()]

    def why(path: Path) -> str | None:
        if _is_any_of(path, files):
            return "the video itself"
        # A library may know thousands of videos, on slow disks: only files of the same name are compared.
        if _is_any_of(path, (one for one in known if one.name.casefold() == path.name.casefold())):
            return f"a video of {library.storage.where}"
        folders = path.absolute().parents[:2]
        return _why_precious(path, films=[*files, *(one for one in known if one.parent in folders)])

    return replace(library.storage.outputs, overwrite=overwrite, precious=why)


def outputs_without_library(*, overwrite: bool = False) -> Outputs:
    """How files are exported where no library is open: existing videos and subtitles are protected."""
    return Outputs(overwrite=overwrite, precious=lambda path: _why_precious(path, films=()))


def _why_precious(path: Path, *, films: Iterable[Path]) -> str | None:
    if _is_of_a_library(path):
        return "a file of a library"
    head = _head(path)
    if head is None:
        return None
    if path.suffix.lower() in VIDEO_SUFFIXES or begins_like_video(head):
        return "a video"
    if head.startswith(_SQLITE) and head[_APPLICATION_ID_AT:][:4] == APPLICATION_ID.to_bytes(4, "big"):
        return None if path.suffix == ".videoqa" else "a file of a library"
    film = _film_of_subtitles(path, films)
    return None if film is None else f"the subtitles of {film.name}"


def _film_of_subtitles(path: Path, films: Iterable[Path]) -> Path | None:
    """The video that a subtitle file belongs to: a known one, or one in its folder or the folder above."""
    if path.suffix.lower() not in SUBTITLE_SUFFIXES:
        return None
    beside = (*_films_in(path.parent), *_films_in(path.absolute().parent.parent))
    for film in (*films, *beside):
        found = find_sidecars(film)
        similar = (one.path for one in found.passed_over if one.reason != EXPORTED)
        if _is_any_of(path, (*(one.path for one in found.files), *similar)):
            return film
    return None


def _films_in(folder: Path) -> Iterator[Path]:
    try:
        yield from (one for one in folder.iterdir() if one.suffix.lower() in VIDEO_SUFFIXES)
    except OSError:
        return


def _is_of_a_library(path: Path) -> bool:
    """Whether a path is that of a library's file, such as its journal, even if there is no such file yet."""
    folder = Path(os.path.realpath(path.parent))
    name = path.name.casefold()
    if name.startswith(_DATABASE) or name == "written":
        return _has_library(folder)
    return any(
        below.name.casefold().startswith(_OF_A_LIBRARY) and _has_library(below.parent)
        for below in (folder, *folder.parents)
    )


def _has_library(folder: Path) -> bool:
    return os.path.isfile(folder / _DATABASE)  # noqa: PTH113 - Path's raises where nobody may look


def _is_any_of(path: Path, others: Iterable[Path]) -> bool:
    for other in others:
        try:
            if path.samefile(other):
                return True
        except OSError:
            continue
    return False


def _head(path: Path) -> bytes | None:
    """The first bytes of a file; None where there is no file, or it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(HEAD_BYTES)
    except OSError:
        return None
