"""Several tracks of one film are asked as one, language by language."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.perception.subtitle_worlds import Line, draw_script, hard_of_hearing
from video_vlm.perception.subtitle_tracks import Track, joined
from video_vlm.records import Observation, ObservationKind, Span

SEEDS = range(40)


def track(source: str, lines: Sequence[Line], **known: object) -> Track:
    said = (
        Observation(Span(one.start, one.end), ObservationKind.SUBTITLE, one.text, source) for one in lines
    )
    return Track(source, tuple(said), **known)  # type: ignore[arg-type]


def texts(tracks: Sequence[Track]) -> list[str]:
    return [one.text for one in joined(tracks)]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("languages", [("en", "eng"), (None, None), ("en", None)])
def test_subtitles_for_the_hard_of_hearing_add_only_their_sounds(
    seed: int, languages: tuple[str | None, str | None]
) -> None:
    lines = draw_script(seed)
    plain = track("film.srt", lines, language=languages[0])
    hearing = track("film.sdh.srt", hard_of_hearing(lines, seed), language=languages[1], hearing=True)
    assert texts([hearing, plain]) == [*(line.text for line in lines), "[bell rings]"]


@pytest.mark.parametrize("seed", SEEDS)
def test_the_film_s_own_track_is_quoted_and_a_file_of_the_same_words_is_not(seed: int) -> None:
    lines = draw_script(seed)
    moved = [Line(f"<{line.text}>", line.start + 0.3, line.end + 0.3) for line in lines]
    found = joined([track("film.srt", moved), track("track 2 (eng)", lines, language="eng", embedded=True)])
    assert [(one.text, one.source) for one in found] == [(line.text, "track 2 (eng)") for line in lines]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_file_with_all_letters_is_quoted_before_a_track_that_lost_some(seed: int) -> None:
    lines = draw_script(seed)
    torn = [Line(line.text.replace("e", "\ufffd"), line.start, line.end) for line in lines]
    found = joined(
        [track("film.srt", lines, language="en"), track("track 2 (eng)", torn, language="eng", embedded=True)]
    )
    assert [one.text for one in found if one.source == "film.srt"] == [line.text for line in lines]
    assert {one.track for one in found} == {"film.srt"}


@pytest.mark.parametrize("seed", SEEDS)
def test_forced_lines_are_added_where_the_full_track_lacks_them(seed: int) -> None:
    lines = draw_script(seed)
    sign = Line("HARBOUR CLOSED", lines[1].start, lines[1].end)
    found = joined(
        [
            track("film.en.forced.srt", [lines[0], sign], language="en", forced=True),
            track("film.en.srt", lines, language="en"),
        ]
    )
    assert sorted(one.text for one in found) == sorted([*(line.text for line in lines), "HARBOUR CLOSED"])
    assert {one.source for one in found} == {"film.en.srt", "film.en.forced.srt beside film.en.srt"}
    assert {one.track for one in found} == {"film.en.srt"}


@pytest.mark.parametrize("seed", SEEDS)
def test_another_translation_into_one_language_is_not_told_as_well(seed: int) -> None:
    lines = draw_script(seed)
    other = [Line(f"Quite otherwise put {number}", line.start, line.end) for number, line in enumerate(lines)]
    found = joined([track("a.srt", lines, language="en"), track("b.srt", other, language="eng")])
    assert [one.text for one in found] == [line.text for line in lines]


@pytest.mark.parametrize("seed", SEEDS)
def test_every_language_is_kept_and_told_apart(seed: int) -> None:
    lines = draw_script(seed)
    german = [
        Line(" ".join(f"{word[::-1]}en" for word in line.words), line.start, line.end) for line in lines
    ]
    found = joined([track("film.en.srt", lines, language="en"), track("film.de.srt", german, language="de")])
    assert len(found) == 2 * len(lines)
    assert {one.track for one in found} == {"film.en.srt", "film.de.srt"}


def test_what_is_said_in_a_commentary_is_no_line_of_the_film() -> None:
    lines = draw_script(3)
    other = [Line("Here we ran out of film.", line.start, line.end) for line in lines]
    found = joined(
        [
            track("track 1 (eng)", lines, language="eng"),
            track("track 2 (eng, commentary)", other, language="eng", commentary=True),
        ]
    )
    assert {one.track for one in found} == {"track 1 (eng)", "track 2 (eng, commentary)"}


def test_chinese_lines_are_compared_letter_by_letter() -> None:
    lines = [Line("我们等这艘船等了很久。", 1, 3), Line("你昨天晚上在哪里？", 4, 6)]
    other = [Line("我們等這艘船等了很久", 1, 3), Line("你昨天晚上在哪裡", 4, 6)]
    assert texts([track("a.srt", lines), track("b.srt", other)]) == [
        "我们等这艘船等了很久。",
        "你昨天晚上在哪里？",
    ]
