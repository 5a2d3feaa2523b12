"""Words of other scripts: set apart or not, with their vowels over them or without, in their own capital
letters."""

from __future__ import annotations

import random

import pytest

from tests.ask.spoken_film import SpokenFilm, said
from tests.perception.subtitle_worlds import draw_unspaced_script
from video_vlm.language.word_forms import words
from video_vlm.models.builtin import BuiltinAnswerer
from video_vlm.records import Answer


def ask(question: str, *lines: str) -> Answer:
    film = SpokenFilm(
        *(said(4.0 * n, 4.0 * n + 3, line) for n, line in enumerate(lines, 1)), seconds=4.0 * len(lines) + 9
    )
    return BuiltinAnswerer().answer(question, film)


@pytest.mark.parametrize("language", ["ja", "zh", "th"])
def test_a_word_inside_a_line_without_blanks_is_counted(language: str) -> None:
    for seed in range(12):
        lines = draw_unspaced_script(seed, language)
        wanted = random.Random(seed).choice(lines).pieces[0]
        places = [4.0 * n for n, line in enumerate(lines, 1) if wanted in line.text]
        found = ask(f"How often is {wanted} mentioned?", *(line.text for line in lines))
        assert sorted(cite.span.start for cite in found.citations) == places, (seed, wanted)


@pytest.mark.parametrize(
    ("wanted", "line", "others"),
    [
        ("istanbul", "İSTANBUL gece oldu.", ("Gemi geldi.",)),
        ("IŞIK", "Işık söndü.", ("Gemi geldi.",)),
        ("kırmızı", "KIRMIZI gemi.", ("Gece oldu.",)),
        ("معزات", "الحارس عنده تسع مَعْزات", ("المنارة هناك",)),
        ("محمد", "جاء محـــمد", ("المنارة هناك",)),
        ("שלום", "שָׁלוֹם לך", ("בוקר טוב",)),
        ("नाम", "नाव का नाम मैरीगोल्ड है", ("नौ बकरियाँ हैं", "सुप्रभात कप्तान")),
        ("की", "घर की दीवार", ("घर का दरवाज़ा", "कि वह आया")),
    ],
)
def test_a_word_is_found_however_it_is_written_and_no_other(
    wanted: str, line: str, others: tuple[str, ...]
) -> None:
    found = ask(f"How often is {wanted} mentioned?", others[0], line, *others[1:])
    assert [cite.span.start for cite in found.citations] == [8.0]


@pytest.mark.parametrize("text", ["नाव का नाम", "ที่นี่ มี", "مَعْزات هنا", "e\u0301te\u0301 ici", "தமிழ் மொழி"])
def test_marks_are_part_of_their_word(text: str) -> None:
    assert [word.text for word in words(text)] == text.split()
