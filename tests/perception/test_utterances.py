"""A line is one utterance, however it is shown; a line said twice is two."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tests.perception.subtitle_worlds import (
    STYLES,
    Line,
    draw_script,
    draw_unspaced_script,
    letters,
    word_by_word,
)
from video_vlm.perception.subtitle_cues import Cue
from video_vlm.perception.subtitles import read_subtitles
from video_vlm.perception.utterance_merge import utterances

NUM_WORLDS = 25


def read_as(
    style: str, lines: Sequence[Line], folder: Path, *, seed: int = 0
) -> list[tuple[str, float, float]]:
    written = STYLES[style](lines, random.Random(f"{style} {seed}"))
    path = folder / f"film{written.suffix}"
    path.write_text(written.text, encoding="utf-8", newline="")
    return [(letters(one.text), one.span.start, one.span.end) for one in read_subtitles(path)]


def said(*cues: tuple[float, float, str]) -> list[str]:
    return [cue.text for cue in utterances(Cue(*cue) for cue in cues)]


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("punctuated", [True, False])
def test_the_lines_of_a_script_come_out_of_every_style(style: str, punctuated: bool, tmp_path: Path) -> None:
    for seed in range(NUM_WORLDS):
        lines = draw_script(seed, punctuated=punctuated)
        told = read_as(style, lines, tmp_path, seed=seed)
        assert [text for text, _, _ in told] == [letters(line.text) for line in lines], seed
        for (_, start, end), line, after in zip(told, lines, [*lines[1:], lines[-1]], strict=True):
            assert start == pytest.approx(line.start, abs=0.1), seed
            assert line.end - 0.1 <= end <= max(line.end, after.start) + 0.1, seed


def test_words_that_come_one_by_one_are_joined_into_sentences(tmp_path: Path) -> None:
    for seed in range(NUM_WORLDS):
        lines = [line for line in draw_script(seed) if len(line.words) > 3]
        path = tmp_path / "film.srt"
        path.write_text(word_by_word(lines).text)
        told = read_subtitles(path)
        assert [one.text for one in told] == [line.text for line in lines]
        assert [one.span.start for one in told] == pytest.approx([line.start for line in lines], abs=0.01)


@pytest.mark.parametrize("language", ["ja", "zh", "th"])
def test_lines_without_blanks_between_words_come_out_of_every_style(language: str, tmp_path: Path) -> None:
    styles = {name for name in STYLES if "two rows" not in name and name not in ("ttml", "ass, typed")}
    for seed in range(NUM_WORLDS):
        lines = draw_unspaced_script(seed, language)
        for style in styles:
            told = read_as(style, lines, tmp_path, seed=seed)
            assert [text for text, _, _ in told] == [letters(line.text) for line in lines], (style, seed)


@pytest.mark.parametrize("language", ["ja", "zh", "th"])
def test_words_of_such_a_language_that_come_one_by_one_are_joined_without_blanks(
    language: str, tmp_path: Path
) -> None:
    for seed in range(NUM_WORLDS):
        lines = [
            replace(line, start=3 * line.start, end=3 * line.end)
            for line in draw_unspaced_script(seed, language)
        ]
        path = tmp_path / "film.srt"
        path.write_text(word_by_word(lines).text, encoding="utf-8")
        assert [one.text for one in read_subtitles(path)] == [line.text for line in lines]


@pytest.mark.parametrize(
    "cues",
    [
        [(1.0, 2.0, "Yes."), (2.0, 3.0, "Yes."), (3.0, 4.5, "Shall we go?")],
        [(1.0, 2.0, "Yes."), (2.0, 4.0, "Yes. I know that.")],
        [
            (1.0, 3.0, "We went to the fair."),
            (3.0, 5.0, "We went to the fair."),
            (5.0, 7.0, "And home again."),
        ],
        [(1.0, 2.0, "No!"), (2.0, 3.0, "No!"), (3.0, 4.0, "No!"), (4.0, 6.0, "Stay where you are.")],
        [(1.0, 3.0, "Come to the river"), (3.5, 5.5, "Come to the river"), (6.0, 8.0, "Come to the river")],
    ],
)
def test_what_is_said_again_counts_again(cues: list[tuple[float, float, str]]) -> None:
    assert said(*cues) == [text for _, _, text in cues]


def test_a_sign_that_is_typeset_while_somebody_speaks_is_one_and_so_is_the_speech() -> None:
    sign = [(1.0 + n / 25, 1.0 + (n + 1) / 25, "PEPPER'S BAKERY") for n in range(50)]
    told = utterances(
        Cue(*cue) for cue in sorted([*sign, (1.5, 2.5, "Look over there."), (2.7, 4.0, "A bakery.")])
    )
    assert [cue.text for cue in told] == ["PEPPER'S BAKERY", "Look over there.", "A bakery."]
    assert (told[0].start, told[0].end) == pytest.approx((1.0, 3.0))


def test_two_lines_shown_at_once_in_layers_are_two() -> None:
    assert said((1.0, 3.0, "Left sign"), (1.0, 3.0, "Right sign"), (1.0, 3.0, "Left sign")) == [
        "Left sign",
        "Right sign",
    ]


def test_a_live_caption_grows_under_the_line_before_it() -> None:
    rows = ["it was late", "it was late\nand", "it was late\nand nobody", "it was late\nand nobody came"]
    cues = [(n * 0.4, n * 0.4 + 0.4, row) for n, row in enumerate(rows)]
    assert said(*cues) == ["it was late", "and nobody came"]


def test_a_line_that_comes_back_above_the_next_after_a_pause_is_not_said_again() -> None:
    first = [
        (0.0, 2.0, "one line of it"),
        (2.0, 4.0, "one line of it\nand a second one"),
        (4.0, 6.0, "and a second one\nthen a third"),
    ]
    assert said(*first, (7.5, 9.0, "then a third\nand the last of all")) == [
        "one line of it",
        "and a second one",
        "then a third",
        "and the last of all",
    ]


def test_thousands_of_equal_cues_take_time_in_proportion() -> None:
    cues = [(n / 50, n / 50 + 400.0, "over and over " * 12) for n in range(4000)]
    assert len(said(*cues)) == 1
