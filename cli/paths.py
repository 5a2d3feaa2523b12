"""From what was typed to the files meant: files, folders and patterns, on every platform.

Shells on Windows hand patterns through as they are, so they are expanded here too. A name that exists is
taken as it is, even if it looks like a pattern (``film[1].mp4``).
"""

from __future__ import annotations

import glob
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["VIDEO_SUFFIXES", "NotFound", "videos_in"]

# fmt: off
VIDEO_SUFFIXES = frozenset({
    ".3gp", ".avi", ".flv", ".m2ts", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".mts", ".mxf", ".ogv", ".ts",
    ".vob", ".webm", ".wmv",
})
# fmt: on
"""What a folder is searched for; a file that is named itself may end in anything."""


@dataclass(frozen=True, slots=True)
class NotFound:
    """Something typed that stands for no file, and why."""

    typed: str
    reason: str


def videos_in(typed: Iterable[str]) -> Iterator[Path | NotFound]:
    """The files meant, each once, in the order typed; folders are searched to the bottom, in order of name."""
    seen: set[Path] = set()
    for name in typed:
        for found in expand(name):
            if isinstance(found, NotFound):
                yield found
            elif (whole := found.resolve()) not in seen:
                seen.add(whole)
                yield found


def expand(name: str) -> Iterator[Path | NotFound]:
    path = Path(name).expanduser()
    if path.is_dir():
        yield from in_folder(path, name)
    elif path.exists():
        yield path
    elif glob.has_magic(name):
        matches = sorted(glob.glob(str(path), recursive=True))  # noqa: PTH207 - the pattern may start anywhere
        for match in matches:
            yield from expand(match)
        if not matches:
            yield NotFound(name, "matches no file")
    else:
        yield NotFound(name, "no such file or folder")


def in_folder(folder: Path, name: str) -> Iterator[Path | NotFound]:
    files = sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in VIDEO_SUFFIXES
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
        and path.is_file()
    )
    yield from files
    if not files:
        yield NotFound(name, "no video files in this folder")
