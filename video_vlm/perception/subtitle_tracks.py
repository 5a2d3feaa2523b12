"""Joins the tracks of one film that say the same; languages stay separate.

Subtitles for the hard of hearing lie beside plain ones, a film's own track beside a file of the same words,
forced lines beside full ones, translations beside all. Of the tracks of one language one is quoted; another
adds only what the first does not have: sounds, and lines of its own.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from video_vlm.perception.language_names import language_code
from video_vlm.records import BESIDE, Observation, Span

__all__ = ["Track", "joined"]

_SOUND: Final = re.compile(r"\[[^\[\]]*\]|\([^()]*\)")
_SPEAKER: Final = re.compile(r"(?:^|(?<=\s))[A-Z][\w.'’-]{0,24}(?: [A-Z0-9][\w.'’-]{0,24}){0,2}:(?=\s)")
_NEAR_SECONDS: Final = 1.5
_COVERED: Final = 0.7
"""Of a line's words, so many are said at that time in another track where it is the same line."""
_TWIN_SHARE: Final = 0.6
_SPARSE_SHARE: Final = 0.3
"""A track with fewer lines than this share of another's is a supplement to it (forced lines, signs), not a
version."""
_AT_ONCE: Final = 0.3
_IDEOGRAPHIC: Final = "\u2e80"


@dataclass(frozen=True)
class Track:
    """The lines of one track, in order of time, and its language and purpose."""

    source: str
    lines: tuple[Observation, ...]
    language: str | None = None
    hearing: bool = False
    forced: bool = False
    commentary: bool = False
    embedded: bool = False


def joined(tracks: Iterable[Track]) -> list[Observation]:
    """The lines of all tracks, those of one language as one: in order of time, then of source.

    Which is quoted: full before forced lines, plain before those for the hard of hearing, one with all of its
    letters before one that lost some, the film's own before a file, then the one with more lines.
    """
    groups: list[list[Track]] = []
    for track in sorted((one for one in tracks if one.lines), key=_preference):
        group = next((group for group in groups if _is_version(track, group[0])), None)
        groups.append([track]) if group is None else group.append(track)
    return sorted(
        (line for group in groups for line in _group_lines(group)), key=lambda one: (one.span, one.source)
    )


def _preference(track: Track) -> tuple[bool, bool, bool, bool, bool, int, str]:
    has_lost = any("\ufffd" in line.text for line in track.lines)
    purpose = (track.commentary, track.forced, track.hearing)
    return *purpose, has_lost, not track.embedded, -len(track.lines), track.source


def _is_version(track: Track, other: Track) -> bool:
    """Whether two tracks are of one language, or say the same whatever their names say."""
    if track.commentary != other.commentary:
        return False
    codes = [language_code(one.language) if one.language else None for one in (track, other)]
    if codes[0] is not None and codes[0] == codes[1]:
        return True
    words = _Words(other.lines)
    told = [line for line in track.lines if _keys(line.text)]
    return bool(told) and sum(1 for line in told if words.cover(line)) >= _TWIN_SHARE * len(told)


def _group_lines(group: Sequence[Track]) -> list[Observation]:
    """The lines of the main track, and what the others add to it.

    Of another version of the same words (another translator's) only what is said while the first is silent;
    sounds are kept wherever they are.
    """
    most = max(len(track.lines) for track in group)
    full = [track for track in group if len(track.lines) >= _SPARSE_SHARE * most]
    main = full[0]
    kept = list(main.lines)
    for track in group:
        if track is main:
            continue
        words, is_version = _Words(kept), track in full and not track.forced
        source = f"{track.source}{BESIDE}{main.source}"
        for line in track.lines:
            is_repeated = is_version and bool(_keys(line.text)) and words.are_said_during(line.span)
            if not words.cover(line) and not is_repeated:
                kept.append(replace(line, source=source))
    return kept


class _Words:
    """Finds which words are said around a time."""

    def __init__(self, lines: Iterable[Observation]) -> None:
        self._lines = sorted(lines, key=lambda line: line.span)
        self._starts = [line.span.start for line in self._lines]
        self._keys = [_keys(line.text) for line in self._lines]
        self._longest = max((line.span.duration_seconds for line in self._lines), default=0.0)

    def cover(self, line: Observation) -> bool:
        keys = _keys(line.text)
        around = line.span.widen(_NEAR_SECONDS)
        there = self._places(around)
        if not keys:
            return any(_letters(self._lines[place].text) == _letters(line.text) for place in there)
        said = {key for place in there for key in self._keys[place]}
        return sum(1 for key in keys if key in said) >= _COVERED * len(keys)

    def are_said_during(self, span: Span) -> bool:
        seconds = 0.0
        for place in self._places(span):
            shared = span.overlap(self._lines[place].span)
            if shared is not None and self._keys[place]:
                seconds += shared.duration_seconds
        return seconds >= _AT_ONCE * span.duration_seconds

    def _places(self, span: Span) -> range:
        first = bisect_left(self._starts, span.start - min(self._longest, 60.0))
        return range(first, bisect_left(self._starts, span.end))


def _keys(text: str) -> list[str]:
    """The words of a line, without sounds, speakers, case and punctuation; letters where words are not set
    apart."""
    found: list[str] = []
    for word in _SPEAKER.sub(" ", _SOUND.sub(" ", text)).split():
        key = _letters(word)
        found += list(key) if key[:1] > _IDEOGRAPHIC else [key] if key else []
    return found


def _letters(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())
