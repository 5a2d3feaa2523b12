"""Ask questions of long videos: answers that know time and can be checked.

    from video_vlm import VideoQA

    with VideoQA() as videos:
        answer = videos.ask("film.mp4", "What happens after the keeper falls asleep?")
        print(answer.text, *answer.citations)

Everything public is here by name and is imported when it is first used, so that importing the package
costs nothing. :mod:`video_vlm.library` is the place to start reading.
"""

from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from video_vlm.errors import VideoQAError
    from video_vlm.index import IndexOutcome, IndexReport, index_video
    from video_vlm.library import VideoQA
    from video_vlm.media import content_id, open_video, probe
    from video_vlm.memory import open_library
    from video_vlm.records import (
        Answer,
        Citation,
        Claim,
        Evidence,
        Level,
        Node,
        Observation,
        Span,
        Status,
        Video,
    )
    from video_vlm.settings import AskSettings, IndexSettings, Settings

__all__ = [
    "Answer",
    "AskSettings",
    "Citation",
    "Claim",
    "Evidence",
    "IndexOutcome",
    "IndexReport",
    "IndexSettings",
    "Level",
    "Node",
    "Observation",
    "Settings",
    "Span",
    "Status",
    "Video",
    "VideoQA",
    "VideoQAError",
    "content_id",
    "index_video",
    "open_library",
    "open_video",
    "probe",
]

_HOMES = {
    "VideoQAError": "errors",
    "VideoQA": "library",
    "IndexOutcome": "index",
    "IndexReport": "index",
    "index_video": "index",
    "content_id": "media",
    "open_video": "media",
    "probe": "media",
    "open_library": "memory",
    "AskSettings": "settings",
    "IndexSettings": "settings",
    "Settings": "settings",
}
"""Where a public name lives; the others are records."""


def __getattr__(name: str) -> Any:
    if name in __all__:
        return getattr(import_module(f"video_vlm.{_HOMES.get(name, 'records')}"), name)
    if name == "__version__":
        try:
            return version("video-vlm")
        except PackageNotFoundError:
            return "unknown (not installed)"
    raise AttributeError(f"module 'video_vlm' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, "__version__"})
