"""Bytes of subtitle files from everywhere."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.perception.encoding_texts import ENCODINGS, srt_of
from video_vlm.perception.subtitle_encoding import SURE, decode_subtitles
from video_vlm.perception.subtitles import read_subtitles

FRENCH = "L'été dernier, à la forêt, le garçon a mangé des crêpes très sucrées."
GERMAN = "Ich möchte die Schüssel für die Brötchen, weiß er?"
RUSSIAN = "Послушай, мы должны следовать нашим желаниям. Хорошо, пойдём домой."
CHINESE = "你好，我的朋友。我们今天去哪里？我不知道，也许去山上看看。"
POLISH = "Zażółć gęślą jaźń, proszę."
JAPANESE = "こんにちは、世界。今日はどこへ行きますか。"
KOREAN = "안녕하세요, 오늘은 어디로 갈까요?"
GREEK = "Καλημέρα, πού πάμε σήμερα;"


def srt(text: str) -> str:
    return "".join(f"{n}\r\n00:00:{n:02},000 --> 00:00:{n + 1:02},000\r\n{text}\r\n\r\n" for n in range(1, 9))


@pytest.mark.parametrize("text", [FRENCH, RUSSIAN, CHINESE, "plain"])
@pytest.mark.parametrize(
    ("codec", "encoding"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8"),
        ("utf-16", "utf-16-le"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("utf-32", "utf-32-le"),
    ],
)
def test_unicode_is_told_by_its_mark_or_by_its_bytes(text: str, codec: str, encoding: str) -> None:
    decoded = decode_subtitles(srt(text).encode(codec))
    assert (decoded.text, decoded.encoding) == (srt(text), encoding)
    assert decoded.confidence >= 0.95


def test_utf16_with_the_big_end_first_is_told_by_its_mark() -> None:
    decoded = decode_subtitles(b"\xfe\xff" + srt(RUSSIAN).encode("utf-16-be"))
    assert (decoded.text, decoded.encoding) == (srt(RUSSIAN), "utf-16-be")


@pytest.mark.parametrize(
    ("text", "encoding"),
    [(JAPANESE, "iso2022_jp"), (JAPANESE, "iso2022_jp_2"), (KOREAN, "iso2022_kr"), (CHINESE, "hz")],
)
def test_encodings_that_say_in_ascii_where_letters_begin_are_read(text: str, encoding: str) -> None:
    decoded = decode_subtitles(srt(text).encode(encoding))
    assert decoded.text == srt(text)
    assert SURE <= decoded.confidence < 1


@pytest.mark.parametrize("text", ["~{ braces and a tilde ~}", "\x1b[31mred\x1b[0m", "~{}"])
def test_ascii_that_looks_like_such_an_encoding_is_ascii(text: str) -> None:
    assert decode_subtitles(srt(text).encode()).text == srt(text)


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (FRENCH, "cp1252"),
        (GERMAN, "cp1252"),
        (RUSSIAN, "cp1251"),
        (CHINESE, "gb18030"),
        ("“Café” – ça", "cp1252"),
    ],
)
def test_a_code_page_is_told_by_how_its_bytes_fall(text: str, encoding: str) -> None:
    decoded = decode_subtitles(srt(text).encode(encoding))
    assert (decoded.text, decoded.encoding) == (srt(text), encoding)
    assert 0.8 < decoded.confidence < 1


@pytest.mark.parametrize(
    ("text", "language", "encoding"),
    [
        (POLISH, "pl", "cp1250"),
        (JAPANESE, "jpn", "cp932"),
        (KOREAN, "ko-KR", "cp949"),
        (GREEK, "el", "cp1253"),
        (RUSSIAN, "ru", "cp1251"),
    ],
)
def test_the_language_in_the_name_decides_between_code_pages(text: str, language: str, encoding: str) -> None:
    decoded = decode_subtitles(srt(text).encode(encoding), language=language)
    assert (decoded.text, decoded.encoding) == (srt(text), encoding)


def test_the_language_never_overrules_unicode() -> None:
    assert decode_subtitles(srt(RUSSIAN).encode(), language="ru").encoding == "utf-8"


def test_a_few_damaged_bytes_do_not_make_utf8_something_else() -> None:
    data = srt(RUSSIAN).encode()[:-3]
    damaged = data[:200] + b"\xff" + data[200:-1]
    decoded = decode_subtitles(damaged)
    assert decoded.encoding == "utf-8"
    assert "следовать" in decoded.text
    assert decoded.confidence < 1


def test_the_encoding_is_recorded_in_the_source_and_the_confidence(tmp_path: Path) -> None:
    path = tmp_path / "film.pl.srt"
    path.write_bytes(srt(POLISH).encode("cp1250"))
    cue = read_subtitles(path)[0]
    assert (cue.text, cue.source, cue.confidence) == (POLISH, "film.pl.srt (cp1250)", 0.95)


@given(st.binary(max_size=300), st.sampled_from([None, "ru", "ja", "zh-TW", "x", ""]))
def test_any_bytes_decode(data: bytes, language: str | None) -> None:
    assert 0 < decode_subtitles(data, language=language).confidence <= 1


@pytest.mark.parametrize("num_cues", [2, 6, 14])
def test_short_texts_of_many_languages_are_read_or_said_to_be_a_guess(num_cues: int) -> None:
    num_right = num_all = 0
    for language, encodings in ENCODINGS.items():
        for encoding in encodings:
            for seed in range(3):
                text, data = srt_of(
                    language, encoding, num_cues=num_cues, chance=random.Random(f"{encoding} {seed}")
                )
                decoded = decode_subtitles(data)
                num_all += 1
                num_right += decoded.text == text
                assert decoded.text == text or decoded.confidence < SURE, (
                    language,
                    encoding,
                    decoded.encoding,
                )
    assert num_right > 0.9 * num_all


def test_a_guess_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "film.srt"
    path.write_bytes(b"1\n00:00:01,000 --> 00:00:02,000\n\x81\x8d\xfe \xc3\x28 \xa0\n")
    [cue] = read_subtitles(path)
    assert cue.confidence < SURE
    assert "film.srt: its encoding is not sure" in caplog.text
