"""Finding the video files for names on the command line: files, folders and patterns, on every platform.

Shells on Windows do not expand patterns, so they are expanded here. A name that exists is not a pattern, even
if it looks like one (``film[1].mp4``). Folders are walked without recursion, so that any depth works; links
to folders are followed, each folder once. Files that are left out are reported, unless they are hidden (a
name that begins with a dot) or do not have the ending of a video.
"""

from __future__ import annotations

import errno
import fnmatch
import glob
import logging
import os
import stat
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from video_vlm.address import not_a_file
from video_vlm.own_files import CLIP_SUFFIX, is_our_clip
from video_vlm.video_files import (
    DOUBTFUL_SUFFIXES,
    HEAD_BYTES,
    UNREAD_SUFFIXES,
    VIDEO_SUFFIXES,
    begins_like_video,
)

__all__ = ["NotFound", "videos_in"]

logger = logging.getLogger(__name__)

_EVERYTHING = ("**", "*")
_NAMED = 3
"""How many of the files that are left out are named; the others are counted."""


@dataclass(frozen=True, slots=True)
class NotFound:
    """A name on the command line, or a path found in a folder, that cannot be read as a video, and why."""

    typed: str
    reason: str


@dataclass(frozen=True, slots=True)
class _Entry:
    """An entry of a folder. ``mode`` is that of the target of a link; ``is_linked``: it was reached through a
    link."""

    path: Path
    mode: int
    is_linked: bool


def videos_in(typed: Iterable[str]) -> Iterator[Path | NotFound]:
    """The video files for these names, each once, in their order; folders are searched at any depth, in order
    of name."""
    seen: set[str | NotFound] = set()
    for name in typed:
        for found in _expand(name):
            key = found if isinstance(found, NotFound) else os.path.realpath(found)
            if key not in seen:
                seen.add(key)
                yield found


def _expand(name: str) -> Iterator[Path | NotFound]:
    # A file may be called "~tilde.mp4", or "[1].mp4".
    path = name if os.path.lexists(name) else os.path.expanduser(name)  # noqa: PTH111 - Path's raises for ~nobody
    try:
        mode = os.stat(path).st_mode  # noqa: PTH116 - of what may be no path at all
    except (OSError, ValueError) as error:
        yield from _not_there(name, path, error)
        return
    if stat.S_ISDIR(mode):
        yield from _in_folder(path, name)
    else:
        yield Path(path)


def _not_there(name: str, path: str, error: OSError | ValueError) -> Iterator[Path | NotFound]:
    address = not_a_file(name)
    if os.path.islink(path):  # noqa: PTH114
        yield NotFound(name, _broken(error))
    elif address is not None:
        yield NotFound(name, address)
    elif glob.has_magic(name):
        yield from _matching(path, name)
    elif isinstance(error, OSError) and error.errno not in (errno.ENOENT, errno.ENOTDIR):
        yield NotFound(name, f"cannot be looked at ({error.strerror})")
    else:
        yield NotFound(name, "no such file or folder")


def _broken(error: OSError | ValueError) -> str:
    if isinstance(error, OSError) and error.errno == errno.ELOOP:
        return "a link that leads back to itself"
    if isinstance(error, PermissionError):
        return f"a link to where nobody may look ({error.strerror})"
    return "a link that leads nowhere"


def _in_folder(folder: str, name: str) -> Iterator[Path | NotFound]:
    yield from _films_among(_walk(folder, _EVERYTHING), name, nothing="no video files in this folder")


def _films_among(
    entries: Iterable[_Entry | NotFound], name: str, *, nothing: str
) -> Iterator[Path | NotFound]:
    films: list[_Entry] = []
    passed_over: dict[str, list[Path]] = {}
    failed = False
    for found in entries:
        if isinstance(found, NotFound):
            failed = True
            yield found
        elif stat.S_ISDIR(found.mode):
            continue
        elif not stat.S_ISREG(found.mode):
            if found.path.suffix.lower() in VIDEO_SUFFIXES:
                failed = True
                yield NotFound(str(found.path), "a pipe or a device, not a file")
        elif why := _why_passed_over(found.path):
            passed_over.setdefault(why, []).append(found.path)
        elif _is_film(found.path):
            films.append(found)
    yield from _each_once(films)
    for why, paths in passed_over.items():
        names = ", ".join(map(str, sorted(paths)[:_NAMED]))
        more = f" and {len(paths) - _NAMED} more" if len(paths) > _NAMED else ""
        logger.warning("%s: %s are passed over, name them to have them read: %s%s", name, why, names, more)
    if not films and not failed:
        yield NotFound(name, nothing)


def _why_passed_over(path: Path) -> str | None:
    suffix = path.suffix.lower()
    if suffix in UNREAD_SUFFIXES:
        return "pictures or disc images"
    return "clips cut out by videoqa" if suffix == CLIP_SUFFIX and is_our_clip(_head(path)) else None


