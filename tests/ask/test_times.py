"""Every number that is told for one time is the same time."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.ask.spoken_film import SpokenFilm, row, said
from video_vlm.language.clock_times import parse_clock
from video_vlm.models.builtin import BuiltinAnswerer
from video_vlm.models.builtin.time_wording import fine_clock, spoken_length, spoken_time
from video_vlm.records import Span, clock, whole_seconds

TIMES = st.floats(0, 40_000, allow_nan=False).map(lambda seconds: round(seconds, 4))
SPANS = st.tuples(TIMES, st.floats(0, 900)).map(lambda pair: Span(pair[0], pair[0] + pair[1]))

_CLOCK = r"\d+(?::\d\d)+"
_FINE = rf"{_CLOCK}(?:\.\d)?"


def numbers(pattern: str, told: str) -> tuple[str, ...]:
    found = re.match(pattern, told)
    assert found, told
    return found.groups()


@given(SPANS)
def test_minutes_and_seconds_agree(span: Span) -> None:
    told = spoken_time(span)
    clocks = [parse_clock(found) for found in re.findall(_CLOCK, told)]
    assert clocks == [float(found) for found in re.findall(r"(\d+) s\b", told)]
    assert all(abs(told_at - at) < 1.001 for told_at, at in zip(clocks, (span.start, span.end), strict=False))


@given(SPANS)
@example(Span(0.9995, 1.9995))
@example(Span(4.0005, 12.9995))
def test_a_length_is_that_between_the_times_told_with_it(span: Span) -> None:
    length = float(spoken_length(span.start, span.end).split()[0])
    assert length == pytest.approx(
        parse_clock(fine_clock(span.end)) - parse_clock(fine_clock(span.start)), abs=1e-6
    )
    assert fine_clock(span.start).startswith(clock(span.start))


@settings(max_examples=40)
@given(SPANS)
def test_every_time_of_an_answer_agrees(span: Span) -> None:
    span = Span(span.start, span.end + 0.1)
    later = Span(span.end + 1, span.end + 2.5)
    film = SpokenFilm(
        said(span.start, span.end, "The raft is old."), said(later.start, later.end, "Here is a tower.")
    )
    card = SpokenFilm(row(span.start, span.end, "A raft"), seconds=span.end + 5)
    reader = BuiltinAnswerer()
    told = reader.answer("When is the raft mentioned?", film).text
    assert {parse_clock(found) for found in re.findall(_CLOCK, told)} == {
        float(found) for found in re.findall(r"(\d+) s\b", told)
    }
    shown = reader.answer("How long is the card “A raft” shown?", card).text
    length, start, end = re.match(
        rf"About ([\d.]+) seconds?, from ({_CLOCK}[.\d]*) to ({_CLOCK}[.\d]*)\.", shown
    ).groups()  # type: ignore[union-attr]
    assert float(length) == pytest.approx(parse_clock(end.rstrip(".")) - parse_clock(start), abs=1e-6)
    gap = reader.answer("How much time passes between the raft and the tower?", film).text
    length, start, end = numbers(
        rf"([\d.]+) seconds? of the video: .+ at ({_FINE}), then .+ at ({_FINE})\.", gap
    )
    assert float(length) == pytest.approx(parse_clock(end) - parse_clock(start), abs=1e-6)


@settings(max_examples=40)
@given(TIMES)
def test_the_length_of_a_film_is_one_number(seconds: float) -> None:
    told = (
        BuiltinAnswerer()
        .answer("How long is the video?", SpokenFilm(said(0, 1, "Hello."), seconds=seconds + 1))
        .text
    )
    assert parse_clock(re.search(_CLOCK, told)[0]) == float(re.search(r"\((\d+) seconds", told)[1])  # type: ignore[index]


def test_times_are_rounded_down_but_for_what_no_clock_can_tell() -> None:
    assert [clock(seconds) for seconds in (46.6, 46.9996, 59.9999, -0.5)] == ["0:46", "0:47", "1:00", "-0:01"]
    assert whole_seconds(46.6) == 46
