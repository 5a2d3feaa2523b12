"""What a video says in words, cut into pieces that can be quoted: sentences, screen rows, chapter titles."""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections import Counter, OrderedDict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from threading import Lock

from video_vlm.language.cue_sentences import JOIN_SECONDS, SPEAKER_TAG, joined_cues, runs_of_three
from video_vlm.language.lexicon import STOP_WORDS
from video_vlm.language.word_forms import StemIndex, Word, alike, words
from video_vlm.protocols import Revised, TextEncoder, VideoMemory
from video_vlm.records import Citation, Observation, ObservationKind, Span
from video_vlm.records.observations import SEEN, SPOKEN, TELLING, WRITTEN

__all__ = ["Passage", "Passages", "Vocabulary", "read_passages", "told_in"]


_PRONOUN = re.compile(r"\b(?:it|he|she|they|them|him|her|his|its|their|this|that|these|those)\b", re.I)
_NEAR_SECONDS = 12.0
_MOST_KEPT = 4
"""Of so many memories the passages are kept from question to question."""
_FEW = 60
"""So many passages are compared one by one."""
_MOST_FOUND = 12
_LASTING_SECONDS = 30.0
"""Most passages are over sooner."""


@dataclass(frozen=True, slots=True)
class Passage:
    """One quotable piece: its words, when, and the stems heard or read around it at the same time."""

    text: str
    span: Span
    kind: ObservationKind
    words: tuple[Word, ...]
    stems: frozenset[str]
    confidence: float = 1.0
    context: frozenset[str] = frozenset()
    referents: frozenset[str] = frozenset()
    """What its pronouns may stand for: the stems of the sentence before, where it has one."""
    height: float = 0.0
    """Of the letters, as a share of the picture's height; 0 where it is not on screen."""
    top: float = 0.0
    """Where the letters begin, from the top, likewise."""
    track: str = ""
    """Whose words they are: the subtitle track, the observer."""

    @property
    def is_spoken(self) -> bool:
        return self.kind in SPOKEN

    def cite(self, quote: str | None = None) -> Citation:
        return Citation(self.span, self.text if quote is None else quote, self.kind)


class Vocabulary:
    """The stems of a video, and which of them may stand for another word. Each word is looked up once.

    Args:
        passages: Where they stand.
    """

    def __init__(self, passages: Sequence[Passage]) -> None:
        self._stems = StemIndex(stem for one in passages for stem in one.stems)
        self.written: Mapping[str, str] = {
            word.text.casefold(): word.text for one in passages for word in one.words
        }
        """Each word as it is written here, by its small letters."""
        self._alike: dict[str, dict[str, float]] = {}

    def alike(self, stem: str) -> Mapping[str, float]:
        """How far each stem here stands for ``stem``, in ``(0, 1]``; those that do not are left out."""
        if stem not in self._alike:
            near = ((other, alike(stem, other)) for other in self._stems.candidates(stem))
            self._alike[stem] = {other: share for other, share in near if share}
        return self._alike[stem]


@dataclass(frozen=True)
class Passages:
    """Everything a video says in words, in order of time."""

    all: tuple[Passage, ...]
    spoken: tuple[Passage, ...]
    written: tuple[Passage, ...]
    seen: tuple[Passage, ...]
    """What a model said of pictures."""
    chapters: tuple[Passage, ...]
    rarity: dict[str, float]
    """How much a stem tells in this video, in ``(0, 1]``; 1 for what occurs once or never."""
    runs: tuple[Passage, ...]
    """Of captions without full stops, three that follow each other as one: a sentence ends in none of them
    for sure."""
    topic: frozenset[str]
    """What the whole video is about: stems of its titles and of what it says over and over."""
    vocabulary: Vocabulary
    """Every stem that is in it."""
    told: tuple[Passage, ...] = ()
    """What is said or written in sentences and rows (:func:`told_in`)."""
    encoder: TextEncoder | None = None
    """Who compares meanings; None where only words are compared."""
    found: tuple[Span, ...] = ()
    """Where a search of a long memory finds the question, by words and meaning, best first."""

    @property
    def screen(self) -> tuple[Passage, ...]:
        return tuple(passage for passage in self.written if passage.kind is ObservationKind.SCREEN_TEXT)

    def beginning_in(self, span: Span) -> Passages:
        """Those that begin in a stretch, a quarter of a second early at most."""

        def there(some: Sequence[Passage]) -> tuple[Passage, ...]:
            return tuple(one for one in some if span.start - 0.25 <= one.span.start < span.end)

        return replace(
            self,
            all=there(self.all),
            spoken=there(self.spoken),
            runs=there(self.runs),
            written=there(self.written),
            seen=there(self.seen),
            chapters=there(self.chapters),
            told=there(self.told),
        )

    def card(self, passage: Passage) -> tuple[Passage, ...]:
        """The rows that share the screen with ``passage`` at its middle, top to bottom as they were read."""
        return tuple(other for other in self.screen if other.span.contains(passage.span.middle))

    def near(
        self, passage: Passage, seconds: float, kinds: Iterable[ObservationKind] | None = None
    ) -> tuple[Passage, ...]:
        around = passage.span.widen(seconds)
        wanted = None if kinds is None else frozenset(kinds)
        return tuple(
            other
            for other in self.all
            if other.span.overlaps(around) and (wanted is None or other.kind in wanted)
        )


