"""The modules of the package, also those in rooms that are links in a checkout."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import video_vlm

ROOT = Path(video_vlm.__file__).parent


def package_files() -> Iterator[Path]:
    """Every module, in order of its path below :data:`ROOT`. (``Path.rglob`` does not follow links.)"""
    for folder, folders, names in os.walk(ROOT, followlinks=True):
        folders.sort()
        yield from (Path(folder, name) for name in sorted(names) if name.endswith(".py"))
