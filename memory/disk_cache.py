"""Files that spare work and may be thrown away: so many bytes of them, those least recently used going first.

Nothing depends on one being there. So whatever cannot be read is not there, and whatever cannot be written is
not kept. Several processes may share a shelf: a file is put in place whole, and who finds it gone does
without.
"""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from video_vlm.memory.private_files import make_private_folder

__all__ = ["DiskCache"]

logger = logging.getLogger(__name__)

_SHARE: Final = 16
"""So much at a time is made free, so that not every file that is written has all others counted."""


class DiskCache:
    """One such folder. Not thread-safe.

    Args:
        folder: Made when something is first put there.
        most_bytes: How much may lie there. Each other process that writes at the same time may exceed it by a
            sixteenth, until it counts again.
        read_only: Change nothing on disk, not even what was used last.
    """

    def __init__(self, folder: Path, *, most_bytes: int, read_only: bool = False) -> None:
        self.folder = folder
        self._most_bytes = most_bytes
        self._read_only = read_only
        self._free_bytes = 0
        self._has_warned = False

    def read(self, name: str) -> bytes | None:
        """The file of that name (``/`` for folders in between), which is then the last to go; None if it is
        not there. The caller checks that it is what was written, and drops it if not."""
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
        """Put it there, unless it is larger than all the room, or the disk cannot take it: that is logged
        once."""
        if self._read_only or len(data) > self._most_bytes:
            return
        try:
            if len(data) > self._free_bytes:
                self._make_room(len(data))
            self._free_bytes -= len(data)
            make_private_folder(self.folder)
            _put(self.folder / name, data)
        except OSError as error:
            if not self._has_warned:
                logger.warning("%s: not kept for later (%s)", self.folder, error.strerror or error)
            self._has_warned = True

    def drop(self, name: str) -> None:
        """A file that is not what was written."""
        if not self._read_only:
            with suppress(OSError):
                (self.folder / name).unlink()

    def num_bytes(self) -> int:
        """How much lies there now."""
        return sum(size for _, size, _ in _files(self.folder))

    def clear(self) -> None:
        """Throw all of it away."""
        if not self._read_only:
            for _, _, path in _files(self.folder):
                _remove(path)

    def _make_room(self, wanted: int) -> None:
        """Count what is there, others' too, and drop the oldest, until so many bytes may be written
        uncounted."""
        free = max(wanted, self._most_bytes // _SHARE)
        files = sorted(_files(self.folder))
        total = sum(size for _, size, _ in files)
        for _, size, path in files:
            if total + free <= self._most_bytes:
                break
            total -= size if _remove(path) else 0
        self._free_bytes = free


def _files(folder: Path) -> Iterator[tuple[int, int, Path]]:
    """When each was last used, in nanoseconds, and its bytes; those that a killed process left half written
    too."""
    for where, _, names in os.walk(folder):
        for path in (Path(where, name) for name in names):
            with suppress(OSError):
                stat = path.stat()
                yield stat.st_mtime_ns, stat.st_size, path


def _remove(path: Path) -> bool:
    """And the folder it was in, if that is empty now; says whether it is gone."""
    try:
        path.unlink(missing_ok=True)
    except OSError:
        return False
    with suppress(OSError):
        path.parent.rmdir()
    return True


def _put(path: Path, data: bytes) -> None:
    """Without waiting for the disk: a file that a power cut tears is dropped by who reads it."""
    make_private_folder(path.parent)
    handle, temporary = tempfile.mkstemp(prefix=path.name, suffix=".tmp", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(temporary).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(temporary).unlink()
        raise
