"""Files and folders that only their owner can read: a library holds speech and frames of private videos.

Existing folders and files keep their mode, so a library can be shared on purpose. On Windows modes have no
effect; folders there inherit their rights.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

__all__ = ["make_private_file", "make_private_folder", "write_private_file"]


def make_private_folder(folder: Path) -> None:
    """Make a folder of mode 0700 (less where the umask says so), and its parents with the usual mode; does
    nothing if it is there.

    Raises:
        OSError: it cannot be made.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def make_private_file(path: Path) -> None:
    """Make an empty file of mode 0600 or less. Does nothing if it is there or cannot be made: SQLite raises
    its own error then.

    SQLite gives journals the mode of their database, and takes an empty file for a new one.
    """
    with suppress(OSError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def write_private_file(path: Path, parts: Iterable[bytes | memoryview], *, is_durable: bool) -> None:
    """Write a file of mode 0600, and its folder; readers see the old file or the new one, whole.

    Args:
        path: Where to; an existing file is replaced.
        parts: The bytes, one after the other.
        is_durable: Whether the bytes are on the disk before the file is replaced.

    Raises:
        OSError: the folder cannot be written, or the disk is full.
    """
    make_private_folder(path.parent)
    handle, temporary = tempfile.mkstemp(prefix=path.name, suffix=".tmp", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.writelines(parts)
            if is_durable:
                file.flush()
                os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(temporary).unlink()
        raise
