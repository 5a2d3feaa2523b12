"""What reads many files: processes of this machine, or the actors of a Ray cluster."""

from __future__ import annotations

from collections.abc import Generator, Iterable
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
    """Read files into a library by an engine; gives an outcome for each as it is done.

    Args:
        engine: Which.
        paths: The files.
        library: Where their memories go.
        settings: How they are read.
        progress: Told how far each has come.
        jobs: How many at a time; None for one for each core.
        memory_bytes: No more at a time than take so much memory; of ``"local"`` only.
        address: Of the cluster; None for one that is started for it. Of ``"ray"`` only.

    Raises:
        MissingExtra: Ray is not installed.
        VideoQAError: something that is wrong for every file.
    """
    if engine == "ray":
        return index_on_cluster(
            paths,
            library,
            settings=settings,
            progress=progress,
            jobs=jobs,
            address=address,
        )
    return index_many(
        paths,
        library,
        settings=settings,
        progress=progress,
        jobs=jobs,
        memory_bytes=memory_bytes,
    )
