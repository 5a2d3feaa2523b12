"""Several answers written at once are the words of each alone, in every family that does so."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.models.local.test_cheaper import NONE, Watched, answer, turns
from tests.models.local.tiny_models import CAPTIONERS, FAMILIES
from video_vlm import AskSettings, IndexSettings, Settings, VideoQA
from video_vlm.chat import Batched, Turn
from video_vlm.errors import ModelError, SettingsError
from video_vlm.models import open_model
from video_vlm.models.local import LocalChat, Savings, open_local
from video_vlm.records import Frame

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

Saved = Callable[[str], Path]
Frames = tuple[Frame, ...]

ONE_BY_ONE = {"Gemma 3", "Gemma 4", "Qwen3.5"}
"""Their layers see a window, or are of linear attention: what is before a prompt would count."""
TOGETHER = [family for family in FAMILIES if family not in ONE_BY_ONE]
TOKENS = 24


@pytest.fixture
def talks() -> list[tuple[Turn, ...]]:
    """Seven, about so many pictures that they are of four lengths, at times of as many digits."""
    random = np.random.default_rng(11)
    images = [random.integers(0, 255, (40, 64, 3), dtype=np.uint8) for _ in range(16)]
    frames = [Frame(9_700 * place, 9.7 * place, image) for place, image in enumerate(images)]
    return [turns(tuple(frames[place : place + count])) for place, count in enumerate((4, 1, 2, 4, 4, 3, 2))]


def alone(model: LocalChat, talks: Sequence[tuple[Turn, ...]]) -> list[str]:
    return ["".join(model.stream(talk, max_tokens=TOKENS)) for talk in talks]


class Counted:
    """How many prompts ``generate`` is given at a time."""

    def __init__(self, model: LocalChat, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sizes: list[int] = []
        self._generate = model._model.generate
        monkeypatch.setattr(model._model, "generate", self)

    def __call__(self, **given: Any) -> Any:
        self.sizes.append(len(given["input_ids"]))
        return self._generate(**given)


@pytest.mark.parametrize("family", TOGETHER)
def test_the_words_are_those_of_each_alone(
    saved: Saved, talks: list[tuple[Turn, ...]], family: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = open_local(str(saved(family)))
    assert isinstance(model, Batched)
    expected = alone(model, talks)
    asked = Counted(model, monkeypatch)
    assert model.answers(talks, max_tokens=TOKENS) == expected
    assert asked.sizes == [4, 3]


@pytest.mark.parametrize("family", TOGETHER)
def test_the_scores_are_those_of_each_alone_but_for_rounding(
    saved: Saved, talks: list[tuple[Turn, ...]], family: str
) -> None:
    """Of every token that is written: padding is seen by nobody."""
    import torch

    from video_vlm.models.local.batched_generate import batch_inputs

    model, some = open_local(str(saved(family)), savings=Savings(kept_prefixes=0)), talks[:4]
    with torch.inference_mode():
        single = [model.thrift.prepare(model._inputs(talk), talk, lambda: False) for talk in some]
        expected = [scores(model, given)[:, 0] for given in single]
        found = scores(model, batch_inputs(model.thrift._begun((model._inputs(talk), talk) for talk in some)))
    assert len({given["input_ids"].shape[1] for given in single}) > 2
    for place, one in enumerate(expected):
        assert torch.allclose(found[: len(one), place], one, atol=1e-4)


def scores(model: LocalChat, given: dict[str, Any]) -> Any:
    """``(tokens prompts vocabulary)``."""
    import torch

    found = model._model.generate(
        **given, max_new_tokens=TOKENS, do_sample=False, output_scores=True, return_dict_in_generate=True
    )
    return torch.stack(found.scores)


@pytest.mark.parametrize("family", [*sorted(ONE_BY_ONE), *CAPTIONERS])
def test_other_families_write_one_by_one(
    saved: Saved, talks: list[tuple[Turn, ...]], family: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = open_local(str(saved(family)))
    some = [talks[1]] * 2
    expected = alone(model, some)
    asked = Counted(model, monkeypatch)
    assert model.answers(some, max_tokens=TOKENS) == expected
    assert asked.sizes == [1, 1]


@pytest.mark.parametrize("how", [{"dtype": "bfloat16"}, {"batch_size": 1}, {"savings": NONE}])
def test_where_words_might_differ_or_it_is_not_wanted_they_are_written_one_by_one(
    saved: Saved, talks: list[tuple[Turn, ...]], how: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = open_local(str(saved("Qwen3-VL")), **how)
    assert model.batch_size == 1
    asked = Counted(model, monkeypatch)
    assert len(model.answers(talks[:2], max_tokens=2)) == 2
    assert asked.sizes == [1, 1]


def test_questions_of_other_lengths_stand_with_their_like(
    saved: Saved, frames: Frames, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = open_local(str(saved("Qwen3-VL")))
    several = [turns(frames), turns(frames[1:]), turns(frames, "And who goes there?"), turns(frames[:2])]
    expected = alone(model, several)
    asked = Counted(model, monkeypatch)
    assert model.answers(several, max_tokens=TOKENS) == expected
    assert asked.sizes == [2, 1, 1]


def test_where_memory_is_short_fewer_are_written_at_once(
    saved: Saved, talks: list[tuple[Turn, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    import psutil

    model = open_local(str(saved("Qwen3-VL")))
    expected = alone(model, talks[:3])
    asked = Counted(model, monkeypatch)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: type("Short", (), {"available": 1000}))
    assert model.answers(talks[:3], max_tokens=TOKENS) == expected
    assert asked.sizes == [1, 1, 1]


def test_known_and_stored_pictures_are_not_looked_at_again(
    saved: Saved, talks: list[tuple[Turn, ...]]
) -> None:
    model = open_local(str(saved("Qwen3-VL")))
    tower = Watched(model)
    said = model.answers(talks, max_tokens=4)
    times = tower.times
    assert model.answers(talks[::-1], max_tokens=4) == said[::-1]
    assert tower.times == times


def test_merged_pictures_too(saved: Saved, talks: list[tuple[Turn, ...]]) -> None:
    model = open_local(str(saved("InternVL")), savings=Savings(merge=4))
    assert model.answers(talks, max_tokens=TOKENS) == alone(model, talks)


def test_what_fails_is_said_and_leaves_nothing_behind(
    saved: Saved, talks: list[tuple[Turn, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = open_local(str(saved("Qwen3-VL")))
    expected = answer(model, talks[0])
    with monkeypatch.context() as broken:
        broken.setattr(model._model, "generate", no_room)
        with pytest.raises(ModelError, match="the model failed: no room"):
            model.answers(talks[:2], max_tokens=2)
    assert answer(model, talks[0]) == expected


def no_room(**_: Any) -> Any:
    raise RuntimeError("no room")


def test_none_are_none(saved: Saved) -> None:
    assert open_local(str(saved("Qwen3-VL"))).answers([], max_tokens=2) == []


def test_the_settings_say_how_many(saved: Saved) -> None:
    model = open_model(AskSettings(model=f"hf:{saved('Qwen3-VL')}", caption_batch=2))
    assert isinstance(model, LocalChat)
    assert model.batch_size == 2
    with pytest.raises(SettingsError, match=r"ask\.caption_batch"):
        AskSettings(caption_batch=0)


def test_captions_written_at_once_are_those_written_one_by_one(
    saved: Saved, sample_film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    captions, sizes = [], []
    for batch in (1, 4):
        asking = AskSettings(model=f"hf:{saved('SmolVLM')}", caption_batch=batch)
        settings = Settings(index=IndexSettings(observers=("chapters",)), ask=asking)
        with VideoQA(tmp_path / str(batch), settings=settings) as videos:
            model = videos._models.answerer()
            assert isinstance(model, LocalChat)
            asked = Counted(model, monkeypatch)
            report = videos.caption(sample_film)
            captions.append(
                [(one.span, one.frames, one.observations) for one in videos.memory(sample_film).looks()]
            )
        sizes.append(asked.sizes)
        assert sum(asked.sizes) == report.num_new + report.num_silent
    assert captions[0] == captions[1]
    assert [max(some) for some in sizes] == [1, 4]