def told_in(pool: Sequence[Passage], runs: Iterable[Passage]) -> Sequence[Passage]:
    """What is said or written in sentences and rows, in order of time. Titles of chapters name stretches and state
    nothing; captions without full stops, those of the tracks of ``runs``, are read two at a time."""
    unpunctuated = {passage.track for passage in runs}
    told = [one for one in pool if one.kind is not ObservationKind.CHAPTER]
    kept = [one for one in told if not (one.is_spoken and one.track in unpunctuated)]
    for track in sorted(unpunctuated):
        kept += _in_twos([one for one in told if one.is_spoken and one.track == track])
    return sorted(kept, key=lambda one: one.span)


def _in_twos(track: Sequence[Passage]) -> Iterator[Passage]:
    """Of captions without full stops, each with the next as one: a sentence may go on from one to the other."""
    for first, second in pairwise(track):
        if second.span.start - first.span.end <= JOIN_SECONDS:
            text = f"{first.text} {second.text}"
            stems = first.stems | second.stems
            yield replace(
                first, text=text, span=first.span.cover(second.span), words=words(text), stems=stems
            )


def read_passages(memory: VideoMemory, question: str = "") -> Passages:
    """Cut a video's subtitles, speech, screen text, chapter titles and captions into passages with their
    surroundings.

    Of what is said, one track: a translation says the same again. It is the one that has most of the
    question's words. A memory that has a revision (:class:`~video_vlm.protocols.Revised`) is cut once.
    """
    revision = memory.revision if isinstance(memory, Revised) else None
    cut = _Cut(memory) if revision is None else _cuts.get(revision, lambda: _Cut(memory))
    passages = cut.passages(question)
    searches = memory.encoder is not None and len(passages.all) > _FEW
    return replace(passages, encoder=memory.encoder, found=_found(memory, question) if searches else ())


class _Cut:
    """The words of one memory as they are, and its passages by what of it is read: a written track, with what is
    heard beside it, or what is heard alone."""

    def __init__(self, memory: VideoMemory) -> None:
        observations = memory.observations(kinds=TELLING)
        self._title = memory.video.title or ""
        self._others = [_passage(item) for item in observations if item.kind not in SPOKEN]
        self._heard = [item for item in observations if item.kind is ObservationKind.SPEECH]
        self._tracks: dict[str, list[Observation]] = {}
        for item in observations:
            if item.kind in SPOKEN and item.kind is not ObservationKind.SPEECH:
                self._tracks.setdefault(item.track, []).append(item)
        self._cut: dict[str | None, Passages] = {}

    def passages(self, question: str) -> Passages:
        track = _best_track(self._tracks, self._heard, question)
        if track not in self._cut:
            written = [] if track is None else self._tracks[track]
            heard = self._heard if track is None else _between(self._heard, written)
            self._cut[track] = self._passages([*written, *heard])
        return self._cut[track]

    def _passages(self, said: Sequence[Observation]) -> Passages:
        pieces = sorted((*map(_passage, joined_cues(said)), *self._others), key=_in_order)
        beside = _Beside(pieces)
        pieces = [
            replace(piece, context=_surroundings(piece, beside), referents=_referents(piece, beside))
            for piece in pieces
        ]
        runs = tuple(_passage(item) for item in runs_of_three(said))
        return Passages(
            all=tuple(pieces),
            spoken=tuple(piece for piece in pieces if piece.is_spoken),
            written=tuple(piece for piece in pieces if piece.kind in WRITTEN),
            seen=tuple(piece for piece in pieces if piece.kind in SEEN),
            chapters=tuple(piece for piece in pieces if piece.kind is ObservationKind.CHAPTER),
            rarity=_rarity(pieces),
            runs=runs,
            topic=_topic(self._title, pieces),
            told=tuple(told_in(pieces, runs)),
            vocabulary=Vocabulary((*pieces, *runs)),
        )


