"""The results of indexing: of a video, and of one file of many."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from video_vlm.records import Damage, Span, Video

__all__ = ["IndexOutcome", "IndexReport"]


@dataclass(frozen=True, slots=True)
class IndexReport:
    """What is in the memory of a video now, and how it got there.

    ``video`` carries the times that decoding found, not those the container claims. ``num_sights`` counts the
    frames that the library's image-text tower has seen (0 without one). In ``holes`` nothing was recorded.
    ``resumed_from`` is where an interrupted run was taken up (None: from the beginning), ``reused`` says that
    the memory was complete already. Where only a part of it was made again, ``kept`` names the observers that
    were not asked again (None: the frames were gone over). ``missing`` names each observer that could not
    run and what to type, and how much a fast run left out; ``read_in_full`` is why a video was not read fast
    although it was asked to be.
    """

    video: Video
    num_frames: int
    num_shots: int
    num_segments: int
    num_scenes: int
    num_observations: int
    num_sights: int = 0
    damage: tuple[Damage, ...] = ()
    holes: tuple[Span, ...] = ()
    resumed_from: float | None = None
    reused: bool = False
    kept: tuple[str, ...] | None = None
    missing: tuple[str, ...] = ()
    read_in_full: str | None = None


@dataclass(frozen=True, slots=True)
class IndexOutcome:
    """The result for one file of many: its report, or its error; never both."""

    path: Path
    report: IndexReport | None = None
    error: Exception | None = None

    def __post_init__(self) -> None:
        if (self.report is None) == (self.error is None):
            raise ValueError(
                f"{self.path}: an outcome is a report or an error, got {self.report} and {self.error}"
            )
