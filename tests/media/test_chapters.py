"""Chapter marks in one reading, whatever their order, and those of Matroska that FFmpeg passes over."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.media.reels import Reel, steady
from video_vlm.media import open_video
from video_vlm.media.chapters import in_one_reading, unused_marks, within
from video_vlm.media.matroska_chapters import ChapterMark, matroska_marks
from video_vlm.media.nero_chapters import nero_marks
from video_vlm.records import Chapter, Span

MakeVideo = Callable[[Reel], Path]

MILLISECONDS = st.integers(0, 90_000)
MARKS = st.lists(
    st.tuples(
        MILLISECONDS, st.none() | MILLISECONDS, st.text(st.characters(categories=["L", "Nd"]), max_size=6)
    ),
    max_size=12,
)


def mark(start: float | Fraction, end: float | Fraction | None, title: str = "") -> ChapterMark:
    return ChapterMark(Fraction(start), None if end is None else Fraction(end), title)


def read(*marks: ChapterMark) -> list[tuple[float, float, str]]:
    return [(one.span.start, one.span.end, one.title) for one in in_one_reading(marks)]


def test_marks_in_order_are_chapters_as_they_are() -> None:
    assert read(mark(0, 17, "One"), mark(17, 26, "Two")) == [(0.0, 17.0, "One"), (17.0, 26.0, "Two")]


def test_marks_in_any_order_are_read_by_time() -> None:
    assert [title for *_, title in read(mark(30, 45, "c"), mark(0, 20, "a"), mark(15, 30, "b"))] == [
        "a",
        "b",
        "c",
    ]


def test_a_chapter_lasts_until_the_next_begins() -> None:
    """Whether the file has it end before, after, or not at all."""
    marks = [mark(0, 5, "early"), mark(10, 30, "late"), mark(20, None, "open"), mark(40, 60, "last")]
    assert read(*marks) == [
        (0.0, 10.0, "early"),
        (10.0, 20.0, "late"),
        (20.0, 40.0, "open"),
        (40.0, 60.0, "last"),
    ]


def test_of_marks_at_one_time_the_shortest_counts_and_an_empty_one_only_alone() -> None:
    part = mark(0, 60, "Part I"), mark(0, 20, "Chapter one"), mark(0, 0, "note"), mark(20, 60, "Chapter two")
    assert [title for *_, title in read(*part)] == ["Chapter one", "Chapter two"]
    assert [title for *_, title in read(mark(0, 0, "a"), mark(30, 30, "b"))] == ["a", "b"]


def test_a_chapter_without_a_title_is_called_by_its_number() -> None:
    assert [title for *_, title in read(mark(0, 5), mark(5, 9, " \n "), mark(9, 12, "End"))] == [
        "Chapter 1",
        "Chapter 2",
        "End",
    ]


@given(MARKS)
def test_whatever_is_marked_chapters_follow_each_other_and_begin_at_marks(
    marks: Sequence[tuple[int, int | None, str]],
) -> None:
    given = [
        mark(Fraction(start, 1000), None if end is None else Fraction(end, 1000), name)
        for start, end, name in marks
    ]
    chapters = in_one_reading(given)
    assert {one.span.start for one in chapters} == {float(one.start) for one in given}
    assert all(before.span.end == after.span.start for before, after in pairwise(chapters))
    film = Span(0.0, 60.0)
    inside = within(chapters, film)
    assert all(one.span.start < film.end for one in inside)
    assert not inside or inside[-1].span.end == film.end


def test_what_lies_outside_the_film_is_none_of_it() -> None:
    chapters = in_one_reading(
        [mark(0, 5, "gone"), mark(5, 20, "cut"), mark(20, 30, "in"), mark(70, 80, "beyond")],
        origin=Fraction(10),
    )
    assert within(chapters, Span(0.0, 30.0)) == (
        Chapter(Span(0.0, 10.0), "cut"),
        Chapter(Span(10.0, 30.0), "in"),
    )


@pytest.mark.parametrize("suffix", [".mkv", ".mp4", ".mov"])
def test_chapters_come_out_of_a_file_to_the_millisecond(make_video: MakeVideo, suffix: str) -> None:
    marks = ((0, 417, "Arrival"), (417, 1733, "Goats"), (1733, 2900, "Lunch"))
    with open_video(make_video(Reel(suffix=suffix, chapters=marks))) as reader:
        found = [(one.span.start, one.title) for one in reader.video.chapters]
    assert [seconds for seconds, _ in found] == pytest.approx([0.0, 0.417, 1.733], abs=0.0011)
    assert [title for _, title in found] == ["Arrival", "Goats", "Lunch"]


@settings(max_examples=15)
@given(starts=st.lists(st.integers(0, 2800), min_size=1, max_size=8, unique=True), data=st.data())
def test_an_mp4_has_each_chapter_where_it_is_marked(
    make_video: MakeVideo, starts: list[int], data: st.DataObject
) -> None:
    starts.sort()
    titles = [data.draw(st.sampled_from(["", "Goats", "Überfahrt", "灯台 " * 40, "x" * 300])) for _ in starts]
    marks = tuple(zip(starts, [*starts[1:], 2900], titles, strict=True))
    with open_video(make_video(Reel(suffix=".mp4", chapters=marks))) as reader:
        found = [(one.span.start, one.title) for one in reader.video.chapters]
        assert reader.video.chapters[-1].span.end >= 2.9
    assert [seconds for seconds, _ in found] == pytest.approx([start / 1000 for start in starts], abs=0.0011)
    expected = [title.strip() or f"Chapter {number}" for number, title in enumerate(titles, 1)]
    assert [title for _, title in found] == expected


@given(data=st.data())
def test_a_damaged_mp4_gives_marks_or_none_and_nothing_else(
    make_video: MakeVideo, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    whole = make_video(Reel(suffix=".mp4", chapters=((0, 900, "first"), (900, 2000, "second")))).read_bytes()
    torn = bytearray(whole[: data.draw(st.integers(len(whole) // 2, len(whole)))])
    for _ in range(data.draw(st.integers(0, 8))):
        torn[data.draw(st.integers(len(torn) // 2, len(torn) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("damaged") / "film.mp4"
    path.write_bytes(torn)
    assert all(isinstance(one.title, str) for one in nero_marks(path))


def test_matroska_marks_out_of_order_are_all_there(make_video: MakeVideo) -> None:
    marks = ((2000, 2900, "third"), (0, 0, "note"), (0, 900, "first"), (900, 2000, "second"))
    path = make_video(Reel(suffix=".mkv", chapters=marks))
    assert [one.title for one in matroska_marks(path)] == ["third", "note", "first", "second"]
    assert unused_marks(path) == ("note",)
    with open_video(path) as reader:
        assert [one.title for one in reader.video.chapters] == ["first", "second", "third"]


def test_chapters_go_by_the_seconds_of_a_player(make_video: MakeVideo) -> None:
    marks = ((12_500, 13_500, "a"), (13_500, 15_000, "b"))
    with open_video(
        make_video(Reel(suffix=".mkv", times=steady(30, start=12_500), chapters=marks))
    ) as reader:
        assert [one.span.start for one in reader.video.chapters] == [0.0, 1.0]


@given(data=st.data())
def test_damaged_matroska_gives_marks_or_none_and_nothing_else(
    make_video: MakeVideo, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    marks = ((0, 900, "first"), (900, 2000, "second"))
    whole = make_video(Reel(suffix=".mkv", chapters=marks)).read_bytes()
    head = bytearray(whole[: data.draw(st.integers(1, 3000))])
    for _ in range(data.draw(st.integers(0, 5))):
        head[data.draw(st.integers(0, len(head) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("damaged") / "film.mkv"
    path.write_bytes(head)
    assert all(isinstance(one.title, str) for one in matroska_marks(path))
