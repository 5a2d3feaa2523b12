"""Subtitle tracks become clean, timed text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.packet import Packet
from av.stream import Disposition
from av.subtitles.stream import SubtitleStream

from tests.media.reels import Reel
from video_vlm.media import open_video
from video_vlm.own_files import MARK
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
    assert [
        cue.text for cue in cues(make_video(Reel(suffix=".mkv", cue_codec="ass", cues=((0, 500, event),))))
    ] == [text]


def test_a_cue_of_nothing_is_no_cue(make_video: MakeVideo) -> None:
    path = make_video(Reel(cues=((0, 500, r"{\i1} {\i0}"), (600, 900, "Words"))))
    assert [cue.text for cue in cues(path)] == ["Words"]


@pytest.mark.parametrize(("suffix", "codec"), [(".mp4", "mov_text"), (".mkv", "subrip"), (".mkv", "ass")])
def test_what_was_exported_here_and_put_into_a_film_is_not_what_is_said(
    make_video: MakeVideo, suffix: str, codec: str
) -> None:
    lines = ((0, 500, f"mostly grey{MARK}"), (600, 900, "Words"))
    path = make_video(Reel(suffix=suffix, cue_codec=codec, cues=lines))
    assert [cue.text for cue in cues(path)] == ["Words"]


def test_cues_come_by_start(make_video: MakeVideo) -> None:
    path = make_video(
        Reel(
            suffix=".mkv",
            cue_codec="subrip",
            cues=((100, 2000, "long"), (200, 400, "short"), (500, 900, "late")),
        )
    )
    assert [(cue.span, cue.text) for cue in cues(path)] == [
        (Span(0.1, 2.0), "long"),
        (Span(0.2, 0.4), "short"),
        (Span(0.5, 0.9), "late"),
    ]


def test_a_video_without_subtitles_has_no_cues(make_video: MakeVideo) -> None:
    assert cues(make_video(Reel())) == []


Packets = Sequence[tuple[int, int | None, bytes]]
"""Start, length and content of each."""


def raw_track(path: Path, codec: str, packets: Packets, *, title: str = "", forced: bool = False) -> Path:
    """A film of three seconds whose subtitle packets hold just these bytes."""
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=10)
        video.width, video.height, video.pix_fmt = 96, 72, "yuv420p"
        track = container.add_stream(codec)
        assert isinstance(track, SubtitleStream)
        track.codec_context.subtitle_header = b"[Script Info]\n\n[Events]\n"
        track.metadata["language"] = "eng"
        if title:
            track.metadata["title"] = title
        if forced:
            track.disposition = Disposition.forced
        blank = np.zeros((72, 96, 3), np.uint8)
        frames = [
            packet
            for _ in range(30)
            for packet in video.encode(av.VideoFrame.from_ndarray(blank, format="rgb24"))
        ]
        for frame in [*frames, *video.encode(None)]:
            container.mux(frame)
        for start, length, data in packets:
            packet = Packet(data)
            packet.stream, packet.time_base = track, Fraction(1, 1000)
            packet.pts = packet.dts = start
            packet.duration = length or 0
            container.mux(packet)
    return path


def test_voices_are_kept_as_beside_the_film(tmp_path: Path) -> None:
    packets = [
        (100, 800, b"<v Ada>One goat was named Pepper."),
        (1200, 800, b"<v.loud Ben><i>Really?</i>\n- <v Ada>Yes.</v>"),
    ]
    path = raw_track(tmp_path / "film.mkv", "webvtt", packets)
    assert [cue.text for cue in cues(path)] == [
        "Ada: One goat was named Pepper.",
        "Ben: Really?\n- Ada: Yes.",
    ]


def test_letters_that_are_lost_are_told_and_less_sure(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for encoding in ("cp1252", "cp1251", "cp932"):
        text = {"cp1252": "déjà là", "cp1251": "Доброе утро", "cp932": "灯台の鍵"}[encoding]
        packets = [(100, 800, text.encode(encoding)), (1200, 800, b"Plain.")]
        found = cues(raw_track(tmp_path / f"{encoding}.mkv", "subrip", packets))
        assert [cue.confidence for cue in found] == [0.6, 1.0]
        assert f"{encoding}.mkv: 1 embedded cues are not UTF-8" in caplog.text


def test_an_event_of_no_length_is_never_on_screen(tmp_path: Path) -> None:
    packets = [
        (100, 800, b"0,0,Main,,0,0,0,,Ringing bells"),
        (1200, None, b"1,0,Main,,0,0,0,,Never on screen"),
    ]
    assert [cue.text for cue in cues(raw_track(tmp_path / "film.mkv", "ass", packets))] == ["Ringing bells"]


def test_where_no_cue_has_a_length_each_lasts_as_reading_takes_or_to_the_next(tmp_path: Path) -> None:
    packets = [(100, None, b"One"), (500, None, b"Two")]
    found = cues(raw_track(tmp_path / "film.mkv", "subrip", packets))
    assert [(cue.text, cue.span, cue.confidence) for cue in found] == [
        ("One", Span(0.1, 0.5), 0.7),
        ("Two", Span(0.5, 1.5), 0.7),
    ]


def test_a_track_says_what_it_is_for(tmp_path: Path) -> None:
    packets = [(100, 800, b"Hello")]
    hearing = raw_track(tmp_path / "a.mkv", "subrip", packets, title="English SDH")
    forced = raw_track(tmp_path / "b.mkv", "subrip", packets, forced=True)
    assert [cue.source for path in (hearing, forced) for cue in cues(path)] == [
        "track 1 (eng, SDH)",
        "track 1 (eng, forced)",
    ]


def test_drawings_that_are_never_closed_take_no_time(tmp_path: Path) -> None:
    event = b"0,0,Main,,0,0,0,," + rb"{\p1" * 8_000 + rb"{\p1}m 0 0 " * 2_000
    packets = [(100, 800, event), (1200, 800, b"1,0,Main,,0,0,0,,Hello")]
    assert [cue.text for cue in cues(raw_track(tmp_path / "film.mkv", "ass", packets))] == ["Hello"]


def box(kind: bytes, content: bytes) -> bytes:
    return (8 + len(content)).to_bytes(4, "big") + kind + content


def test_webvtt_in_mp4_is_read_with_its_voices(tmp_path: Path) -> None:
    said = box(b"vttc", box(b"iden", b"1") + box(b"payl", b"<v Ben>Really?"))
    both = box(b"vttc", box(b"payl", b"One")) + box(b"vttc", box(b"payl", b"Two"))
    nothing = box(b"vtte", b"")
    packets = [(0, 100, nothing), (100, 800, said), (900, 300, nothing), (1200, 800, both)]
    path = raw_track(tmp_path / "film.mp4", "mov_text", packets)
    path.write_bytes(path.read_bytes().replace(b"tx3g", b"wvtt"))
    assert [(cue.text, cue.span, cue.source) for cue in cues(path)] == [
        ("Ben: Really?", Span(0.1, 0.9), "track 1 (eng)"),
        ("One\nTwo", Span(1.2, 2.0), "track 1 (eng)"),
    ]
