"""What a video says in words, cut into pieces that can be quoted: sentences, screen rows, chapter titles."""

from __future__ import annotations

import math
import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise

from video_vlm.language.lexicon import STOP_WORDS
from video_vlm.language.word_forms import Word, alike, words
from video_vlm.protocols import TextEncoder, VideoMemory
from video_vlm.records import Citation, Observation, ObservationKind, Span
from video_vlm.records.observations import SEEN, SPOKEN, TELLING, WRITTEN

__all__ = ["SPEAKER_TAG", "Passage", "Passages", "in_twos", "read_passages"]


_SENTENCE_END = re.compile(r"[.!?…][\"'”’)\]]*$")
SPEAKER_TAG = re.compile(r"^\W*[A-Z][A-Z .'-]{1,24}:(?=\s)")
_PRONOUN = re.compile(r"\b(?:it|he|she|they|them|him|her|his|its|their|this|that|these|those)\b", re.I)
_BETWEEN_SENTENCES = re.compile(
    r"(?<!\bMr)(?<!\bMrs)(?<!\bMs)(?<!\bDr)(?<!\bSt)(?<!\bNo)[.!?…][\"'”’)\]]*\s+(?=[\"'“‘(\[]?[A-Z0-9])"
)
_OPENING = frozenset(
    "a an the my your his her its our their this these and or but so of in on at by for from with to into onto than as if".split()
)
_JOIN_SECONDS = 1.5
_ENDED = re.compile(r"\w[.!?…][\"'”’)\]]*(?:\s|$)")
_PUNCTUATED = 0.2
"""In so many of a track's cues a sentence ends at least where it writes full stops."""
_NEAR_SECONDS = 12.0
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


def in_twos(track: Sequence[Passage]) -> Iterator[Passage]:
    """Of captions without full stops, each with the next as one: a sentence may go on from one to the other."""
    for first, second in pairwise(track):
        if second.span.start - first.span.end <= _JOIN_SECONDS:
            text = f"{first.text} {second.text}"
            stems = first.stems | second.stems
            yield replace(
                first, text=text, span=first.span.cover(second.span), words=words(text), stems=stems
            )


def read_passages(memory: VideoMemory, question: str = "") -> Passages:
    """Cut a video's subtitles, speech, screen text, chapter titles and captions into passages with their
    surroundings.

    Of what is said, one track: a translation says the same again. It is the one that has most of the
    question's words.
    """
    observations = memory.observations(kinds=TELLING)
    said = _of_one_track([item for item in observations if item.kind in SPOKEN], question)
    spoken = [_passage(item) for item in _joined_cues(said)]
    others = [_passage(item) for item in observations if item.kind not in SPOKEN]
    pieces = sorted((*spoken, *others), key=_in_order)
    beside = _Beside(pieces)
    pieces = [
        replace(piece, context=_surroundings(piece, beside), referents=_referents(piece, beside))
        for piece in pieces
    ]
    chapters = tuple(piece for piece in pieces if piece.kind is ObservationKind.CHAPTER)
    return Passages(
        all=tuple(pieces),
        spoken=tuple(piece for piece in pieces if piece.is_spoken),
        written=tuple(piece for piece in pieces if piece.kind in WRITTEN),
        seen=tuple(piece for piece in pieces if piece.kind in SEEN),
        chapters=chapters,
        rarity=_rarity(pieces),
        runs=tuple(_passage(item) for item in _runs(said)),
        topic=_topic(memory.video.title or "", pieces),
        encoder=memory.encoder,
        found=_found(memory, question) if memory.encoder is not None and len(pieces) > _FEW else (),
    )


def _found(memory: VideoMemory, question: str) -> tuple[Span, ...]:
    found = memory.search(question, kinds=TELLING, limit=_MOST_FOUND) if question.strip() else ()
    return tuple(one.span for one in found)


def _of_one_track(said: Sequence[Observation], question: str) -> list[Observation]:
    tracks: dict[str, list[Observation]] = {}
    for item in said:
        tracks.setdefault(item.track, []).append(item)
    if len(tracks) < 2:
        return list(said)
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

    written = [track for track in tracks.values() if track[0].kind is not ObservationKind.SPEECH]
    heard = [item for item in said if item.kind is ObservationKind.SPEECH]
    best = max(written, key=fit)
    is_of_all = 2 * len(heard) >= len(best)  # subtitles of another language leave all that is heard
    return heard if is_of_all and fit(heard)[:2] > fit(best)[:2] else [*best, *_between(heard, best)]


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


