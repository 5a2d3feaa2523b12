"""Films that are drawn with their questions: the same for a seed, and each answer in its evidence only."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import av
import pytest

from bench.drawn_films import Film, draw, questions, subtitles, write
from bench.drawn_grammar import registers
from bench.drawn_story import Asked

SEEDS = range(10)
KINDS = frozenset(
    [
        "fact",
        "name",
        "number",
        "duration",
        "count",
        "list",
        "definition",
        "causal",
        "yes_no",
        "before_after",
        "between",
        "order",
        "first_last",
        "when",
        "who_says",
        "false_premise",
        "unanswerable",
    ]
)


@pytest.fixture(scope="module")
def films() -> list[Film]:
    return [film for seed in SEEDS for film in draw(seed, 6)]


def answered(film: Film) -> list[Asked]:
    return [one for one in film.story.questions if one.evidence]


def spoken(film: Film, asked: Asked, number: int) -> str:
    """A sentence; its speaker counts where the question is who says something."""
    return film.story.sentences[number].spoken(tagged=asked.kind == "who_says" and number in asked.evidence)


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    for folder in ("one", "other"):
        write(draw(7, 1)[0], tmp_path / folder)

    for path in sorted((tmp_path / "one").iterdir()):
        if path.suffix != ".mp4":
            assert path.read_bytes() == (tmp_path / "other" / path.name).read_bytes()


def test_another_seed_gives_another_film() -> None:
    assert subtitles(draw(2, 1)[0]) != subtitles(draw(4, 1)[0])


def test_a_film_is_as_long_as_its_words(tmp_path: Path) -> None:
    film = draw(2, 1)[0]
    write(film, tmp_path)
    truth = json.loads((tmp_path / f"{film.name}.qa.json").read_text(encoding="utf-8"))

    with av.open(tmp_path / truth["video"]) as container:
        assert container.duration is not None
        assert abs(container.duration / av.time_base - truth["duration_s"]) <= 0.2
    assert film.cues[-1].end <= truth["duration_s"]


def test_every_answer_is_in_its_evidence(films: list[Film]) -> None:
    lost = [
        (film.name, one.text)
        for film in films
        for one in answered(film)
        if not re.search(one.accept, " ".join(spoken(film, one, number) for number in one.evidence), re.I)
    ]

    assert lost == []


def test_no_other_sentence_passes_for_the_answer(films: list[Film]) -> None:
    loose = [
        (film.name, one.text, sentence.text)
        for film in films
        for one in answered(film)
        for number, sentence in enumerate(film.story.sentences)
        if number not in one.evidence and re.search(one.accept, spoken(film, one, number), re.I)
    ]

    assert loose == []


def test_the_answer_as_told_is_accepted_in_words_and_in_figures(films: list[Film]) -> None:
    refused = [
        (film.name, one.text, one.answer)
        for film in films
        for one in answered(film)
        if one.kind in {"number", "duration", "count", "name", "list", "yes_no", "who_says"}
        and not re.search(one.accept, one.answer, re.I)
    ]

    assert refused == []


def test_no_question_of_a_film_comes_twice(films: list[Film]) -> None:
    for film in films:
        assert len({one.text.lower() for one in film.story.questions}) == len(film.story.questions)


def test_films_have_25_to_45_sentences_and_20_questions_of_which_4_have_no_answer(films: list[Film]) -> None:
    assert {len(film.story.questions) for film in films} == {20}
    assert {len(film.story.questions) - len(answered(film)) for film in films} == {4}
    assert all(25 <= len(film.story.sentences) <= 45 for film in films)


def test_all_kinds_and_registers_occur(films: list[Film]) -> None:
    assert {one.kind for film in films for one in film.story.questions} == KINDS
    assert {film.story.register for film in films} == {one.name for one in registers().values()}
    assert len(registers()) >= 10


def test_more_than_half_of_the_questions_are_in_other_words(films: list[Film]) -> None:
    wording = Counter(one.wording.split(",")[0] for film in films for one in film.story.questions)

    assert wording["other"] > wording["own"]


def test_an_answer_stands_in_the_cues_of_its_evidence(films: list[Film]) -> None:
    """The spans in the file hold the sentences that the question was drawn with."""
    for film in films:
        for told in json.loads(questions(film))["questions"]:
            start, end = told["evidence"]
            cues = " ".join(cue.text for cue in film.cues if cue.start < end - 0.1 and cue.end > start + 0.1)
            if told["needs"] != "nothing":
                assert re.search(told["accept"][0], re.sub(r"(?<=\w) [A-Z]+: (?=\w)", " ", cues), re.I), told[
                    "q"
                ]


def test_cues_come_one_after_the_other(films: list[Film]) -> None:
    for film in films:
        for before, after in zip(film.cues, film.cues[1:], strict=False):
            assert before.start < before.end <= after.start
