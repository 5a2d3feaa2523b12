"""Reading many files: by processes of this machine, or by the actors of a Ray cluster."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from functools import partial
from pathlib import Path
from typing import Literal

from video_vlm.index import IndexOutcome, index_many, index_on_cluster
from video_vlm.memory import Library
from video_vlm.protocols import Progress
from video_vlm.settings import IndexSettings

__all__ = ["Engine", "index_by"]

Engine = Literal["local", "ray"]
"""``"local"`` for processes of this machine, ``"ray"`` for the actors of a Ray cluster."""


def index_by(
    engine: Engine,
    paths: Iterable[Path],
    library: Library,
    *,
    settings: IndexSettings,
    progress: Progress,
    jobs: int | None,
    memory_bytes: float | None,
    address: str | None,
) -> Generator[IndexOutcome]:
    """Read files into a library by an engine; yields an outcome for each as it is done.

    Args:
        engine: Which one.
        paths: The files.
        library: The library for their memories.
        settings: How they are read.
        progress: Receives the progress of each file.
        jobs: How many at a time; None for one for each core.
        memory_bytes: The limit of memory for all files read at a time; for ``"local"`` only.
        address: The address of the cluster; None starts one. For ``"ray"`` only.

    Raises:
        MissingExtra: Ray is not installed.
        VideoQAError: an error that would be the same for every file.
    """
    if engine == "ray":
        read = partial(index_on_cluster, address=address)
    else:
        read = partial(index_many, memory_bytes=memory_bytes)
    return read(paths, library, settings=settings, progress=progress, jobs=jobs)
