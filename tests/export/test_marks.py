"""What was exported is known again, and what others wrote is not taken for it."""

from __future__ import annotations

import io
import random
from pathlib import Path

import pysubs2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from video_vlm.export.outline import Outline, OutlinePart
from video_vlm.export.scene_subtitles import write_srt, write_vtt
from video_vlm.own_files import is_ours
from video_vlm.perception.sidecars import EXPORTED, find_sidecars
from video_vlm.perception.subtitles import read_subtitles
from video_vlm.records import Span

WRITERS = {"srt": write_srt, "vtt": write_vtt}
TEXTS = ("Two boats.", "سلام دنیا", "नमस्ते", "“…”", "<i>tags</i> & {braces}", "👩‍🚀 goes up", "x" * 3000, "12")


def outline_of(texts: list[str]) -> Outline:
    scenes = tuple(
        OutlinePart(number, Span(10.0 * number, 10.0 * number + 9), "", text, 1.0)
        for number, text in enumerate(texts, 1)
    )
    whole = Span(0.0, 10.0 * len(texts) + 10)
    return Outline(
        "id", "film.mp4", "film", "", whole, (OutlinePart(1, whole, "", "", 1.0, None, scenes),), (), True
    )


def exported(form: str, texts: list[str]) -> bytes:
    out = io.BytesIO()
    WRITERS[form](outline_of(texts), out)
    return out.getvalue()


def as_it_is(data: bytes, form: str) -> tuple[bytes, str]:
    return data, form


def in_utf_16(data: bytes, form: str) -> tuple[bytes, str]:
    return data.decode().encode("utf-16"), form


def with_windows_lines(data: bytes, form: str) -> tuple[bytes, str]:
    return b"\xef\xbb\xbf" + data.replace(b"\n", b"\r\n"), form


def without_its_beginning(data: bytes, form: str) -> tuple[bytes, str]:
    return b"WEBVTT\n\n" * (form == "vtt") + b"\n\n".join(data.split(b"\n\n")[-2:]), form


def with_other_words(data: bytes, form: str) -> tuple[bytes, str]:
    return data.replace(b"boats", b"ships"), form


def converted(data: bytes, form: str) -> tuple[bytes, str]:
    other = {"srt": "vtt", "vtt": "ass"}[form]
    return pysubs2.SSAFile.from_string(data.decode()).to_string(other).encode(), other


CHANGES = (as_it_is, in_utf_16, with_windows_lines, without_its_beginning, with_other_words, converted)


@pytest.mark.parametrize("form", WRITERS)
@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_exported_subtitles_beside_the_film_are_not_what_is_said(
    tmp_path: Path, form: str, change: object
) -> None:
    draw = random.Random(f"{form} {change}")
    texts = draw.sample(TEXTS, 5)
    assert callable(change)
    data, ending = change(exported(form, texts), form)
    name = draw.choice(("film", "film.en", "film.forced", "film.de.sdh"))
    (tmp_path / "film.mp4").touch()
    (tmp_path / f"{name}.{ending}").write_bytes(data)
    (tmp_path / "film.fr.srt").write_text("1\n00:00:01,000 --> 00:00:02,000\nBonjour\n", "utf-8")

    found = find_sidecars(tmp_path / "film.mp4")
    assert [one.path.name for one in found.files] == ["film.fr.srt"]
    assert [(one.path.name, one.reason) for one in found.passed_over] == [(f"{name}.{ending}", EXPORTED)]


@given(st.lists(st.text(st.sampled_from("ab \u200c\u200d\u200b\ufeffس👩"), max_size=14), max_size=5))
def test_what_others_wrote_is_not_taken_for_ours(lines: list[str]) -> None:
    text = "\n\n".join(
        f"{number}\n00:00:0{number},000 --> 00:00:09,000\n{line}" for number, line in enumerate(lines)
    )
    assert not any(is_ours(text.encode(encoding)) for encoding in ("utf-8", "utf-16"))


@pytest.mark.parametrize("form", WRITERS)
def test_readers_get_the_words_and_the_times(tmp_path: Path, form: str) -> None:
    (tmp_path / f"cues.{form}").write_bytes(exported(form, ["One boat.", "Two boats."]))
    cues = read_subtitles(tmp_path / f"cues.{form}")
    assert [cue.span.start for cue in cues] == [10.0, 20.0]
    assert [cue.text.strip("\u200c\u200d") for cue in cues] == ["One boat.", "Two boats."]
