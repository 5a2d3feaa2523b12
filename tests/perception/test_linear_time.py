"""Strangers' text is read in time that grows as its length does, whatever stands in it."""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Callable, Iterator
from types import ModuleType

import pytest

import video_vlm.media.subtitle_text
import video_vlm.perception.encoding_detection
import video_vlm.perception.sidecars
import video_vlm.perception.subtitle_cues
import video_vlm.perception.subtitle_formats
import video_vlm.perception.subtitle_tracks
import video_vlm.perception.subtitles
import video_vlm.text
from video_vlm.media.subtitle_text import plain_ass, plain_markup
from video_vlm.perception.subtitle_cues import parse_cues
from video_vlm.perception.subtitle_encoding import decode_subtitles
from video_vlm.perception.subtitle_formats import parse_other_formats
from video_vlm.perception.subtitle_tracks import Track, joined
from video_vlm.perception.utterance_merge import utterances
from video_vlm.records import Observation, ObservationKind, Span
from video_vlm.text import as_seen, findable

MODULES: tuple[ModuleType, ...] = (
    video_vlm.media.subtitle_text,
    video_vlm.perception.encoding_detection,
    video_vlm.perception.sidecars,
    video_vlm.perception.subtitle_cues,
    video_vlm.perception.subtitle_formats,
    video_vlm.perception.subtitle_tracks,
    video_vlm.perception.subtitles,
    video_vlm.text,
)
SHORT, TIMES = 2_000, 16
"""A text of this length, and one that is so many times longer."""
MOST_GROWTH = 100
"""Linear growth is 16 times, quadratic 256."""
WORTH_MEASURING_SECONDS = 0.02
TRIES = 3


def patterns() -> Iterator[tuple[str, re.Pattern[str]]]:
    """Those of text; the readers below have those of bytes, too."""
    for module in MODULES:
        for name, value in vars(module).items():
            if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
                yield f"{module.__name__}.{name}", value


def units(pattern: str) -> list[str]:
    """A letter of each class that a pattern names, and pairs of them; the openings of its longer words."""
    alphabet = sorted(
        {character for character in pattern if character in "<>{}[]()&#:;,.\\-/=_|'\"%"} | set("a1A \n\t")
    )
    words = re.findall(r"[A-Za-z]{2,}", pattern)
    openings = [f"{mark}{word}{more}" for mark in "<{[&" for word in words[:6] for more in ("", " ")]
    return [*alphabet, *map("".join, itertools.permutations(alphabet, 2)), *openings]


def seconds(read: Callable[[], object]) -> float:
    began = time.thread_time()
    read()
    return time.thread_time() - began


def grows_too_fast(read: Callable[[str], object], unit: str) -> bool:
    """Measured again where it looks so: other programs slow a machine down now and then."""
    short = unit * (SHORT // len(unit))
    for _ in range(TRIES):
        longer = seconds(lambda: read(short * TIMES))
        if longer < WORTH_MEASURING_SECONDS or longer < MOST_GROWTH * max(
            seconds(lambda: read(short)), 0.0002
        ):
            return False
    return True


@pytest.mark.parametrize(("name", "pattern"), list(patterns()))
def test_every_pattern_is_linear(name: str, pattern: re.Pattern[str]) -> None:
    slow = [unit for unit in units(pattern.pattern) if grows_too_fast(pattern.findall, unit)]
    slow += [unit for unit in units(pattern.pattern) if grows_too_fast(pattern.fullmatch, unit)]
    assert slow == [], name


def _tracked(text: str) -> object:
    said = [
        Observation(Span(n, n + 1), ObservationKind.SUBTITLE, row, "a")
        for n, row in enumerate(text.split("\n"))
    ]
    return joined([Track("a", tuple(said)), Track("b", tuple(said))])


def _cues(text: str) -> object:
    parsed = parse_cues(f"1\n00:00:01,000 --> 00:00:02,000\n{text}")
    return utterances(parsed.cues) if parsed else None


READERS: dict[str, Callable[[str], object]] = {
    "as_seen": as_seen,
    "findable": findable,
    "plain_ass": plain_ass,
    "plain_markup": plain_markup,
    "srt": _cues,
    "vtt": lambda text: parse_cues(f"WEBVTT\n\n00:01.000 --> 00:02.000\n{text}"),
    "ass": lambda text: parse_cues(f"[Events]\nDialogue: 0,0:00:01.00,0:00:02.00,Main,,0,0,0,,{text}"),
    "sami": lambda text: parse_other_formats(f"<SAMI><SYNC Start=1><P Class=A>{text}"),
    "ttml": lambda text: parse_other_formats(f"<tt><body><p begin='1s' end='2s'>{text}"),
    "lrc": lambda text: parse_other_formats(f"[00:01.00]{text}"),
    "microdvd": lambda text: parse_other_formats(f"{{1}}{{2}}{text}"),
    "sbv": lambda text: parse_other_formats(f"0:00:01.000,0:00:02.000\n{text}"),
    "bytes": lambda text: decode_subtitles(text.encode("utf-8")[1:]),
    "tracks": _tracked,
}
UNITS = (
    *(
        "\n",
        " ",
        "a",
        "1",
        "<",
        "{",
        "[",
        "&",
        "&#",
        "&#9",
        "\u00ad",
        "\u200d",
        "é",
        "<v ",
        "<rt>",
        "<b ",
        "{\\p1}",
        "{\\p1",
        "{\\",
    ),
    *(
        "}{",
        "<i>a",
        "1\n",
        "1 --> ",
        "00:00:01,000 --> 00:00:02,000\n",
        "-->",
        "<p>",
        "<p",
        "<SYNC ",
        "<SYNC Start=1>",
        "[00:01.00]",
    ),
    *(
        "{1}{2}",
        "0:00:01.000,0:00:02.000\n",
        "<p begin='1s'>",
        "A: ",
        "[a",
        "(a",
        "\ufeff",
        "\U0001f3f4\U000e0061",
        "ab ",
        "a\n\n",
    ),
)


@pytest.mark.parametrize("name", READERS)
def test_every_reader_is_linear(name: str) -> None:
    assert [unit for unit in UNITS if grows_too_fast(READERS[name], unit)] == []
