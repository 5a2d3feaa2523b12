# ruff: noqa: E501 - a text a line
"""Text as it is read on a screen, and as it is looked for."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from video_vlm.language.word_forms import stem
from video_vlm.memory.fts_query import match_query, searchable
from video_vlm.text import as_seen, findable

HIDDEN = "\u00ad\u200b\u2060\ufeff\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u034f\u180e\U000e0041"


@pytest.mark.parametrize(
    ("written", "seen"),
    [
        ("Wel\u00adcome to the har\u00adbour", "Welcome to the harbour"),
        ("\u202bMari\u200bgold\u202c", "Marigold"),
        ("the \ufb01nal o\ufb03ce \ufb02oor", "the final office floor"),
        ("cafe\u0301", "café"),
        ("a\u200db", "ab"),
        ("می\u200cشود", "می\u200cشود"),
        ("क्\u200dष", "क्\u200dष"),
        ("👩\u200d👩\u200d👧 ❤\ufe0f\u200d🔥", "👩\u200d👩\u200d👧 ❤\ufe0f\u200d🔥"),
        (
            "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
            "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
        ),
        ("hid\U000e0069\U000e0067den", "hidden"),
        ("one\u2028two\u00a0three", "one two three"),
        (" a \r\n\r\n b\t", "a\nb"),
    ],
)
def test_what_no_screen_shows_is_gone_and_what_a_script_needs_stays(written: str, seen: str) -> None:
    assert as_seen(written) == seen


@given(
    st.text(alphabet=st.characters(categories=("L", "N", "P", "Zs")), max_size=60),
    st.lists(st.integers(0, 60)),
    st.data(),
)
def test_hidden_characters_hide_no_word(text: str, places: list[int], data: st.DataObject) -> None:
    marked = text
    for place in places:
        marked = marked[:place] + data.draw(st.sampled_from(HIDDEN)) + marked[place:]
    assert findable(marked) == findable(text)


@given(st.text(max_size=80))
def test_text_as_seen_is_seen_as_it_is(text: str) -> None:
    seen = as_seen(text)
    assert as_seen(seen) == seen
    assert not any(unicodedata.category(character) == "Cc" for character in seen.replace("\n", ""))


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("ＭＡＲＩＧＯＬＤ", "MARIGOLD"),
        ("CO₂", "CO2"),
        ("ﻣﺮﺣﺒﺎ", "مرحبا"),
        ("می\u200cشود", "می شود"),
        ("क्\u200dष", "क्ष"),
    ],
)
def test_letters_of_every_form_are_looked_for_as_the_plain_ones(written: str, plain: str) -> None:
    assert findable(written) == plain
    assert searchable(written) == plain


def test_a_question_is_asked_as_seen_too() -> None:
    assert match_query("Mari\u00adgold ｈａｒｂｏｕｒ") == '"marigold" OR "harbour"'
    assert stem("ｐｅｐｐｅｒ") == stem("pepper")
