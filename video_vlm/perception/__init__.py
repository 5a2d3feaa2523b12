"""Observers: frames and files in, timed observations out.

Subtitles, chapters, speech, text on screen, look and motion; each is found by name in :data:`OBSERVERS`.
"""

from __future__ import annotations

from video_vlm.protocols import Observer
from video_vlm.registry import Registry
from video_vlm.settings import IndexSettings

__all__ = ["OBSERVERS"]


def _chapters(settings: IndexSettings) -> Observer:  # noqa: ARG001
    from video_vlm.perception.chapters import ChapterObserver

    return ChapterObserver()


def _subtitles(settings: IndexSettings) -> Observer:  # noqa: ARG001
    from video_vlm.perception.subtitles import SubtitleObserver

    return SubtitleObserver()


def _speech(settings: IndexSettings) -> Observer:
    from video_vlm.perception.speech import SpeechObserver

    return SpeechObserver(settings)


def _screen_text(settings: IndexSettings) -> Observer:
    from video_vlm.perception.screen_text import ScreenTextObserver

    return ScreenTextObserver(settings.screen_text)


OBSERVERS: Registry[Observer] = Registry(
    "observer",
    {
        "chapters": _chapters,
        "subtitles": _subtitles,
        "speech": _speech,
        "screen-text": _screen_text,
        "look": "video_vlm.perception.dominant_colors:DominantColorObserver",
        "motion": "video_vlm.perception.motion:MotionObserver",
    },
    group="video_vlm.observers",
)
"""Observers by name; each factory takes the :class:`~video_vlm.settings.IndexSettings`."""
