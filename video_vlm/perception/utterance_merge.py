"""Merges the cues of one track to utterances: one for each line that is said, however many cues show it.

Captions show a line more than once: they roll up (every cue repeats the line above), mark the word that is
just spoken (every cue is the whole sentence again), grow by a word at a time, are typeset picture by picture,
or show one word at a time. A line that is *said* twice is two utterances. What tells the two apart:

* A repetition stays on screen: its cue begins when the one before it ends. After a pause a line is said anew.
* A cue that is shown for too short a time to say all of its words repeats some of them.
* A track either repeats what it shows or does not: where most cues that touch overlap in words, all such overlaps are
  repetitions; where few do, only those are that the second point proves ("Yes." - "Yes. I know." are two
  lines).

Where words are not set apart (Chinese, Japanese, Thai, Khmer), each letter is compared as a word is
elsewhere.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Final

from video_vlm.perception.subtitle_cues import Cue

__all__ = ["ends_a_sentence", "utterances"]

_TOUCHING_SECONDS: Final = 0.12
"""Between cues that follow each other without a pause; captions leave a picture or two between them."""
_REAPPEARS_SECONDS: Final = 3.0
"""In a track that rolls up, a line may come back above the next one after a pause of this length."""
_CHARACTERS_A_SECOND: Final = 18.0
"""Nobody speaks faster for long; what is shown for less time than this takes was not all said in it."""
_MOST_AT_ONCE: Final = 12
"""The most cues at once that are compared, and the most words of each overlap; real captions have fewer."""
_MOST_WORDS: Final = 40
_REPEATING_SHARE: Final = 0.5
_FEW_REPETITIONS: Final = 2
_GROWS_BY_WORDS: Final = 3.0
"""More words than these at once are another line, also where nothing shows where one ends."""
_FRAME_SECONDS: Final = 0.3
"""A text that is typed letter by letter is shown for less than this at each."""
_SINGLE_WORD_SHARE: Final = 0.8
_PAUSE_SECONDS: Final = 0.7
_LINE_CHARACTERS: Final = 84
"""Two full lines of captions: as much as is joined of single words without a full stop."""
_SENTENCE_END: Final = tuple(".!?…。｡．！？؟۔।॥։።។။")
_CLOSING: Final = "\"'”’»)]」』"

_HAN_AND_KANA: Final = (
    "\u2e80-\u2fdf\u3005-\u3007\u3041-\u3096\u3099-\u30fa\u30fc-\u30ff\u31f0-\u31ff\u3400-\u9fff\uf900-\ufaff"
    "\uff66-\uff9f\U00020000-\U0003fffd"
)
_UNSPACED: Final = f"\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff{_HAN_AND_KANA}"
"""With Thai, Lao, Tibetan, Burmese and Khmer. Korean sets words apart."""
_WORD: Final = re.compile(rf"\s*(?:[^\w\s]*[{_UNSPACED}][^\w\s]*|[^\s{_UNSPACED}]+)")
"""A word with the blank before it, or one letter of a script without blanks, with the signs around it."""
_IS_UNSPACED: Final = re.compile(f"[{_UNSPACED}]")
_IS_DENSE: Final = re.compile(rf"[\uac00-\ud7a3{_HAN_AND_KANA}]")
_DENSE_LETTERS: Final = 2
"""As long as it takes to say two Latin letters, it takes to say one of these: most are syllables."""
_UNSPACED_WORD: Final = 8
"""So many letters do words have on average where none are set apart; of Chinese and Japanese half as many."""


def utterances(cues: Iterable[Cue]) -> tuple[Cue, ...]:
    """What is said in one track, in order of time, each as one cue whose text is on one line.

    An utterance begins when its words are first shown, and ends when the last cue ends that shows it with no
    newer words behind it.
    """
    shown = [one for one in map(_Shown.of, cues) if one.words]
    said = list(_said(_joined_words(shown)))  # all of them: a later cue may prolong an earlier line
    return tuple(sorted((one.cue() for one in said), key=lambda cue: (cue.start, cue.end)))


@dataclass
class _Utterance:
    """One line as far as it is known."""

    words: list[str]
    start: float
    end: float
    certain: bool

    @property
    def is_too_short_to_say(self) -> bool:
        return _is_too_short(self.end - self.start, self.words)

    def cue(self) -> Cue:
        return Cue(self.start, self.end, "".join(self.words).strip(), certain=self.certain)


@dataclass
class _Shown:
    """A cue in words, each with the blank before it, and whose words they are. ``keys`` are the words without
    case and punctuation; ``breaks`` are the places where a new line begins."""

    cue: Cue
    words: list[str]
    keys: list[str]
    breaks: frozenset[int]
    owners: list[_Utterance] = field(default_factory=list)

    @classmethod
    def of(cls, cue: Cue) -> _Shown:
        lines = [_WORD.findall(f" {line.strip()}") for line in cue.text.split("\n")]
        ends, breaks = 0, set()
        for line in lines:
            breaks.add(ends)
            ends += len(line)
        words = [word for line in lines for word in line]
        return cls(cue, words, [_key(word) for word in words], frozenset(breaks))

    @property
    def borders(self) -> frozenset[int]:
        """Where the words of another utterance begin."""
        return frozenset(
            place for place, (one, other) in enumerate(pairwise(self.owners), 1) if one is not other
        )

    @property
    def seconds(self) -> float:
        return self.cue.end - self.cue.start

    @property
    def is_too_short_to_say(self) -> bool:
        return _is_too_short(self.seconds, self.keys)


def _is_too_short(seconds: float, words: Iterable[str]) -> bool:
    return seconds * _CHARACTERS_A_SECOND < _length(words)


def _length(words: Iterable[str]) -> int:
    """In Latin letters, by how long it takes to say them."""
    text = "".join(words)
    return len(text) - text.count(" ") + (_DENSE_LETTERS - 1) * len(_IS_DENSE.findall(text))


def _num_words(words: Iterable[str]) -> float:
    """A letter of a script that does not set words apart is about a third of a word."""
    return sum(1 / 3 if _IS_UNSPACED.search(word) else 1.0 for word in words)


def _key(word: str) -> str:
    """Vowels and tones that are written over a letter are part of it."""
    kept = (
        one for one in word.strip().casefold() if one.isalnum() or unicodedata.category(one).startswith("M")
    )
    return "".join(kept) or word.strip()


def _said(track: Sequence[_Shown]) -> Iterator[_Utterance]:
    """Each utterance once. What stands on screen is remembered with its owners, so that a word that is shown
    again prolongs the line it belongs to, and only new words begin another."""
    repeats, grows = _habits(track)
    on_screen: list[_Shown] = []
    for cue in track:
        reach = _REAPPEARS_SECONDS if repeats else _TOUCHING_SECONDS
        on_screen = [one for one in on_screen if one.cue.end >= cue.cue.start - reach][-_MOST_AT_ONCE:]
        found = _repeated(cue, on_screen, repeats=repeats)
        if found is None:
            new = _Utterance(list(cue.words), cue.cue.start, cue.cue.end, cue.cue.certain)
            cue.owners = [new] * len(cue.words)
            yield new
        else:
            earlier, overlap = found
            yield from _taken_on(cue, earlier, overlap, grows=grows)
            on_screen.remove(earlier)
        on_screen.append(cue)


def _repeated(cue: _Shown, on_screen: Sequence[_Shown], *, repeats: bool) -> tuple[_Shown, _Overlap] | None:
    """The cue whose words this one shows again, newest first, and which words."""
    for earlier in reversed(on_screen):
        overlap = _overlap(earlier, cue, borders=earlier.borders if repeats else frozenset())
        if overlap is not None and _is_repetition(earlier, cue, overlap, repeats=repeats):
            return earlier, overlap
    return None


@dataclass(frozen=True)
class _Overlap:
    """``num_words`` of the later cue, its first, are those of the earlier one from ``at`` on."""

    at: int
    num_words: int
    typed: bool = False
    """Whether the last of them is a longer form of the earlier one's last: typed letter by letter."""


