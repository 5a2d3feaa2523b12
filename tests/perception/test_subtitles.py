"""Subtitle files: their grammars, whom they belong to, and what the observer makes of them."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.media.reels import Reel, steady
from video_vlm.errors import SubtitleError
from video_vlm.media import open_video
from video_vlm.perception.sidecars import find_sidecars
from video_vlm.perception.subtitles import SubtitleObserver, read_subtitles
from video_vlm.records import Observation

HELLO = "1\n00:00:01,000 --> 00:00:02,000\nHello.\n"


def write(folder: Path, text: str, name: str = "film.srt") -> Path:
    path = folder / name
    path.write_bytes(text.encode())
    return path


def told(path: Path) -> list[tuple[float, float, str]]:
    return [(cue.span.start, cue.span.end, cue.text) for cue in read_subtitles(path)]


def texts(path: Path) -> list[str]:
    return [cue.text for cue in read_subtitles(path)]


def names_for(video: Path) -> list[str]:
    return [one.path.name for one in find_sidecars(video).files]


def observed(video: Path) -> list[Observation]:
    with open_video(video) as reader:
        return list(SubtitleObserver().begin(reader))


# SubRip


def test_srt_cues_have_their_times_and_lines_joined(tmp_path: Path) -> None:
    text = "1\n00:00:01,500 --> 00:00:02,250\nOne\ntwo\n\n2\n01:00:00,000 --> 01:00:01,000\nThree\n"
    assert told(write(tmp_path, text)) == [(1.5, 2.25, "One two"), (3600.0, 3601.0, "Three")]


@pytest.mark.parametrize(
    ("timing", "span"),
    [
        ("00:00:04 --> 00:00:07", (4.0, 7.0)),
        ("00:00:00,1 --> 00:00:04", (0.1, 4.0)),
        ("0:5 --> 0:6.5", (5.0, 6.5)),
        ("00:00:5,000 --> 00:00:6,000", (5.0, 6.0)),
        ("00:00:013.567-->00:00:14.901 X1:5 X2:9", (13.567, 14.901)),
        ("00:00:01,000 -- > 00:00:02,000", (1.0, 2.0)),
        ("00:00:01,000 -> 00:00:02,000", (1.0, 2.0)),
        ("-00:00:02,345 --> 00:00:01,234", (0.0, 1.234)),
    ],
)
def test_careless_times_are_read(tmp_path: Path, timing: str, span: tuple[float, float]) -> None:
    assert told(write(tmp_path, f"1\n{timing}\nText\n")) == [(*span, "Text")]


@pytest.mark.parametrize(
    "timing", ["0.0.0 --> 00:05.678", "00:06.789 --> never", "-0:00:04,5 --> -0:00:03,4"]
)
def test_a_cue_without_a_usable_time_is_skipped_and_counted(
    tmp_path: Path, timing: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    assert texts(write(tmp_path, f"{HELLO}\n2\n{timing}\nLost\n")) == ["Hello."]
    assert "1 cues have no usable time" in caplog.text


def test_a_cue_that_ends_before_it_starts_is_kept_for_a_reading_time_and_less_sure(tmp_path: Path) -> None:
    [cue] = read_subtitles(write(tmp_path, "1\n00:00:05,000 --> 00:00:04,000\nBackwards\n"))
    assert (cue.span.start, cue.span.end, cue.confidence) == (5.0, 6.0, 0.7)


def test_cues_come_in_order_of_time_and_once(tmp_path: Path) -> None:
    later = "2\n00:00:03,000 --> 00:00:04,000\nLater\n"
    assert texts(write(tmp_path, f"{later}\n{HELLO}\n{HELLO}")) == ["Hello.", "Later"]


def test_missing_numbers_and_extra_blank_lines_do_no_harm(tmp_path: Path) -> None:
    text = (
        "\n\n00:00:01,000 --> 00:00:02,000\nOne\n\n\n\n2\n00:00:03,000 --> 00:00:04,000\nTwo\n\nmore\n\n3\n"
    )
    assert texts(write(tmp_path, text)) == ["One", "Two more"]


def test_a_number_that_is_said_is_not_taken_for_a_cue_number(tmp_path: Path) -> None:
    text = "1\n00:00:01,000 --> 00:00:02,000\n1928\n\n2\n00:00:03,000 --> 00:00:04,000\nHow many?\n42\n"
    assert texts(write(tmp_path, text)) == ["1928", "How many? 42"]


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("<i>Slanted</i> and <font color='red'>red</font>", "Slanted and red"),
        (r"{\an8}Above {\ an 2}all", "Above all"),
        ("a &lt;video&gt; &amp; more", "a <video> & more"),
        ("1 < 2 and <3", "1 < 2 and <3"),
        ("♪ La la ♪", "♪ La la ♪"),
        ("[door creaks] (sighs)", "[door creaks] (sighs)"),
        ("left --> right", "left --> right"),
        ("red\x1b[31m bell\x07", "red[31m bell"),
    ],
)
def test_tags_and_control_characters_go_and_words_stay(tmp_path: Path, written: str, plain: str) -> None:
    assert texts(write(tmp_path, f"1\n00:00:01,000 --> 00:00:02,000\n{written}\n")) == [plain]


def test_a_cue_of_nothing_but_tags_says_nothing(tmp_path: Path) -> None:
    assert texts(write(tmp_path, f"{HELLO}\n2\n00:00:03,000 --> 00:00:04,000\n<i> </i>\n")) == ["Hello."]


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_every_line_ending_will_do(tmp_path: Path, ending: str) -> None:
    assert texts(write(tmp_path, HELLO.replace("\n", ending))) == ["Hello."]


# WebVTT


def test_vtt_blocks_that_are_no_cues_say_nothing(tmp_path: Path) -> None:
    text = (
        "WEBVTT - title\n\nSTYLE\n::cue(b) { color: red }\n\nREGION\nid:fred width:40%\n\nNOTE two\nlines\n\n"
        "first\n00:01.000 --> 00:02.000 region:fred align:start\nOne\n\nNOTE end\n"
    )
    assert told(write(tmp_path, text, "film.vtt")) == [(1.0, 2.0, "One")]


def test_a_voice_is_named_and_a_ruby_reading_is_not_read_twice(tmp_path: Path) -> None:
    text = "WEBVTT\n\n00:01.000 --> 00:02.000\n<v.loud Mary>Hello</v> <ruby>base<rt>over</rt></ruby>\n"
    assert texts(write(tmp_path, text, "film.vtt")) == ["Mary: Hello base"]
    both = "WEBVTT\n\n00:01.000 --> 00:02.000\n<v Mary>Yes.</v><v Jörg>No.</v>\n"
    assert texts(write(tmp_path, both, "both.vtt")) == ["Mary: Yes. Jörg: No."]


def test_roll_up_captions_say_each_line_once(tmp_path: Path) -> None:
    text = (
        "WEBVTT\nKind: captions\n\n"
        "00:00:00.000 --> 00:00:02.000 align:start\n \nhello<00:00:00.500><c> world</c>\n\n"
        "00:00:02.000 --> 00:00:02.010\nhello world\n \n\n"
        "00:00:02.010 --> 00:00:04.000\nhello world\nnext<00:00:03.000><c> line</c>\n\n"
    )
    assert told(write(tmp_path, text, "film.vtt")) == [(0.0, 2.01, "hello world"), (2.01, 4.0, "next line")]


def test_a_vtt_file_without_a_cue_is_a_file_without_a_cue(tmp_path: Path) -> None:
    assert texts(write(tmp_path, "WEBVTT\n", "film.vtt")) == []


# ASS


def test_ass_fields_are_found_by_the_format_line_and_drawings_dropped(tmp_path: Path) -> None:
    text = (
        "[Script Info]\nTitle: t\n\n[V4+ Styles]\nFormat: Name, Bold\nStyle: Default,0\n\n[Events]\n"
        "Format: Start, End, Style, Text\n"
        r"Dialogue: 0:00:01.00,0:00:02.50,Default,{\pos(1,2)}One,\Ntwo{note}" + "\n"
        r"Dialogue: 0:00:03:00,0:00:04:00,Default,{\p1}m 0 0 l 9 9{\p0}Three" + "\n"
        r"Dialogue: 0:00:05.00,0:00:06.00,Default,{\an7\p4}m 0 0 l 9 9" + "\n"
        "Comment: 0:00:07.00,0:00:08.00,Default,Never shown\n"
    )
    assert told(write(tmp_path, text, "film.ass")) == [(1.0, 2.5, "One, two"), (3.0, 4.0, "Three")]


# Files


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b" \n\n", "empty"),
        (b"Dear diary, nothing happened.", "not a SubRip"),
        (b"<html><!-- a page --></html>", "not a SubRip"),
        (bytes(range(256)) * 9, "not a SubRip"),
    ],
)
def test_what_is_no_subtitle_file_is_an_error_of_one_line(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    path = tmp_path / "film.srt"
    path.write_bytes(content)
    with pytest.raises(SubtitleError, match=reason) as caught:
        read_subtitles(path)
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_missing_file_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(SubtitleError, match=r"gone.srt"):
        read_subtitles(tmp_path / "gone.srt")


def test_a_hostile_file_is_read_in_reasonable_time(tmp_path: Path) -> None:
    junk = "<v " * 20_000 + "{\\" * 20_000 + "\n" * 20_000 + "<rt>" * 20_000 + "1 " * 20_000
    assert len(texts(write(tmp_path, f"{HELLO}{junk}\n"))) == 1


def test_every_shared_subtitle_file_gives_cues_or_one_line_of_error(shared_data: Path) -> None:
    unreadable = {"ax_ssa_empty.ass", "ax_subrip_empty.srt", "ax_webvtt_empty.vtt"}
    for path in sorted((shared_data / "subs").iterdir()):
        if path.name in unreadable:
            with pytest.raises(SubtitleError):
                read_subtitles(path)
            continue
        cues = read_subtitles(path)
        assert cues, path.name
        assert all(cue.text.strip() and "\ufffd" not in cue.text for cue in cues), path.name
        assert [cue.span for cue in cues] == sorted(cue.span for cue in cues), path.name


@pytest.mark.parametrize(
    ("name", "num_cues"),
    [
        ("TOS-ru.srt", 76),
        ("mediaelement.srt", 15),
        ("ax_subrip_typical_utf16le.srt", 3),
        ("ax_ssa_invalid_timecodes.ass", 4),  # two more end when they begin, or before: never on screen
        ("ax_ssa_positioning.ass", 6),
        ("ax_webvtt_with_css_styles.vtt", 4),
        ("moviepy_subtitles.srt", 5),
    ],
)
def test_no_readable_cue_of_a_shared_file_is_lost(shared_data: Path, name: str, num_cues: int) -> None:
    assert len(read_subtitles(shared_data / "subs" / name)) == num_cues


# Whose file it is


def test_sidecars_are_those_of_the_same_name(tmp_path: Path) -> None:
    mine = ["film.SRT", "film.ass", "film.en.srt", "film.eng.forced.vtt", "film.es-419.srt", "film.pt-BR.srt"]
    others = [
        "film2.srt",
        "film 2.srt",
        "afilm.srt",
        "film.uncut.srt",
        "film.uncut.de.srt",
        "film.txt",
        "film.part2.srt",
    ]
    for name in [*mine, *others, "film.mp4", "film.uncut.mkv"]:
        (tmp_path / name).touch()
    (tmp_path / "film.fr.srt").mkdir()
    assert names_for(tmp_path / "film.mp4") == sorted(mine)
    assert names_for(tmp_path / "film.uncut.mkv") == ["film.uncut.de.srt", "film.uncut.srt"]


def test_a_name_with_accents_is_found_however_they_are_written(tmp_path: Path) -> None:
    (tmp_path / "nai\u0308ve.srt").touch()
    assert len(names_for(tmp_path / "na\u00efve.mp4")) == 1


def test_a_folder_that_is_gone_has_no_sidecars(tmp_path: Path) -> None:
    assert names_for(tmp_path / "gone" / "film.mp4") == []


# The observer


@pytest.fixture
def film(tmp_path: Path, make_video: Callable[[Reel], Path]) -> Callable[[Reel], Path]:
    """A film of one's own, to lay files beside."""

    def copy(reel: Reel) -> Path:
        path = tmp_path / "film.mp4"
        shutil.copy(make_video(reel), path)
        return path

    return copy


