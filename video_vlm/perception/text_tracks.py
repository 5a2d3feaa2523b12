"""Joins the same row of text in consecutive pictures to one observation.

Reading is noisy, and text moves, grows and is partly hidden, so "the same" means one of: the same letters,
wherever they are now (scrolling); at the same place, nearly the same letters, one of the two read unsurely;
at the same place, a part of the other (typing, a cell that was not read). Numbers are never noise: ``2/8``
and ``3/8`` stay apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import zip_longest

from video_vlm.perception.text_rows import CELL_MARK, Box
from video_vlm.records import Observation, Span

__all__ = ["join_rows"]

_GAP_SECONDS = 2.0
_GAP_SHARE = 0.2
"""A row that was there this long is believed to have been there through a gap a fifth as long."""
_LETTERS_PER_ERROR = 8
_SURE = 0.95
"""Two readings this sure that differ are two texts: ``Hello`` was edited to ``Hallo``."""
_FEWEST_LETTERS = 4
"""Shorter rows are not followed over the picture, nor taken for a part of another."""
_LOOKALIKES = str.maketrans("01i5", "olls")
_NUMBER = re.compile(r"(?<![^\W\d_])\d+(?:[.,:/]\d+)*(?![^\W\d_])")


@dataclass(frozen=True, slots=True)
class _Reading:
    """A row as it was read once, and what of it is compared."""

    row: Observation
    letters: str = field(init=False)
    numbers: str = field(init=False)
    box: Box = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "letters", _letters(self.row.text))
        object.__setattr__(self, "numbers", _numbers(self.row.text))
        object.__setattr__(self, "box", self.row.box or (0.0, 0.0, 1.0, 1.0))


class _Track:
    """One row of text as it was read again and again."""

    def __init__(self, reading: _Reading) -> None:
        self.readings = [reading]
        self.span = reading.row.span
        self.fullest = reading
        self.box = reading.box

    def add(self, reading: _Reading) -> None:
        """Adds a reading. Later rows are compared with the fullest text so far, at the place of the last
        reading."""
        self.readings.append(reading)
        self.span = self.span.cover(reading.row.span)
        self.box = reading.box
        if len(reading.letters) >= len(self.fullest.letters):
            self.fullest = reading

    def result(self) -> Observation:
        """One observation: of the readings that are no mere part, the spelling that was read longest and
        surest."""
        fullest = len(self.fullest.letters)
        whole = [reading.row for reading in self.readings if len(reading.letters) >= 0.9 * fullest]
        weights: dict[str, float] = {}
        for row in whole:
            weight = row.confidence**4 * max(row.span.duration_seconds, 0.1)
            weights[row.text] = weights.get(row.text, 0.0) + weight
        text = max(weights, key=lambda text: (weights[text], text))
        best = max((row for row in whole if row.text == text), key=lambda row: row.confidence)
        return replace(best, span=self.span)


def join_rows(rows: Iterable[Observation]) -> tuple[Observation, ...]:
    """Join readings of the same row of text into one observation each, in order of time.

    The span goes from the first reading's start to the last one's end; text, confidence and box are those
    of the spelling that was read longest and surest. What was joined already can be joined again with
    what came after.
    """
    tracks: list[_Track] = []
    open_tracks: list[_Track] = []
    for row in sorted(rows, key=_reading_order):
        reading = _Reading(row)
        open_tracks = [
            track
            for track in open_tracks
            if row.span.start - track.span.end <= max(_GAP_SECONDS, _GAP_SHARE * track.span.duration_seconds)
        ]
        track = _continued(open_tracks, reading)
        if track is not None:
            track.add(reading)
        else:
            track = _Track(reading)
            tracks.append(track)
            open_tracks.append(track)
    return tuple(sorted((track.result() for track in tracks), key=_reading_order))


def _reading_order(row: Observation) -> tuple[Span, float, float, str]:
    left, top, _, _ = row.box or (0.0, 0.0, 1.0, 1.0)
    return row.span, top, left, row.text


def _continued(tracks: Sequence[_Track], reading: _Reading) -> _Track | None:
    """The track this reading continues: the likest of those not already continued at this time."""
    best, best_likeness = None, 0
    for track in tracks:
        if track.readings[-1].row.span.start < reading.row.span.start:
            likeness = _likeness(track, reading)
            if likeness > 0 and likeness >= best_likeness:
                best, best_likeness = track, likeness
    return best


def _likeness(track: _Track, reading: _Reading) -> int:
    """0 for another row; more, the surer it is the same."""
    known = track.fullest
    # On the same line of the picture, and over each other by at least half the shorter one.
    height = min(track.box[3] - track.box[1], reading.box[3] - reading.box[1])
    level = min(track.box[3], reading.box[3]) - max(track.box[1], reading.box[1]) > 0.5 * height
    shared = min(track.box[2], reading.box[2]) - max(track.box[0], reading.box[0])
    in_place = level and shared > 0.5 * min(track.box[2] - track.box[0], reading.box[2] - reading.box[0])
    if known.letters == reading.letters and known.numbers == reading.numbers:
        return 4 if in_place else 2 if len(known.letters) >= _FEWEST_LETTERS else 0
    if not in_place:
        return 0
    return 3 if _misread(known, reading) else 1 if _is_part(known, reading) or _is_part(reading, known) else 0


def _misread(one: _Reading, other: _Reading) -> bool:
    """Whether they differ by at most one letter in eight, and one of them was not read surely."""
    if one.numbers != other.numbers or min(one.row.confidence, other.row.confidence) >= _SURE:
        return False
    errors = max(len(one.letters), len(other.letters)) // _LETTERS_PER_ERROR
    return _distance(one.letters, other.letters, at_most=errors) <= errors


def _is_part(part: _Reading, whole: _Reading) -> bool:
    """Whether one is the other before more was typed or shown, or without some of its cells."""
    if not _FEWEST_LETTERS <= len(part.letters) < len(whole.letters):
        return False
    fewer, more = part.row.text.split(CELL_MARK), whole.row.text.split(CELL_MARK)
    if set(fewer) <= set(more):
        return True
    begins_there = abs(part.box[0] - whole.box[0]) < 2 * (part.box[3] - part.box[1])
    return begins_there and all(_begins(one, other) for one, other in zip_longest(fewer, more, fillvalue=""))


def _begins(part: str, whole: str) -> bool:
    """Whether a text goes on from another. A number that goes on is another number: ``Step 1``, ``Step
    12``."""
    if not _letters(whole).startswith(_letters(part)) or not _numbers(whole).startswith(_numbers(part)):
        return False
    return not (part[-1:].isdigit() and whole[len(part) : len(part) + 1].isdigit())


def _letters(text: str) -> str:
    """What is compared: letters and digits alone, those that readers confuse made one."""
    return "".join(character for character in text.casefold().translate(_LOOKALIKES) if character.isalnum())


def _numbers(text: str) -> str:
    """The digits of numbers that stand alone; in ``P0RT`` the zero is a misread letter."""
    return "".join(
        character for number in _NUMBER.findall(text) for character in number if character.isdigit()
    )


def _distance(one: str, other: str, *, at_most: int) -> int:
    """Levenshtein's edit distance, or more than ``at_most`` where it is more."""
    if abs(len(one) - len(other)) > at_most:
        return at_most + 1
    row = list(range(len(other) + 1))
    for index, letter in enumerate(one, start=1):
        above, row[0] = row[0], index
        for column, wanted in enumerate(other, start=1):
            above, row[column] = (
                row[column],
                min(row[column] + 1, row[column - 1] + 1, above + (letter != wanted)),
            )
        if min(row) > at_most:
            return at_most + 1
    return row[-1]
