"""Plans: how a file would be read, how long many files would take, which frames a question would look at."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from video_vlm.ask import plan
from video_vlm.index import Estimate, IndexPlan, default_jobs, estimate, plan_index, reading_jobs
from video_vlm.library.video_lookup import VideoLookup, file_at
from video_vlm.memory import Library
from video_vlm.relook import LookPlan
from video_vlm.settings import Settings

__all__ = ["Plans"]


class Plans:
    """Plans for the videos of one library: ``VideoQA.plans``."""

    def __init__(self, library: Library, *, settings: Settings, lookup: VideoLookup) -> None:
        self._library = library
        self._settings = settings
        self._lookup = lookup

    def index(self, path: Path | str) -> IndexPlan:
        """What :meth:`VideoQA.index` would do for a video, stage by stage, and why. Nothing is decoded or
        written.

        Raises:
            UnreadableVideo: the path is not a readable local file.
        """
        return plan_index(Path(path), self._library, settings=self._settings.index)

    def estimate(
        self, paths: Iterable[Path | str], *, jobs: int | None = None, memory_bytes: float | None = None
    ) -> Estimate:
        """The costs of :meth:`VideoQA.index_many`: seconds of video, seconds of work, and bytes on disk.

        The speed is measured by reading a few seconds of the longest file.

        Args:
            paths: The files.
            jobs: How many at a time; None for one for each core, up to eight.
            memory_bytes: The limit of memory for all files read at a time.
        """
        settings, sees = self._settings.index, self._library.vectors.sight is not None
        jobs = reading_jobs(memory_bytes, jobs or default_jobs(), settings, sees=sees)
        return estimate((Path(path) for path in paths), self._library, settings=settings, jobs=jobs)

    def look(
        self, path: Path | str, question: str = "", *, frames: int | None = None, tokens: int | None = None
    ) -> LookPlan:
        """Plan which frames of a video a question looks at, and why; an unknown video is read first.

        The plan calls no model and decodes nothing.

        Args:
            path: The video.
            question: In plain English; empty for a plan of the whole video.
            frames: How many frames; None for as many as ``tokens`` buy, or by the video's length.
            tokens: As many frames as so many visual tokens buy.

        Raises:
            MediaError: the file cannot be read as a video.
            NotIndexed: there is no such file, and the library knows no video of that name or id.
            UnknownName: the settings name a sampler that is not registered.
            ValueError: the budget buys no frame.
        """
        return plan(
            question,
            self._library,
            self._lookup.known_or_read(path),
            settings=self._settings.ask,
            frames=frames,
            tokens=tokens,
            path=file_at(path),
        )
