from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.cli.conftest import Videoqa

needs_models = pytest.mark.skipif(
    not all(find_spec(name) for name in ("torch", "transformers", "einops", "safetensors")),
    reason="the models extra is not installed",
)


@pytest.fixture(autouse=True)
def _as_many_threads_as_before() -> Iterator[None]:
    """Training takes few of them, and here it shares its process with other tests."""
    if not find_spec("torch"):
        yield
        return
    import torch

    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.mark.skipif(bool(find_spec("torch")), reason="the models extra is installed")
def test_without_the_extra_it_says_what_to_type(videoqa: Videoqa) -> None:
    run = videoqa("train", "encoder", "world", "--out", "runs")

    assert run.code == 1
    assert "pip install -e '.[models]'" in run.err


@needs_models
def test_the_world_is_trained_on_and_gone_on_from(videoqa: Videoqa, tmp_path: Path) -> None:
    out = tmp_path / "runs"

    first = videoqa("train", "encoder", "world", "--out", out, "--steps", "2", "--batch", "4")
    second = videoqa(
        "train", "encoder", "world", "--out", out, "--steps", "3", "--batch", "4", "--resume", "--json"
    )

    assert first.out.startswith("step 2, loss")
    assert json.loads(second.out)["step"] == 3
    assert (out / "world.safetensors").is_file()


@needs_models
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere"], "no such folder"),
        (["world", "--tower", "x"], "a small model of its own"),
        (["world", "--resume"], "checkpoint.safetensors"),
        (["world", "--rate", "-1"], "learning_rate"),
    ],
)
def test_what_cannot_be_trained_is_one_line_and_a_usage_error(
    videoqa: Videoqa, arguments: list[str], message: str
) -> None:
    run = videoqa("train", "encoder", *arguments, "--out", "runs")

    assert run.code == 2
    assert run.err.count("\n") == 1
    assert message in run.err


@needs_models
def test_a_small_language_model_is_taught_gone_on_with_and_asked(videoqa: Videoqa, tmp_path: Path) -> None:
    from video_vlm.world.film import write_story_film
    from video_vlm.world.story import write_story

    out, film = tmp_path / "small", tmp_path / "story.mp4"
    write_story_film(write_story(1, seconds=12.0), film)

    first = videoqa("train", "language", "--out", out, "--scale", "0.0001")
    again = videoqa("train", "language", "--out", out, "--scale", "0.0001", "--resume", "--json")
    asked = videoqa(
        "ask", film, "What happens first?", "--model", f"hf:{out}", "--set", "ask.answer_tokens=8", "--json"
    )

    assert first.out.startswith("step 5, loss")
    assert json.loads(again.out)["step"] == 5
    assert asked.code == 0
    assert json.loads(asked.out)["receipt"]["model"] == f"hf:{out}"