def _overlap(earlier: _Shown, later: _Shown, *, borders: frozenset[int] = frozenset()) -> _Overlap | None:
    """The most words that end one cue and begin the next, or all of the later one where it begins or ends the
    earlier.

    ``A B`` and ``B C`` share ``B``; ``A B`` and ``A`` share ``A``. ``borders`` are places in the earlier one
    where what is shared may begin, however little it is.
    """
    for at in sorted(earlier.breaks):
        size = len(earlier.keys) - at
        rows = {place - at for place in earlier.breaks if place >= at}
        same_rows = rows == {place for place in later.breaks if place < size}
        if (
            same_rows
            and earlier.keys[at:] == later.keys[:size]
            and (size in later.breaks or size == len(later.keys))
        ):
            return _Overlap(at, size)
    for at in range(max(0, len(earlier.keys) - min(len(later.keys), _MOST_WORDS)), len(earlier.keys)):
        size = len(earlier.keys) - at
        if earlier.keys[at:] == later.keys[:size] and (
            at == 0 or at in borders or _at_line(earlier, later, at)
        ):
            return _Overlap(at, size)
    if earlier.keys[: len(later.keys)] == later.keys:
        return _Overlap(0, len(later.keys))
    size = len(earlier.keys)
    if (
        earlier.seconds < _FRAME_SECONDS
        and size <= len(later.keys)
        and earlier.keys[:-1] == later.keys[: size - 1]
    ):
        longer, shorter = later.keys[size - 1], earlier.keys[-1]
        return _Overlap(0, size, typed=True) if longer.startswith(shorter) else None
    return None


