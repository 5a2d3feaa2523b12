"""A cache of files with a limit in bytes: the least recently used ones are deleted first.

No file is required. So a file that cannot be read counts as missing, and one that cannot be written is not
kept. Several processes may share a cache: files are replaced whole, and may disappear at any time.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from video_vlm.memory.private_files import make_private_folder, write_private_file

__all__ = ["DiskCache"]

logger = logging.getLogger(__name__)

_SHARE: Final = 16
"""A sixteenth of the limit is freed at a time, so that not every write has to count all files."""


class DiskCache:
    """One folder of cached files. Not thread-safe.

    Args:
        folder: Made by the first write.
        most_bytes: The limit. Each other process that writes at the same time may exceed it by a sixteenth,
            until it counts again.
        read_only: Change nothing on disk, not even the times of last use.
    """

    def __init__(self, folder: Path, *, most_bytes: int, read_only: bool = False) -> None:
        self.folder = folder
        self._most_bytes = most_bytes
        self._read_only = read_only
        self._free_bytes = 0
        self._has_warned = False

    def read(self, name: str) -> bytes | None:
        """The bytes of the file of that name (``/`` between folders); None if there is none. It becomes the
        most recently used. The caller checks the bytes, and drops the file if they are wrong."""
        path = self.folder / name
        try:
            found = path.read_bytes()
        except OSError:
            return None
        if not self._read_only:
            with suppress(OSError):
                os.utime(path)
        return found

    def write(self, name: str, data: bytes) -> None:
        """Write a file, unless it is larger than the limit or the disk fails, which is logged once."""
        if self._read_only or len(data) > self._most_bytes:
            return
        try:
            if len(data) > self._free_bytes:
                self._make_room(len(data))
            self._free_bytes -= len(data)
            make_private_folder(self.folder)
            # Not durable: a file that a power cut tears is dropped by its reader.
            write_private_file(self.folder / name, [data], is_durable=False)
        except OSError as error:
            if not self._has_warned:
                logger.warning("%s: not kept for later (%s)", self.folder, error.strerror or error)
            self._has_warned = True

    def drop(self, name: str) -> None:
        """Delete a file whose bytes are wrong."""
        if not self._read_only:
            with suppress(OSError):
                (self.folder / name).unlink()

    def num_bytes(self) -> int:
        """The bytes of all files there now."""
        return sum(size for _, size, _ in _files(self.folder))

    def clear(self) -> None:
        """Delete all files."""
        if not self._read_only:
            for _, _, path in _files(self.folder):
                _remove(path)

    def _make_room(self, wanted: int) -> None:
        """Count all files, those of other processes too, and delete the oldest, until ``wanted`` bytes or a
        sixteenth of the limit are free."""
        free = max(wanted, self._most_bytes // _SHARE)
        files = sorted(_files(self.folder))
        total = sum(size for _, size, _ in files)
        for _, size, path in files:
            if total + free <= self._most_bytes:
                break
            total -= size if _remove(path) else 0
        self._free_bytes = free


def _files(folder: Path) -> Iterator[tuple[int, int, Path]]:
    """Time of last use in nanoseconds, bytes and path of each file; also those that a killed process left."""
    for where, _, names in os.walk(folder):
        for path in (Path(where, name) for name in names):
            with suppress(OSError):
                stat = path.stat()
                yield stat.st_mtime_ns, stat.st_size, path


def _remove(path: Path) -> bool:
    """Delete a file, and its folder if that is empty now; return whether the file is gone."""
    try:
        path.unlink(missing_ok=True)
    except OSError:
        return False
    with suppress(OSError):
        path.parent.rmdir()
    return True
