"""Files and folders that only their owner reads: a library holds what was said and shown in somebody's
videos.

Only what is made here is made so. A folder or a file that is there keeps its mode, so a library can be shared
on purpose. On Windows modes say nothing; folders there inherit their rights.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

__all__ = ["make_private_file", "make_private_folder"]


def make_private_folder(folder: Path) -> None:
    """A folder of mode 0700, or less where the umask says so, and those above it as usual; nothing if it is
    there.

    Raises:
        OSError: it cannot be made.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def make_private_file(path: Path) -> None:
    """An empty file of mode 0600, or less; nothing if it is there, or cannot be made: who writes to it says
    so.

    SQLite gives journals the mode of their database, and takes an empty file for a new one.
    """
    with suppress(OSError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