def _is_film(path: Path) -> bool:
    suffix = path.suffix.lower()
    return suffix in VIDEO_SUFFIXES or (suffix in DOUBTFUL_SUFFIXES and begins_like_video(_head(path)))


def _head(path: Path) -> bytes:
    """The first bytes of a file; empty where it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(HEAD_BYTES)
    except OSError:
        return b""


def _each_once(films: Iterable[_Entry]) -> list[Path]:
    """The files in order of name; one that is reached directly and through a link has its own name."""
    named: dict[str, Path] = {}
    for film in sorted(films, key=lambda film: (film.is_linked, film.path)):
        named.setdefault(os.path.realpath(film.path), film.path)
    return sorted(named.values())


def _matching(pattern: str, name: str) -> Iterator[Path | NotFound]:
    parts = Path(pattern).parts
    first = next(place for place, part in enumerate(parts) if glob.has_magic(part))
    entries = _walk(str(Path(*parts[:first])), parts[first:])
    if parts[-1] == "**":
        yield from _films_among(entries, name, nothing="matches no video file")
        return
    matches, failed = [], False
    for found in entries:
        if isinstance(found, NotFound):
            failed = True
            yield found
        else:
            matches.append(found)
    for match in sorted(matches, key=lambda match: match.path):
        if stat.S_ISDIR(match.mode):
            yield from _in_folder(str(match.path), str(match.path))
        else:
            yield match.path
    if not matches and not failed:
        yield NotFound(name, "matches no file")


@dataclass(frozen=True, slots=True)
class _Folder:
    """A folder to be listed, and the positions in the pattern at which its entries go on."""

    path: str
    places: frozenset[int]
    is_linked: bool


def _walk(top: str, pattern: Sequence[str]) -> Iterator[_Entry | NotFound]:
    """Entries below a folder that match the pattern, and those that cannot be read.

    ``**`` stands for any number of folders. Folders behind links come last. They are left out if they were
    listed already, or if they contain the folder that was named: naming a folder does not mean its parents.
    """
    near, linked = [_Folder(top, _closed({0}, pattern), False)], deque[_Folder]()
    seen: set[tuple[int, int]] = set()
    while near or linked:
        folder = near.pop() if near else linked.popleft()
        try:
            state = os.stat(folder.path)  # noqa: PTH116
            if folder.is_linked and ((state.st_dev, state.st_ino) in seen or _holds(folder.path, top)):
                continue
            seen.add((state.st_dev, state.st_ino))
            with os.scandir(folder.path) as entries:
                inside = sorted(entries, key=lambda entry: entry.name)
        except FileNotFoundError:
            continue
        except OSError as error:
            yield NotFound(str(Path(folder.path)), f"this folder cannot be looked into ({error.strerror})")
            continue
        for entry in inside:
            places = _on(folder.places, entry.name, pattern)
            if not places:
                continue
            found = _looked_at(entry, is_linked=folder.is_linked)
            if isinstance(found, NotFound) or len(pattern) in places:
                yield found
            if isinstance(found, _Entry) and stat.S_ISDIR(found.mode) and places != {len(pattern)}:
                below = _Folder(entry.path, places, found.is_linked)
                (linked if entry.is_symlink() else near).append(below)


def _holds(link: str, folder: str) -> bool:
    around = os.path.realpath(link)
    is_around = around in map(str, Path(os.path.realpath(folder)).parents)
    if is_around:
        logger.warning("%s: this link leads to %s, which holds %s: it is not followed", link, around, folder)
    return is_around


def _looked_at(entry: os.DirEntry[str], *, is_linked: bool) -> _Entry | NotFound:
    """The entry with its kind. Only links need a call of ``stat``, so large folders are listed quickly."""
    if not entry.is_symlink():
        is_folder, is_file = entry.is_dir(follow_symlinks=False), entry.is_file(follow_symlinks=False)
        mode = stat.S_IFDIR if is_folder else stat.S_IFREG if is_file else 0
        return _Entry(Path(entry.path), mode, is_linked)
    try:
        return _Entry(Path(entry.path), os.stat(entry.path).st_mode, True)  # noqa: PTH116
    except OSError as error:
        return NotFound(str(Path(entry.path)), _broken(error))


def _on(places: Iterable[int], name: str, pattern: Sequence[str]) -> frozenset[int]:
    """The positions in the pattern after ``name``: the parts that may match next."""
    after: set[int] = set()
    for place in places:
        if place == len(pattern):
            continue
        part = pattern[place]
        if name.startswith(".") and not part.startswith("."):
            continue
        if part == "**":
            after.add(place)
        if fnmatch.fnmatch(name, part):
            after.add(place + 1)
    return _closed(after, pattern)


def _closed(places: Iterable[int], pattern: Sequence[str]) -> frozenset[int]:
    """The positions, and those after them that are reached where a ``**`` stands for no folder."""
    closed = set(places)
    for place, part in enumerate(pattern):
        if place in closed and part == "**":
            closed.add(place + 1)
    return frozenset(closed)
