"""A long film is asked by what it has near the question's words: not by all of it."""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ask.spoken_film import SpokenFilm, said
from video_vlm.language.neighbourhoods import around_hits
from video_vlm.language.passages import read_passages
from video_vlm.language.query import read_query
from video_vlm.language.word_forms import StemIndex, alike, stem
from video_vlm.models.builtin import BuiltinAnswerer
from video_vlm.models.builtin.evidence import candidates_for
from video_vlm.models.builtin.read import tellable
from video_vlm.protocols import WordVectors
from video_vlm.records import Span

NOUNS = ("ladder", "crate", "clock", "rope", "boat", "barrel", "lamp", "sack")
DEEDS = ("carried", "sold", "repaired", "borrowed", "weighed", "hid")


class WordHashes:
    """A ``WordEncoder`` of which a word's vector is drawn from its stem; it counts the texts it was given."""

    name, dimension = "hashes", 16

    def __init__(self) -> None:
        self.texts: list[str] = []

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        return np.stack([self.encode_words(text).whole for text in texts])

    def encode_words(self, text: str) -> WordVectors:
        self.texts.append(text)
        places = [place for place in range(len(text)) if place == 0 or text[place - 1] == " "]
        spans = tuple((place, place + len(text[place:].split(" ", 1)[0].rstrip(".?"))) for place in places)
        rows = np.stack([self._vector(text[start:end]) for start, end in spans])
        whole = rows.mean(axis=0)
        return WordVectors(spans, rows, (whole / np.linalg.norm(whole)).astype(np.float32))

    def _vector(self, word: str) -> npt.NDArray[np.float32]:
        drawn = np.random.default_rng(list(stem(word).encode())).normal(size=self.dimension)
        return (drawn / np.linalg.norm(drawn)).astype(np.float32)


def long_film(num_cues: int, encoder: WordHashes | None = None) -> SpokenFilm:
    chance = random.Random(num_cues)
    lines = [
        f"Somebody {chance.choice(DEEDS)} the {chance.choice(NOUNS)} on day {place}."
        for place in range(num_cues)
    ]
    lines[num_cues // 3] = "Odile painted the gate turquoise."
    cues = [said(5.0 * place, 5.0 * place + 4, line) for place, line in enumerate(lines)]
    return SpokenFilm(*cues, seconds=5.0 * num_cues, encoder=encoder)


@pytest.mark.parametrize(
    "question", ["Who painted the gate?", "Who sold the boat?", "Why is the lamp hidden?"]
)
def test_no_more_texts_are_encoded_for_a_longer_film(question: str) -> None:
    num_encoded = []
    for num_cues in (800, 3200):
        encoder = WordHashes()
        BuiltinAnswerer().answer(question, long_film(num_cues, encoder))
        num_encoded.append(len(encoder.texts))
    assert num_encoded[1] <= 1.2 * num_encoded[0] + 5
    assert max(num_encoded) < 200


def test_one_line_among_thousands_is_found() -> None:
    answer = BuiltinAnswerer().answer("Who painted the gate?", long_film(3000))
    assert [one.span.start for one in answer.citations] == [5000.0]


def test_candidates_are_no_more_than_a_dozen_and_each_has_the_sentences_beside_it() -> None:
    passages = read_passages(long_film(2000))
    found = candidates_for(read_query("Who sold the boat?"), tellable(passages.all, passages), passages)
    assert 0 < len(found) <= 12
    assert all("boat" in one.sentence.text or "sold" in one.sentence.text for one in found)


def test_what_a_search_found_is_read_with_what_is_beside_it() -> None:
    passages = read_passages(long_film(1000))
    near = around_hits(passages.told, {"turquois": 1.0}, [Span(2001.0, 2003.0)])
    assert [one.span.start for one in near] == [
        *(1655.0, 1660.0, 1665.0, 1670.0, 1675.0),
        *(1990.0, 1995.0, 2000.0, 2005.0, 2010.0),
    ]


@given(
    st.lists(st.text("abcdefgs猫が来た", min_size=1, max_size=8), max_size=20),
    st.text("abcdefgs猫が", min_size=1, max_size=8),
)
def test_no_stem_that_is_alike_is_left_out(known: list[str], wanted: str) -> None:
    there = StemIndex(known).candidates(wanted)
    assert {other for other in known if alike(wanted, other)} <= there <= set(known)
