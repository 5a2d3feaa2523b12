"""``videoqa export``."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pysubs2
import pytest

from tests.cli.conftest import Videoqa
from video_vlm.cli.export import ExportFormat, What
from video_vlm.export import FORMATS, TABLES

NEEDS = {"parquet": "pyarrow", "otio": "opentimelineio"}


def test_what_can_be_typed_is_what_there_is() -> None:
    assert list(ExportFormat) == list(FORMATS)
    assert list(What) == list(TABLES)


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_is_written_to_a_file(videoqa: Videoqa, shelf: Path, tmp_path: Path, form: str) -> None:
    if form in NEEDS:
        pytest.importorskip(NEEDS[form], reason=f"{form} needs the extra export")
    out = tmp_path / f"film.{form}"
    run = videoqa("--library", shelf, "export", "film.mp4", "--format", form, "-o", out)
    assert (run.code, run.out, run.err) == (0, "", "")
    assert out.stat().st_size > 100
    assert list(tmp_path.glob(".*")) == []


def test_text_goes_to_stdout(videoqa: Videoqa, shelf: Path) -> None:
    scenes = json.loads(videoqa("--library", shelf, "scenes", "film.mp4", "--json").out)
    cues = pysubs2.SSAFile.from_string(
        videoqa("--library", shelf, "export", "film.mp4", "--format", "srt").out
    )
    assert [cue.start for cue in cues] == [round(1000 * scene["start"]) for scene in scenes]


def test_tables_are_chosen(videoqa: Videoqa, shelf: Path, tmp_path: Path) -> None:
    pytest.importorskip("pyarrow", reason="Parquet needs the extra export")
    out = tmp_path / "seen.parquet"
    run = videoqa(
        "--library",
        shelf,
        "export",
        "film.mp4",
        "--format",
        "parquet",
        "--what",
        "observations",
        "-o",
        out,
        "--json",
    )
    assert json.loads(run.out)["bytes"] == out.stat().st_size
    assert "subtitle" in pl.read_parquet(out)["kind"].to_list()


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("film.mp4", "--format", "parquet"), 2, "name a file with -o"),
        (("film.mp4", "--format", "srt", "--what", "vectors"), 2, "srt holds scenes, not vectors"),
        (("film.mp4", "--format", "docx"), 2, "docx"),
        (("nothing.mp4", "--format", "csv"), 1, "no such video"),
        (("film.mp4", "--format", "csv", "-o", "no/folder/out.csv"), 1, "No such file or directory"),
    ],
)
def test_what_cannot_be_done_is_said(
    videoqa: Videoqa, shelf: Path, arguments: tuple[str, ...], code: int, said: str
) -> None:
    run = videoqa("--library", shelf, "export", *arguments)
    assert (run.code, run.out, said in run.err) == (code, "", True)


def test_a_video_is_not_overwritten(
    videoqa: Videoqa, own_shelf: Path, sample_film: Path, tmp_path: Path
) -> None:
    film = tmp_path / "film.mp4"
    film.write_bytes(sample_film.read_bytes())
    run = videoqa("export", film, "--format", "html", "-o", film)
    assert (run.code, "is the video itself" in run.err) == (2, True)
    assert film.read_bytes() == sample_film.read_bytes()
