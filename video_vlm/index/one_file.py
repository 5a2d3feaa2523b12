"""Indexes one file of many: errors of the file are part of the outcome, errors of the library are raised."""

from __future__ import annotations

import logging
from pathlib import Path

from video_vlm.errors import MediaError, MemoryReplaced, VideoQAError
from video_vlm.index.frame_embeddings import embed_missing
from video_vlm.index.report import IndexOutcome
from video_vlm.index.run import index_video
from video_vlm.memory import Library
from video_vlm.protocols import Progress, ProgressEvent
from video_vlm.settings import IndexSettings

__all__ = ["index_one"]

logger = logging.getLogger(__name__)


def index_one(
    path: Path, library: Library, *, settings: IndexSettings, progress: Progress, threads: int | None = None
) -> IndexOutcome:
    """Indexes one file and gives its report or its error. A progress event without a total says that the file
    is begun.

    Raises:
        VideoQAError: anything that would be wrong for the next file too.
    """
    progress(ProgressEvent("index", 0.0, None, what=path.name, path=path))
    try:
        report = index_video(path, library, settings=settings, progress=progress, threads=threads)
        return IndexOutcome(
            path, embed_missing(report, library, settings=settings, progress=progress, threads=threads)
        )
    except (MediaError, MemoryReplaced) as error:
        return IndexOutcome(path, error=error)
    except VideoQAError:
        raise
    except Exception as error:
        logger.debug("%s: unexpected", path, exc_info=True)
        return IndexOutcome(path, error=error)
