"""Subtitle tracks become clean, timed text."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.media.reels import Reel
from video_vlm.media import open_video
from video_vlm.records import Observation, ObservationKind, Span

MakeVideo = Callable[[Reel], Path]


def cues(path: Path) -> list[Observation]:
    with open_video(path) as reader:
        return list(reader.cues())


@pytest.mark.parametrize(("suffix", "codec"), [(".mp4", "mov_text"), (".mkv", "subrip"), (".mkv", "ass")])
def test_a_cue_has_its_time_its_words_and_its_track(make_video: MakeVideo, suffix: str, codec: str) -> None:
    path = make_video(Reel(suffix=suffix, cue_codec=codec, cues=((200, 900, "Hello"),)))
    assert cues(path) == [Observation(Span(0.2, 0.9), ObservationKind.SUBTITLE, "Hello", "track 1 (eng)")]


def test_an_unnamed_language_is_left_out(make_video: MakeVideo) -> None:
    (cue,) = cues(make_video(Reel(cues=((200, 900, "Hello"),), language="und")))
    assert cue.source == "track 1"


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (r"{\i1}Hello{\i0} there", "Hello there"),
        (r"Two\Nlines", "Two\nlines"),
        (r"{\an8\pos(10,20)}Up here", "Up here"),
        ("<i>Hello</i> <font color=red>there</font>", "Hello there"),
        ("2 < 3, isn't it?", "2 < 3, isn't it?"),
        (r"{\p1}m 0 0 l 100 0 100 100{\p0}Sign", "Sign"),
        ("Commas, one, two", "Commas, one, two"),
        ("Tom &amp; Jerry", "Tom & Jerry"),
        ("日本語 – naïve", "日本語 – naïve"),
    ],
)
def test_only_the_words_are_kept(make_video: MakeVideo, event: str, text: str) -> None:
    assert [cue.text for cue in cues(make_video(Reel(suffix=".mkv", cue_codec="ass", cues=((0, 500, event),))))] == [
        text
    ]


def test_a_cue_of_nothing_is_no_cue(make_video: MakeVideo) -> None:
    path = make_video(Reel(cues=((0, 500, r"{\i1} {\i0}"), (600, 900, "Words"))))
    assert [cue.text for cue in cues(path)] == ["Words"]


def test_cues_come_by_start(make_video: MakeVideo) -> None:
    path = make_video(
        Reel(suffix=".mkv", cue_codec="subrip", cues=((100, 2000, "long"), (200, 400, "short"), (500, 900, "late")))
    )
    assert [(cue.span, cue.text) for cue in cues(path)] == [
        (Span(0.1, 2.0), "long"),
        (Span(0.2, 0.4), "short"),
        (Span(0.5, 0.9), "late"),
    ]


def test_a_video_without_subtitles_has_no_cues(make_video: MakeVideo) -> None:
    assert cues(make_video(Reel())) == []
