"""What is heard and also stands in the subtitles: the words of the subtitles count, and are told once."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from video_vlm.index.observation_index import ObservationIndex
from video_vlm.records import Observation, ObservationKind
from video_vlm.text import findable

__all__ = ["not_in_subtitles"]

_SLACK_SECONDS: Final = 1.0
"""Subtitles come and go a little before and after what is said."""


def not_in_subtitles(
    heard: Iterable[Observation], subtitles: Sequence[Observation]
) -> tuple[Observation, ...]:
    """What was heard without the sentences that the subtitles of the same seconds have: at least half of their
    words."""
    lines = ObservationIndex(one for one in subtitles if one.kind is ObservationKind.SUBTITLE)
    return tuple(
        one for one in heard if one.kind is not ObservationKind.SPEECH or not _is_written(one, lines)
    )


def _is_written(one: Observation, lines: ObservationIndex) -> bool:
    words = Counter(_words(one.text))
    around = lines.overlapping(one.span.widen(_SLACK_SECONDS))
    by_track: dict[str, Counter[str]] = {}
    for line in around:
        by_track.setdefault(line.track, Counter()).update(_words(line.text))
    num_words = sum(words.values())
    return (
        any(2 * sum((words & said).values()) >= num_words for said in by_track.values()) if words else False
    )


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", findable(text).casefold())
