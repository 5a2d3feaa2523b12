"""A transcript: what is said, in words and with times."""

from __future__ import annotations

import io
import json

import pysubs2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from video_vlm.export.transcript import TRANSCRIPTS
from video_vlm.own_files import is_ours
from video_vlm.records import Observation, ObservationKind, Span

TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=40).filter(str.strip)
LINES = st.lists(
    st.builds(
        lambda start, length, text, sure: Observation(
            Span(start, start + length), ObservationKind.SPEECH, text, "whisper tiny.en (en)", sure
        ),
        st.floats(0, 7200),
        st.floats(0.1, 12),
        TEXTS,
        st.floats(0, 1),
    ),
    max_size=12,
).map(lambda lines: sorted(lines, key=lambda one: one.span))


def written(form: str, lines: list[Observation]) -> str:
    return "".join(f"{part}\n" for part in TRANSCRIPTS[form](lines))


@pytest.mark.parametrize("form", ["srt", "vtt"])
@given(lines=LINES)
def test_another_reader_finds_every_line_at_its_time(form: str, lines: list[Observation]) -> None:
    text = written(form, lines)
    read = pysubs2.SSAFile.from_string(text, form) if lines else []
    assert [round(one.start / 1000, 2) for one in read] == pytest.approx(
        [round(one.span.start, 2) for one in lines], abs=0.011
    )
    assert not lines or is_ours(text.encode())


@given(lines=LINES)
def test_json_holds_what_is_known(lines: list[Observation]) -> None:
    rows = json.load(io.StringIO(written("json", lines)))["lines"]
    assert [(row["start"], row["text"], row["confidence"]) for row in rows] == [
        (one.span.start, one.text, one.confidence) for one in lines
    ]
    assert [row["unsure"] for row in rows] == [one.confidence < 0.6 for one in lines]


def said(start: float, end: float, text: str, sure: float = 0.9) -> Observation:
    return Observation(Span(start, end), ObservationKind.SPEECH, text, "a test", sure)


def test_paragraphs_begin_after_pauses() -> None:
    lines = [said(12, 14, "Good morning."), said(14.5, 16, "Sit down."), said(30, 32, "Later.", 0.3)]
    assert written("txt", lines) == "[0:12] Good morning. Sit down.\n\n[0:30] Later. (?)\n\n"