def _joined_cues(cues: Sequence[Observation]) -> Iterator[Observation]:
    """Cues that break a sentence in the middle, as sentences: ``"We sat. So"``, ``"we waited."`` are two.

    Only where the track writes full stops: without them nothing says where a sentence ends, and cues stay
    apart.
    """
    punctuated = _punctuated(cues)
    chains: dict[str, list[Observation]] = {}
    for cue in cues:
        cue = replace(cue, text=" ".join(cue.text.split()))
        if not any(character.isalnum() for character in cue.text):
            continue
        chain = chains.setdefault(cue.source, [])
        if chain and not (cue.source in punctuated and _goes_on(chain[-1], cue)):
            yield from _sentences_of(chain)
            chain.clear()
        chain.append(cue)
    for chain in chains.values():
        yield from _sentences_of(chain)


def _sentences_of(chain: Sequence[Observation]) -> Iterator[Observation]:
    """What cues that go on in each other say, cut where sentences end; each with the time of the cues it is in.

    A cue that stands alone is kept whole, as are the first and the last sentences of a cue.
    """
    if len(chain) < 2:
        yield from chain
        return
    text, starts = "", []
    for cue in chain:
        said = SPEAKER_TAG.sub("", cue.text).lstrip() if text else cue.text
        text = f"{text} {said}" if text else said
        starts.append(len(text) - len(said))
    ends = [found.end() for found in _BETWEEN_SENTENCES.finditer(text)]
    tag = SPEAKER_TAG.match(chain[0].text)
    for start, end in pairwise([0, *ends, len(text)]):
        first, last = bisect_right(starts, start) - 1, bisect_left(starts, end) - 1
        said = text[start:end].strip()
        told = said if not tag or start == 0 else f"{tag[0].strip()} {said}"
        yield replace(chain[first], text=told, span=chain[first].span.cover(chain[last].span))


def _punctuated(cues: Iterable[Observation]) -> frozenset[str]:
    """The sources that write where sentences end, at the end of a cue or within it."""
    num_ended: Counter[str] = Counter()
    num_cues: Counter[str] = Counter()
    for cue in cues:
        num_cues[cue.source] += 1
        num_ended[cue.source] += bool(_ENDED.search(cue.text))
    return frozenset(source for source, num in num_cues.items() if num_ended[source] >= _PUNCTUATED * num)


def _runs(cues: Sequence[Observation]) -> Iterator[Observation]:
    punctuated = _punctuated(cues)
    tracks: dict[str, list[Observation]] = {}
    for cue in cues:
        if cue.source not in punctuated:
            tracks.setdefault(cue.source, []).append(cue)
    for track in tracks.values():
        for first, second, third in zip(track, track[1:], track[2:], strict=False):
            if all(
                after.span.start - before.span.end <= _JOIN_SECONDS
                for before, after in ((first, second), (second, third))
            ):
                text = " ".join(cue.text for cue in (first, second, third))
                yield replace(first, text=text, span=first.span.cover(second.span).cover(third.span))


def _goes_on(last: Observation, cue: Observation) -> bool:
    """Whether a cue goes on with the sentence of the last one, by the same speaker."""
    if cue.span.start - last.span.end > _JOIN_SECONDS or _SENTENCE_END.search(last.text):
        return False
    tags = [found[0].strip() if found else "" for found in map(SPEAKER_TAG.match, (last.text, cue.text))]
    if tags[1] and tags[0] != tags[1]:
        return False
    said = SPEAKER_TAG.sub("", cue.text).lstrip()
    return said[:1].islower() or said[:1].isdigit() or _is_left_open(last.text)


def _is_left_open(text: str) -> bool:
    """Whether a text ends in a comma or in a word that no sentence ends in."""
    word = text.rsplit(maxsplit=1)[-1]
    return word.endswith(",") or word.casefold() in _OPENING


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
        return sorted((*self._short[first:last], *long), key=_in_order)


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