class _LastUsed:
    """What was cut of the memories that were asked last. Shared by threads."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = Lock()
        self._kept: OrderedDict[Hashable, _Cut] = OrderedDict()

    def get(self, revision: Hashable, make: Callable[[], _Cut]) -> _Cut:
        with self._lock:
            found = self._kept.get(revision)
        found = found or make()
        with self._lock:
            self._kept[revision] = found
            self._kept.move_to_end(revision)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return found


_cuts = _LastUsed(_MOST_KEPT)


def _found(memory: VideoMemory, question: str) -> tuple[Span, ...]:
    found = memory.search(question, kinds=TELLING, limit=_MOST_FOUND) if question.strip() else ()
    return tuple(one.span for one in found)


def _best_track(
    tracks: Mapping[str, Sequence[Observation]], heard: Sequence[Observation], question: str
) -> str | None:
    """The name of the track that has most of the question's words; None for what is heard alone."""
    if len(tracks) + bool(heard) < 2:
        return next(iter(tracks), None)
    asked = {word.text.casefold() for word in words(question)}

    def fit(track: Sequence[Observation]) -> tuple[float, float, int]:
        there = Counter(word.text.casefold() for item in track for word in words(item.text))
        shared = sum(
            0.3 if word in STOP_WORDS else 1.0
            for word in asked
            if any(alike(word, one) == 1 for one in there)
        )
        # Questions are in English here: of two that have as much of one, the track in English.
        english = sum(times for word, times in there.items() if word in STOP_WORDS) / max(1, there.total())
        return shared, english, len(track)

    best = max(tracks, key=lambda name: fit(tracks[name]))
    is_of_all = 2 * len(heard) >= len(tracks[best])  # subtitles of another language leave all that is heard
    return None if is_of_all and heard and fit(heard)[:2] > fit(tracks[best])[:2] else best


def _between(heard: Sequence[Observation], written: Sequence[Observation]) -> list[Observation]:
    """What is heard while no subtitle of the track is shown."""
    ends = list(accumulate((one.span.end for one in written), max))
    starts = [one.span.start for one in written]
    return [
        one
        for one in heard
        if (shown := bisect_left(starts, one.span.end)) == 0 or ends[shown - 1] <= one.span.start
    ]


def _passage(item: Observation) -> Passage:
    tag = SPEAKER_TAG.match(item.text)
    found = tuple(word for word in words(item.text) if not tag or word.start >= tag.end())
    carrying = frozenset(word.stem for word in found if word.text.casefold() not in STOP_WORDS)
    top, height = (item.box[1], item.box[3] - item.box[1]) if item.box else (0.0, 0.0)
    return Passage(
        item.text,
        item.span,
        item.kind,
        found,
        carrying,
        item.confidence,
        height=height,
        top=top,
        track=item.track,
    )


class _Beside:
    """The passages that may be there at the same time as another: without going through all for each."""

    def __init__(self, pieces: Sequence[Passage]) -> None:
        lasting = [piece.span.duration_seconds > _LASTING_SECONDS for piece in pieces]
        self._long = [piece for piece, lasts in zip(pieces, lasting, strict=True) if lasts]
        self._short = [piece for piece, lasts in zip(pieces, lasting, strict=True) if not lasts]
        self._starts = [piece.span.start for piece in self._short]

    def around(self, span: Span) -> list[Passage]:
        """Those that begin before the end of ``span`` and may overlap it, in order of time."""
        first = bisect_left(self._starts, span.start - _LASTING_SECONDS)
        last = bisect_left(self._starts, span.end)
        long = [piece for piece in self._long if piece.span.start < span.end]
        short = self._short[first:last]
        return sorted((*short, *long), key=_in_order) if long else short


def _in_order(piece: Passage) -> tuple[float, str, float]:
    return piece.span.start, piece.kind, piece.span.end


def _surroundings(piece: Passage, beside: _Beside) -> frozenset[str]:
    """Stems of what is on screen with a piece, of the chapter it is in, and of what is said just around
    it."""
    said = piece.span.widen(_NEAR_SECONDS)
    around: set[str] = set()
    for other in beside.around(said):
        span = said if other.is_spoken and piece.is_spoken else piece.span
        if other is not piece and other.span.overlaps(span):
            around |= other.stems
    return frozenset(around - piece.stems)


def _referents(piece: Passage, beside: _Beside) -> frozenset[str]:
    if not piece.is_spoken or not _PRONOUN.search(piece.text):
        return frozenset()
    reach = Span(max(0.0, piece.span.start - _NEAR_SECONDS), piece.span.start + 1.0)
    before = [
        other
        for other in beside.around(reach)
        if other.is_spoken and 0 <= piece.span.start - other.span.end + 0.5 <= _NEAR_SECONDS / 2
    ]
    return before[-1].stems if before else frozenset()


def _rarity(pieces: Sequence[Passage]) -> dict[str, float]:
    counts = Counter(stem for piece in pieces for stem in piece.stems)
    total = max(len(pieces), 2)
    return {stem: 1.0 - 0.5 * math.log(count) / math.log(total) for stem, count in counts.items()}


def _topic(title: str, pieces: Sequence[Passage]) -> frozenset[str]:
    counts = Counter(stem for piece in pieces for stem in piece.stems)
    often = max(3, len(pieces) // 8)
    first_card = [piece for piece in pieces if piece.kind is ObservationKind.SCREEN_TEXT][:2]
    titles = " ".join([title, *(piece.text for piece in first_card)])
    named = {word.stem for word in words(titles) if word.text.casefold() not in STOP_WORDS}
    return frozenset(named | {stem for stem, count in counts.items() if count >= often})