def test_all_languages_are_kept_and_named(film: Callable[[Reel], Path]) -> None:
    path = film(Reel())
    write(path.parent, HELLO, "film.en.srt")
    write(path.parent, HELLO.replace("Hello", "Hallo"), "film.de.srt")
    assert [(cue.text, cue.source) for cue in observed(path)] == [
        ("Hallo.", "film.de.srt"),
        ("Hello.", "film.en.srt"),
    ]


def test_a_sidecar_that_says_what_the_embedded_track_says_is_left_out(film: Callable[[Reel], Path]) -> None:
    path = film(Reel(cues=((1000, 2000, "Hello."), (2200, 2800, "Bye."))))
    write(path.parent, f"{HELLO}\n2\n00:00:02,200 --> 00:00:02,800\n<i>bye</i>\n")
    assert [(cue.text, cue.source) for cue in observed(path)] == [
        ("Hello.", "track 1 (eng)"),
        ("Bye.", "track 1 (eng)"),
    ]


def test_the_same_words_at_other_times_are_another_track(film: Callable[[Reel], Path]) -> None:
    path = film(Reel(cues=((1000, 2000, "Hello."),)))
    write(path.parent, HELLO.replace("00:00:0", "00:01:0"))
    assert [cue.span.start for cue in observed(path)] == [1.0, 61.0]


def test_a_broken_sidecar_is_logged_and_the_others_are_read(
    film: Callable[[Reel], Path], caplog: pytest.LogCaptureFixture
) -> None:
    path = film(Reel())
    write(path.parent, "no subtitles at all", "film.de.srt")
    write(path.parent, HELLO, "film.en.srt")
    assert [cue.text for cue in observed(path)] == ["Hello."]
    assert "film.de.srt" in caplog.text


@pytest.mark.parametrize(
    "reel", [Reel(times=steady(30, start=8000)), Reel(times=steady(30, start=8000), sound=(0, 9000))]
)
def test_a_sidecar_counts_as_a_player_does(film: Callable[[Reel], Path], reel: Reel) -> None:
    path = film(reel)
    write(path.parent, HELLO)
    assert [cue.span.start for cue in observed(path)] == [1.0]
