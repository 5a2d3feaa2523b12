"""Every setting with its value and where it comes from, and no secret among them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from video_vlm.cli.config import redacted
from video_vlm.cli.settings_sources import known_keys

if TYPE_CHECKING:
    from tests.cli.conftest import Videoqa


def test_every_setting_is_printed_with_where_it_comes_from(
    videoqa: Videoqa, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "user.toml").write_text("[ask]\nmax_rounds = 3\n", encoding="utf-8")
    Path("videoqa.toml").write_text("[ask]\nmax_videos = 4\nmodel = 'evil'\n", encoding="utf-8")
    monkeypatch.setenv("VIDEOQA_ASK_MERGE", "2")
    run = videoqa("config", "show", "--origin", "--json", "--set", "ask.kept_prefixes=0")
    shown = json.loads(run.out)
    assert list(shown) == list(known_keys())
    told = {
        key: shown[f"ask.{key}"] for key in ("max_rounds", "max_videos", "merge", "kept_prefixes", "model")
    }
    assert told == {
        "max_rounds": {"value": 3, "origin": str(tmp_path / "user.toml")},
        "max_videos": {"value": 4, "origin": "videoqa.toml"},
        "merge": {"value": 2, "origin": "the environment (VIDEOQA_ASK_MERGE)"},
        "kept_prefixes": {"value": 0, "origin": "the command line"},
        "model": {"value": "builtin", "origin": "default"},
    }
    assert json.loads(videoqa("config", "show", "--json").out)["ask.max_rounds"] == 3


def test_as_text_each_setting_is_a_line(videoqa: Videoqa) -> None:
    lines = videoqa("config", "show", "--origin", "--set", "ask.merge=4").out.splitlines()
    assert len(lines) == len(known_keys()) + 1
    assert ["ask.merge", "4", "the", "command", "line"] in [line.split() for line in lines]
    assert ["index.speed", "full"] in [line.split() for line in videoqa("config", "show").out.splitlines()]


@pytest.mark.parametrize(
    "place",
    [
        "postgresql://me:hidden@host/films",
        "postgresql://me:hidden@[::1]:5432/films?sslpassword=hidden",
        "postgresql://host/films?password=hidden&user=me",
    ],
)
def test_no_secret_of_an_address_is_printed(videoqa: Videoqa, place: str) -> None:
    for form in ((), ("--json",)):
        run = videoqa("config", "show", "--origin", *form, "--library", place)
        assert run.code == 0
        assert "hidden" not in run.out + run.err
        assert "***" in run.out


@pytest.mark.parametrize(
    ("model", "shown"),
    [
        ("http://me:hidden@127.0.0.1:1/v1", "http://me:***@127.0.0.1:1/v1"),
        ("https://host/v1?api-key=hidden&x=1", "https://host/v1?api-key=***&x=1"),
        ("https://host/v1?x=1&access_token=hidden", "https://host/v1?x=1&access_token=***"),
        ("hf:org/name", "hf:org/name"),
    ],
)
def test_no_secret_of_a_model_is_printed(videoqa: Videoqa, model: str, shown: str) -> None:
    assert redacted(model) == shown
    assert (
        json.loads(videoqa("config", "show", "--json", "--set", f"ask.model={model}").out)["ask.model"]
        == shown
    )
