# ruff: noqa: E501 - a document a line
"""Formats beside the three common ones, and what is odd in all of them."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from video_vlm.errors import SubtitleError
from video_vlm.perception.subtitle_cues import MAX_CHARACTERS, MAX_CUES, parse_cues
from video_vlm.perception.subtitles import read_subtitles


def told(folder: Path, text: str, name: str = "film.sub") -> list[tuple[float, float, str]]:
    path = folder / name
    path.write_text(text, encoding="utf-8", newline="")
    return [(round(one.span.start, 3), round(one.span.end, 3), one.text) for one in read_subtitles(path)]


@pytest.mark.parametrize(
    ("text", "cues"),
    [
        (
            "0:00:01.000,0:00:02.500\nOne\ntwo\n\n0:00:03.000,0:00:04.000\nThree\n",
            [(1.0, 2.5, "One two"), (3.0, 4.0, "Three")],
        ),
        ("[INFORMATION]\n00:00:01.00,00:00:02.00\nOne[br]two\n", [(1.0, 2.0, "One two")]),
        ("{1}{1}25.000\n{25}{50}One|two\n{75}{100}/Three\n", [(1.0, 2.0, "One two"), (3.0, 4.0, "Three")]),
        ("{24}{48}{y:i}Slanted|{c:$0000ff}red\n", [(1.001, 2.002, "Slanted red")]),
        ("[10][20]One|/two\n[30][40]Three\n", [(1.0, 2.0, "One two"), (3.0, 4.0, "Three")]),
        (
            "[ti:Song]\n[00:01.00][00:05.00]Again\n[00:02.50]Once\n[00:04.00]\n",
            [(1.0, 2.5, "Again"), (2.5, 4.0, "Once"), (5.0, 6.0, "Again")],
        ),
        ("[offset:500]\n[00:01.50]<00:01.50>Word <00:02.00>times\n[00:03.50]\n", [(1.0, 3.0, "Word times")]),
    ],
)
def test_a_format_is_told_by_its_content(
    text: str, cues: list[tuple[float, float, str]], tmp_path: Path
) -> None:
    assert told(tmp_path, text) == cues


def test_sami_holds_languages_of_which_each_is_a_track(tmp_path: Path) -> None:
    text = (
        "<SAMI><HEAD><STYLE><!-- .ENCC {lang: en} .KRCC {lang: ko} --></STYLE></HEAD><BODY>\n"
        "<SYNC Start=1000><P Class=ENCC>Hello<br>there<P Class=KRCC>안녕\n"
        "<SYNC Start=2000><P Class=KRCC>&nbsp;\n<SYNC Start=3000><P Class=ENCC>&nbsp;\n</BODY></SAMI>"
    )
    assert told(tmp_path, text, "film.smi") == [(1.0, 2.0, "안녕"), (1.0, 3.0, "Hello there")]
    assert {one.source for one in read_subtitles(tmp_path / "film.smi")} == {
        "film.smi (ENCC)",
        "film.smi (KRCC)",
    }


def ttml(body: str, attributes: str = "") -> str:
    return f'<?xml version="1.0" encoding="UTF-16"?><tt xmlns="http://www.w3.org/ns/ttml" {attributes}><body>{body}</body></tt>'


@pytest.mark.parametrize(
    ("document", "cues"),
    [
        (ttml('<div><p begin="1s" end="2.5s">One<br/>two &amp; &lt;three&gt;</p></div>'), [(1.0, 2.5, "One two & <three>")]),
        (ttml('<div begin="10s"><p begin="1s" dur="2s">Later</p></div>'), [(11.0, 13.0, "Later")]),
        (ttml('<p begin="00:00:01:12" end="00:00:02:00">Frames</p>', 'ttp:frameRate="24" '
                                                                     'xmlns:ttp="p"'), [(1.5, 2.0, "Frames")]),
        (ttml('<p begin="10000000t" end="20000000t">Ticks</p>', 'ttp:tickRate="10000000" '
                                                                'xmlns:ttp="p"'), [(1.0, 2.0, "Ticks")]),
        (ttml('<p><span begin="1s" end="2s">One</span> <span begin="2s" end="3s">Two</span></p>'), [(1.0, 2.0, "One"), (2.0, 3.0, "Two")]),
        (ttml('<p begin="1s" end="2s"><metadata><x>none</x></metadata>  spaced \n '
              '<span>out</span></p>'), [(1.0, 2.0, "spaced out")]),
        (ttml('<p begin="00:00:30:15" end="00:00:40:00">NTSC</p>', 'ttp:frameRate="30" '
                                                                   'ttp:frameRateMultiplier="1000 1001" '
                                                                   'ttp:timeBase="smpte" '
                                                                   'xmlns:ttp="p"'), [(30.53, 40.04, "NTSC")]),
        (ttml('<p begin="00:00:30:15" end="00:00:40:00">NTSC</p>', 'ttp:frameRate="30" '
                                                                   'ttp:frameRateMultiplier="1000 1001" '
                                                                   'ttp:timeBase="smpte" ttp:dropMode="dropNTSC" xmlns:ttp="p"'), [(30.5, 40.0, "NTSC")]),
        (ttml('<p begin="10:00:01:05" end="10:00:02:00">On air</p>', 'ttp:frameRate="25" xmlns:ttp="p"').replace("<body>", "<head><metadata><documentMetadata><documentStartOfProgramme>10:00:00:00</documentStartOfProgramme></documentMetadata></metadata></head><body>"), [(1.2, 2.0, "On air")]),
        (ttml('<p begin="1s" end="2s">Whole</p><p begin="3s" end="4s">Torn')[:-20], [(1.0, 2.0, "Whole")]),
    ],
)  # fmt: skip
def test_times_of_ttml_in_all_their_forms(
    document: str, cues: list[tuple[float, float, str]], tmp_path: Path
) -> None:
    assert told(tmp_path, document, "film.ttml") == cues


@pytest.mark.parametrize(
    "entity",
    [
        '<!ENTITY secret SYSTEM "file:///etc/hostname">',
        '<!ENTITY secret "aaaaaaaaaa">',
        '<!ENTITY % secret SYSTEM "http://127.0.0.1:9/x.dtd">',
    ],
)
def test_a_document_that_defines_entities_is_refused(entity: str, tmp_path: Path) -> None:
    document = f'<!DOCTYPE tt [{entity}]><tt><body><p begin="1s" end="2s">&secret;</p></body></tt>'
    with pytest.raises(SubtitleError, match="not a SubRip"):
        told(tmp_path, document, "film.ttml")


def test_elements_inside_each_other_without_end_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SubtitleError, match="not a SubRip"):
        told(tmp_path, "<tt><body>" + "<div>" * 100_000, "film.ttml")


@pytest.mark.parametrize(
    ("text", "cues"),
    [
        ("1\n00:00:01,000 --> 00:00:02,000\nA\n2\n00:00:03,000 --> 00:00:04,000\nB\n3\n00:00:05,000 --> 00:00:06,000\nC\n",
         ["A", "B", "C"]),
        ("1\n00:00:01,000 --> 00:00:02,000\nHow many?\n42\n2\n00:00:03,000 --> 00:00:04,000\n7\n", ["How many? 42", "7"]),
        ("1\n00:00:01,000 --> 00:00:02,000\nHow many?\n42\n\n2\n00:00:03,000 --> 00:00:04,000\nMany.\n", ["How many? 42", "Many."]),
        ("00:00:01,000 --> 00:00:02,000\nHow many?\n42\n00:00:03,000 --> 00:00:04,000\nMany.\n", ["How many? 42", "Many."]),
        ("7\n00:00:01,000 --> 00:00:02,000\nA\n\n9\n00:00:03,000 --> 00:00:04,000\nB\n", ["A", "B"]),
        ("１\n００：００：０１,０００ --> ００：００：０２,０００\nA\n\n２\n00：00：03，000 －－＞ 00：00：04，000\nB\n", ["A", "B"]),
        ("1\n00:00:01,000 → 00:00:02,000\nA → B\n", ["A → B"]),
        ("1\n00:00:01,000 --> \nA\n", ["A"]),
        ("1\n00:00:01,000 --> 00:00:01,000\nNever\n\n2\n00:00:03,000 --> 00:00:04,000\nShown\n", ["Shown"]),
    ],
)  # fmt: skip
def test_numbers_of_cues_are_no_words_and_numbers_that_are_said_are(
    text: str, cues: list[str], tmp_path: Path
) -> None:
    assert [one[2] for one in told(tmp_path, text, "film.srt")] == cues


def test_notes_comments_and_events_of_no_length_are_not_said(tmp_path: Path) -> None:
    events = (
        "[Events]\nFormat: Layer, Start, End, Style, Text\n"
        "comment: 0,0:00:01.00,0:00:02.00,Main,No\nDialogue: 0,0:00:03.00,0:00:03.00,Main,Nor this\n"
        "Dialogue: 0,0:00:05.00,0:00:04.00,Main,Nor that\ndialogue: 0,0:00:06.00,0:00:07.00,Main,{note}{\\k20}Ring{\\k30}ing\n"
    )
    assert told(tmp_path, events, "film.ass") == [(6.0, 7.0, "Ringing")]


def test_a_song_made_of_effects_is_read_as_the_lines_it_was_made_from(tmp_path: Path) -> None:
    for count in (1, 3, 8):
        words = [f"{chr(97 + place)}rise" for place in range(count)]
        timed = "".join(f"{{\\k{20 + place}}}{word} " for place, word in enumerate(words))
        effects = "".join(
            f"Dialogue: {layer},0:00:0{1 + place // 4}.00,0:00:08.00,Song,,fx,{{\\pos({place},{layer})}}{word}\n"
            for place, word in enumerate(words)
            for layer in range(2)
        )
        events = (
            "[Events]\nFormat: Layer, Start, End, Style, Name, Effect, Text\n"
            f"Comment: 0,0:00:01.00,0:00:08.00,Song,,karaoke,{timed}\nComment: 0,0:00:01.00,0:00:08.00,Song,,,A note\n"
            f"{effects}Dialogue: 0,0:00:08.50,0:00:09.50,Main,,,Said.\n"
        )
        assert told(tmp_path, events, "film.ass") == [(1.0, 8.0, " ".join(words)), (8.5, 9.5, "Said.")]


@pytest.mark.parametrize("cue", ["sprite.jpg#xywh=0,0,160,90", "thumbs/0001.webp"])
def test_thumbnails_of_a_player_are_not_what_is_said(cue: str, tmp_path: Path) -> None:
    with pytest.raises(SubtitleError, match="thumbnails"):
        told(
            tmp_path,
            f"WEBVTT\n\n00:01.000 --> 00:02.000\n{cue}\n\n00:02.000 --> 00:03.000\n{cue}\n",
            "film.vtt",
        )


def test_what_is_too_much_is_left_out_with_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    [cue] = told(tmp_path, f"1\n00:00:01,000 --> 00:00:02,000\n{'word ' * MAX_CHARACTERS}\n", "film.srt")
    assert len(cue[2]) <= MAX_CHARACTERS
    assert "1 cues were left out or cut" in caplog.text


def test_more_cues_than_any_film_has_are_left_out() -> None:
    blocks = "".join(f"{n}.0 --> {n}.5\na\n\n" for n in range(MAX_CUES + 10))
    parsed = parse_cues(f"WEBVTT\n\n{blocks}")
    assert parsed is not None
    assert (len(parsed.cues), parsed.num_beyond) == (MAX_CUES, 10)
