"""Cues into sentences: captions break what is said where a line is full, not where a sentence ends."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from video_vlm.records import Observation

__all__ = ["JOIN_SECONDS", "SPEAKER_TAG", "joined_cues", "runs_of_three"]

_SENTENCE_END = re.compile(r"[.!?…][\"'”’)\]]*$")
SPEAKER_TAG = re.compile(r"^\W*[A-Z][A-Z .'-]{1,24}:(?=\s)")
_BETWEEN_SENTENCES = re.compile(
    r"(?<!\bMr)(?<!\bMrs)(?<!\bMs)(?<!\bDr)(?<!\bSt)(?<!\bNo)[.!?…][\"'”’)\]]*\s+(?=[\"'“‘(\[]?[A-Z0-9])"
)
_OPENING = frozenset(
    "a an the my your his her its our their this these and or but so of in on at by for from with to into onto than as if".split()
)
JOIN_SECONDS = 1.5
"""What is said later than this after a cue does not go on in it."""
_ENDED = re.compile(r"\w[.!?…][\"'”’)\]]*(?:\s|$)")
_PUNCTUATED = 0.2
"""In so many of a track's cues a sentence ends at least where it writes full stops."""


def joined_cues(cues: Sequence[Observation]) -> Iterator[Observation]:
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


def runs_of_three(cues: Sequence[Observation]) -> Iterator[Observation]:
    """Of captions without full stops, three that follow each other as one."""
    punctuated = _punctuated(cues)
    tracks: dict[str, list[Observation]] = {}
    for cue in cues:
        if cue.source not in punctuated:
            tracks.setdefault(cue.source, []).append(cue)
    for track in tracks.values():
        for first, second, third in zip(track, track[1:], track[2:], strict=False):
            if all(
                after.span.start - before.span.end <= JOIN_SECONDS
                for before, after in ((first, second), (second, third))
            ):
                text = " ".join(cue.text for cue in (first, second, third))
                yield replace(first, text=text, span=first.span.cover(second.span).cover(third.span))


def _goes_on(last: Observation, cue: Observation) -> bool:
    """Whether a cue goes on with the sentence of the last one, by the same speaker."""
    if cue.span.start - last.span.end > JOIN_SECONDS or _SENTENCE_END.search(last.text):
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