def _at_line(earlier: _Shown, later: _Shown, at: int) -> bool:
    """Whether whole lines or sentences are shared, or at least 12 letters or three words of one line."""
    size = len(earlier.keys) - at
    begins = at in earlier.breaks or ends_a_sentence(earlier.words[at - 1])
    ends = size in later.breaks or size == len(later.keys) or ends_a_sentence(later.words[size - 1])
    shared = earlier.keys[at:]
    return (begins and ends) or _length(shared) >= 12 or (len(later.breaks) == 1 and _num_words(shared) >= 3)


def _is_repetition(earlier: _Shown, later: _Shown, overlap: _Overlap, *, repeats: bool) -> bool:
    gap = later.cue.start - earlier.cue.end
    is_all = len(earlier.keys) == len(later.keys) == overlap.num_words
    if gap > _TOUCHING_SECONDS:
        is_line = overlap.num_words in later.breaks and _length(later.keys[: overlap.num_words]) >= 4
        return repeats and not is_all and overlap.num_words < len(later.keys) and is_line
    if is_all and gap < -_TOUCHING_SECONDS:  # one line twice at a time: layers of one event
        return True
    return repeats or _proves(earlier, later, overlap)


def _proves(earlier: _Shown, later: _Shown, overlap: _Overlap) -> bool:
    """Whether two cues that touch show by themselves that words are shown again, not said again."""
    if overlap.typed or later.is_too_short_to_say:
        return True
    is_all = len(earlier.keys) == len(later.keys) == overlap.num_words
    if is_all and len(later.keys) > 1 and earlier.cue.markup != later.cue.markup:
        return True
    return earlier.is_too_short_to_say and overlap.at == 0 and overlap.num_words == len(earlier.keys)


