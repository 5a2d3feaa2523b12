"""``videoqa plan`` and its picture; ``videoqa ask`` with a budget."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from PIL import Image

from tests.cli.conftest import Videoqa
from video_vlm.cli.timeline import WIDTH, timeline
from video_vlm.records import Sample, Shot, Span
from video_vlm.relook import LookPlan
from video_vlm.samplers import SAMPLERS, TimeMove
from video_vlm.samplers.budgets import Budget

QUESTION = "What happens after the keeper falls asleep?"


def test_a_plan_is_a_table_with_a_reason_for_each_picture(videoqa: Videoqa, shelf: Path) -> None:
    run = videoqa("--library", shelf, "plan", "film.mp4", QUESTION, "--frames", "10")
    lines = run.out.splitlines()
    assert run.code == 0
    assert lines[0].split() == ["picture", "time", "seconds", "score", "why"]
    assert sum("after the anchor" in line for line in lines) >= 5
    assert lines[-1].startswith("tiered; after; 10 of 10 pictures (as told), 2560 visual tokens")


def test_a_plan_as_json_holds_every_sample(videoqa: Videoqa, shelf: Path) -> None:
    run = videoqa("--library", shelf, "plan", "film.mp4", QUESTION, "--tokens", "1000", "--json")
    planned = json.loads(run.out)
    assert (planned["sampler"], planned["move"]) == ("tiered", "after")
    assert planned["budget"] == {"frames": 3, "tokens_per_frame": 256, "tokens": 768, "why": "as told"}
    assert [set(one) for one in planned["samples"]] == [{"pts_seconds", "score", "reason"}] * 3


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_any_sampler_plans_for_a_real_video(
    videoqa: Videoqa, shelf: Path, sample_film: Path, sampler: str
) -> None:
    run = videoqa(
        "--library", shelf, "plan", sample_film, QUESTION, "--sampler", sampler, "--frames", "7", "--json"
    )
    assert len(json.loads(run.out)["samples"]) == 7


def test_keyframes_are_those_of_the_file(videoqa: Videoqa, shelf: Path, sample_film: Path) -> None:
    run = videoqa(
        "--library", shelf, "plan", sample_film, QUESTION, "--sampler", "codec-keyframes", "--frames", "3"
    )
    assert "keyframe\n" in run.out


def test_a_plan_can_be_drawn(videoqa: Videoqa, shelf: Path, tmp_path: Path) -> None:
    out = tmp_path / "plan.jpg"
    run = videoqa("--library", shelf, "plan", "film.mp4", QUESTION, "--frames", "9", "--picture", out)
    assert run.code == 0
    with Image.open(out) as picture:
        assert picture.width == WIDTH


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--tokens", "10"), "buys no frame"),
        (("--sampler", "tired"), "Did you mean 'tiered'"),
        (("--picture", "plan.txt"), "end its name in"),
    ],
)
def test_what_cannot_be_planned_is_a_usage_error(
    videoqa: Videoqa, shelf: Path, options: tuple[str, str], said: str
) -> None:
    run = videoqa("--library", shelf, "plan", "film.mp4", QUESTION, *options)
    assert run.code == 2
    assert said in run.err


def test_every_planned_time_is_marked_on_the_band() -> None:
    samples = (Sample(10.0, reason="coverage"), Sample(90.0, reason="peak at 1:30"))
    shots = (Shot(Span(0, 50), 0.0), Shot(Span(50, 100), 0.0))
    poster = io.BytesIO()
    Image.new("RGB", (64, 36), (250, 0, 250)).save(poster, "JPEG")
    planned = LookPlan("tiered", TimeMove.ANYWHERE, Budget(2, 1, "as told"), samples, Span(0, 100), shots, ())
    picture = timeline(planned, [poster.getvalue(), None])
    marks = [x for x in range(picture.width) if picture.getpixel((x, 36)) != picture.getpixel((0, 0))]
    assert len(marks) == 4
    assert marks[0] < picture.width * 0.15
    assert marks[-1] > picture.width * 0.85


def test_ask_looks_no_more_than_it_is_told(videoqa: Videoqa, shelf: Path, sample_film: Path) -> None:
    question = "What is the phone number on the sign?"
    runs = [
        videoqa(
            "--library",
            shelf,
            "ask",
            sample_film,
            question,
            "--frames",
            frames,
            "--sampler",
            "scan",
            "--json",
        )
        for frames in ("0", "3")
    ]
    none, some = (json.loads(run.out)["receipt"] for run in runs)
    assert none["frames_decoded"] == 0
    assert 1 <= some["frames_decoded"] <= 3
    assert any("scan, 1 frames" in step["detail"] for step in some["steps"])