def _habits(track: Sequence[_Shown]) -> tuple[bool, bool]:
    """Whether this track shows what it has shown before: most cues that touch share words; and whether it
    grows: most of these add a few words to the last row.

    The same text again as a whole is no vote, long enough to be said: that is how a refrain looks, too.
    """
    num_touching = num_repeated = num_grown = 0
    for earlier, later in pairwise(track):
        if later.cue.start - earlier.cue.end > _TOUCHING_SECONDS:
            continue
        overlap = _overlap(earlier, later)
        is_all = overlap is not None and len(earlier.keys) == len(later.keys) == overlap.num_words
        if is_all and overlap is not None and not _proves(earlier, later, overlap):
            continue
        num_touching += 1
        num_repeated += overlap is not None
        num_grown += overlap is not None and (overlap.typed or _is_longer(earlier, later, overlap))
    repeats = num_repeated >= _FEW_REPETITIONS and num_repeated >= _REPEATING_SHARE * num_touching
    return repeats, repeats and num_grown > _REPEATING_SHARE * num_repeated


def _taken_on(cue: _Shown, earlier: _Shown, overlap: _Overlap, *, grows: bool) -> Iterator[_Utterance]:
    """Give the words shown again to their owners, and the new ones to the last of these or to a new
    utterance."""
    kept = earlier.owners[overlap.at : overlap.at + overlap.num_words]
    rest = cue.words[overlap.num_words :]
    last = kept[-1]
    if overlap.typed:
        last.words[-1] = cue.words[overlap.num_words - 1]
    if not rest:
        last.end = max(last.end, cue.cue.end)
        cue.owners = kept
        return
    grows = grows or overlap.typed or earlier.owners[-1].is_too_short_to_say
    if grows and _is_longer(earlier, cue, overlap):  # the new words end the line that was there
        last.words += rest
        last.end = max(last.end, cue.cue.end)
        cue.owners = kept + [last] * len(rest)
        return
    new = _Utterance(rest, cue.cue.start, cue.cue.end, cue.cue.certain)
    cue.owners = kept + [new] * len(rest)
    yield new


def _is_longer(earlier: _Shown, later: _Shown, overlap: _Overlap) -> bool:
    """Whether a cue is the one before it with a few words more in the last row."""
    place = overlap.num_words
    return (
        place == len(earlier.keys)
        and place not in later.breaks
        and 0 < _num_words(later.keys[place:]) <= _GROWS_BY_WORDS
    )


def ends_a_sentence(text: str) -> bool:
    """Whether a text ends as a sentence does, ignoring quotation marks and brackets."""
    return text.rstrip(_CLOSING).endswith(_SENTENCE_END)


def _joined_words(track: Sequence[_Shown]) -> list[_Shown]:
    """A track of single words, as lines: up to a full stop, a pause, or the length of two lines of
    captions."""
    unspaced = [one for one in track if len(one.words) > 1 and _may_be_a_word(one.words)]
    num_single = sum(len(one.words) == 1 for one in track) + len(unspaced)
    are_short = sum(_length(one.words) for one in unspaced) <= _UNSPACED_WORD * len(unspaced)
    if len(track) < 4 or num_single < _SINGLE_WORD_SHARE * len(track) or not are_short:
        return list(track)
    lines: list[Cue] = []
    for one in track:
        cue = replace(one.cue, text="".join(one.words).strip(), markup="")
        last = lines[-1] if lines else cue
        is_near = cue.start - last.end <= _PAUSE_SECONDS
        is_short = _length((last.text, cue.text)) < _LINE_CHARACTERS
        if not lines or not (is_near and is_short) or ends_a_sentence(last.text):
            lines.append(cue)
        elif not last.text.endswith(cue.text) or cue.start >= last.end:
            is_unspaced = _IS_UNSPACED.search(last.text[-1:]) and _IS_UNSPACED.search(cue.text[:1])
            text = f"{last.text}{'' if is_unspaced else ' '}{cue.text}"
            lines[-1] = replace(last, end=max(last.end, cue.end), text=text)
    return [_Shown.of(line) for line in lines]


def _may_be_a_word(words: Sequence[str]) -> bool:
    is_unspaced = " " not in "".join(words).strip() and _num_words(words) < len(words)
    return is_unspaced and _length(words) <= 1.5 * _UNSPACED_WORD
