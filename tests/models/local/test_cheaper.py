"""Merged, kept and read once: the same answers for less, on every family."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.models.local.conftest import TIMES
from tests.models.local.tiny_models import FAMILIES, TEXT_FAMILIES
from video_vlm.chat import Turn
from video_vlm.errors import ModelError, SettingsError
from video_vlm.models import open_model
from video_vlm.models.local import LocalChat, Savings, open_local
from video_vlm.records import Frame
from video_vlm.settings import AskSettings

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

Saved = Callable[[str], Path]
Frames = tuple[Frame, ...]

NONE = Savings(merge=1, kept_prefixes=0, feature_bytes=0)


def turns(frames: Frames, words: str = "What happens?") -> tuple[Turn, ...]:
    return Turn("system", ("Be short.",)), Turn("user", (*frames, words))


def grown(talk: tuple[Turn, ...], *parts: str | Frame) -> tuple[Turn, ...]:
    return *talk, Turn("assistant", ("Look there.",)), Turn("user", parts)


def talks(frames: Frames) -> list[tuple[Turn, ...]]:
    """Questions about the same pictures, a talk that goes on, others in between, and the first again."""
    first = turns(frames)
    return [
        first,
        turns(frames, "Who goes there, and why does nobody see it?"),
        grown(first, frames[1], "And here?"),
        grown(grown(first, frames[1], "And here?"), frames[3], frames[2], "And there?"),
        turns(frames[:2]),
        turns(frames[1:], "Which?"),
        first,
    ]


def answer(model: LocalChat, talk: tuple[Turn, ...]) -> str:
    return "".join(model.stream(talk, max_tokens=8))


def laid_out(model: LocalChat, talk: tuple[Turn, ...]) -> Any:
    import torch

    with torch.inference_mode():
        return model.thrift._prompt(model._inputs(talk), talk)


def scores(model: LocalChat, talk: tuple[Turn, ...]) -> Any:
    """Of the first token that would be written: ``(vocabulary)``."""
    import torch

    with torch.inference_mode():
        given = model.thrift.prepare(model._inputs(talk), talk, lambda: False)
        found = model._model.generate(
            **given, max_new_tokens=1, do_sample=False, output_scores=True, return_dict_in_generate=True
        )
        model.thrift.done(has_failed=False)
    return found.scores[0][0]


class Watched:
    """How often a model's vision tower is called."""

    def __init__(self, model: LocalChat) -> None:
        self.times = 0
        assert model.thrift.gallery is not None
        eyes = model.thrift.gallery.eyes
        self._encode, eyes._encode = eyes._encode, self

    def __call__(self, **given: Any) -> Any:
        self.times += 1
        return self._encode(**given)


@pytest.mark.parametrize("family", [*FAMILIES, *TEXT_FAMILIES])
def test_kept_and_read_once_is_as_unmodified(saved: Saved, frames: Frames, family: str) -> None:
    """The same words as by ``generate`` on what the processor made, and the same scores but for rounding."""
    import torch

    plain, model = open_local(str(saved(family)), savings=NONE), open_local(str(saved(family)))
    assert model.thrift.is_on
    assert not plain.thrift.is_on
    asked = talks(frames)
    assert [answer(model, talk) for talk in asked] == [answer(plain, talk) for talk in asked]
    assert torch.allclose(scores(model, asked[0]), scores(plain, asked[0]), atol=1e-4)


@pytest.mark.parametrize("merge", [1, 4])
@pytest.mark.parametrize("family", FAMILIES)
def test_an_answer_does_not_depend_on_what_was_asked_before(
    saved: Saved, frames: Frames, family: str, merge: int
) -> None:
    """To the last bit of the scores."""
    import torch

    model = open_local(str(saved(family)), savings=Savings(merge))
    asked = talks(frames)
    warm = [scores(model, talk) for talk in asked]
    for talk, expected in zip(asked, warm, strict=True):
        model.forget()
        assert torch.equal(scores(model, talk), expected)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_known_picture_is_not_looked_at_again(saved: Saved, frames: Frames, family: str) -> None:
    model = open_local(str(saved(family)), savings=Savings(kept_prefixes=0))
    tower = Watched(model)
    first = answer(model, turns(frames))
    assert tower.times == len(frames)
    answer(model, turns(frames[2:], "What else?"))
    answer(model, turns(frames[::-1], "And backwards?"))
    assert answer(model, turns(frames)) == first
    assert tower.times == len(frames)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_beginning_is_read_once(saved: Saved, frames: Frames, family: str) -> None:
    model = open_local(str(saved(family)))
    first = laid_out(model, turns(frames))
    answer(model, turns(frames))
    again = laid_out(model, turns(frames, "Which one is it?"))
    assert model.thrift.prefixes.take(again).length == first.pictures[-1].end
    assert first.seams == (first.pictures[-1].end,)


@pytest.mark.parametrize("merge", [2, 4, 8])
@pytest.mark.parametrize("family", FAMILIES)
def test_merged_tokens_stand_behind_their_own_time(
    saved: Saved, frames: Frames, family: str, merge: int
) -> None:
    whole, model = open_local(str(saved(family))), open_local(str(saved(family)), savings=Savings(merge))
    talk = grown(turns(frames), *frames[:2], "And here?")
    before, after = laid_out(whole, talk), laid_out(model, talk)
    lost = whole.num_tokens(talk) - model.num_tokens(talk)
    assert model.num_tokens(talk) == after.ids.shape[1] == after.positions.shape[-1]
    assert lost > 0

    def shown(some: Any) -> list[int]:
        return [one.end - one.begin for one in some.pictures]

    assert sum(shown(before)) - sum(shown(after)) == lost
    assert [len(one.load().rows) for one in after.pictures] == shown(after)
    for group in (slice(4), slice(4, 6)):
        assert sum(shown(after)[group]) == max(
            len(shown(after)[group]), -(-sum(shown(before)[group]) // merge)
        )
    told = model._reader.tokenizer.decode(after.ids[0])
    assert [told.index(f"<{at:.1f} seconds>") for at in TIMES] == sorted(
        told.index(f"<{at:.1f} seconds>") for at in TIMES
    )
    words = [name for name in before.names.tolist() if name >= 0]
    assert [name for name in after.names.tolist() if name >= 0] == words, "no word is lost"
    assert isinstance(answer(model, talk), str)


@pytest.mark.parametrize("family", ["Qwen3-VL", "Qwen3.5", "GLM-4.6V", "Qwen2.5-VL"])
def test_rows_and_columns_are_kept_where_a_family_counts_them(
    saved: Saved, frames: Frames, family: str
) -> None:
    whole, model = open_local(str(saved(family))), open_local(str(saved(family)), savings=Savings(4))
    before, after = (laid_out(one, turns(frames)) for one in (whole, model))
    assert after.positions[0, 0].tolist() == list(range(after.ids.shape[1]))
    words = [one.positions[1:, 0, one.names >= 0].tolist() for one in (before, after)]
    assert words[0] == words[1]
    for then, now in zip(before.pictures, after.pictures, strict=True):
        own = before.positions[1:, 0, then.begin : then.end].T.tolist()
        assert all(at in own for at in after.positions[1:, 0, now.begin : now.end].T.tolist())


def test_merging_by_one_is_nothing(saved: Saved, frames: Frames) -> None:
    plain, model = open_local(str(saved("Qwen3-VL")), savings=NONE), open_local(str(saved("Qwen3-VL")))
    assert model.num_tokens(turns(frames)) == plain.num_tokens(turns(frames))


def test_a_later_picture_changes_nothing_before_it(saved: Saved, frames: Frames) -> None:
    model = open_local(str(saved("InternVL")), savings=Savings(4))
    first = turns(frames)
    before, after = laid_out(model, first), laid_out(model, grown(first, *frames, "And?"))
    shared = before.pictures[-1].end
    assert before.names[:shared].tolist() == after.names[:shared].tolist()


class TestPicturesInTiles:
    """A family that cuts a large picture into several, each a run of tokens of its own."""

    @pytest.fixture
    def folder(self, saved: Saved, tmp_path: Path) -> str:
        import json
        import shutil

        shutil.copytree(saved("SmolVLM"), tmp_path / "model")
        path = tmp_path / "model" / "preprocessor_config.json"
        written = json.loads(path.read_text())
        own = written.get("image_processor", written)
        own |= {
            "do_image_splitting": True,
            "size": {"longest_edge": 64},
            "max_image_size": {"longest_edge": 32},
        }
        path.write_text(json.dumps(written))
        return str(tmp_path / "model")

    def test_they_are_told_apart(self, folder: str, frames: Frames) -> None:
        plain, model = open_local(folder, savings=NONE), open_local(folder)
        tower = Watched(model)
        places = model.thrift._places(model._inputs(turns(frames)), turns(frames))
        assert [len(place.runs) > 1 for place in places] == [True] * len(frames)
        assert [answer(model, talk) for talk in talks(frames)] == [
            answer(plain, talk) for talk in talks(frames)
        ]
        assert tower.times == len(frames)

    def test_each_tile_keeps_a_token(self, folder: str, frames: Frames) -> None:
        model = open_local(folder, savings=Savings(8))
        talk = turns(frames)
        places = model.thrift._places(model._inputs(talk), talk)
        num_runs = sum(len(place.runs) for place in places)
        prompt = laid_out(model, talk)
        assert prompt.ids.shape[1] == model.num_tokens(talk)
        assert sum(one.end - one.begin for one in prompt.pictures) >= num_runs
        assert isinstance(answer(model, talk), str)


def test_pictures_that_cannot_be_told_apart_switch_it_off_with_a_word(
    saved: Saved, frames: Frames, caplog: pytest.LogCaptureFixture
) -> None:
    folder, talk = str(saved("InternVL")), turns(frames)
    plain, model = open_local(folder, savings=NONE), open_local(folder, savings=Savings(4))
    inputs = model._inputs(talk)
    inputs["pixel_values"] = inputs["pixel_values"][:-1]
    assert laid_out(model, talk) is None
    assert "ask.merge=4 is off" in caplog.text
    model._prepared = None
    assert model.num_tokens(turns(frames)) == plain.num_tokens(turns(frames))
    assert answer(model, turns(frames)) == answer(plain, turns(frames))


@pytest.mark.parametrize(
    ("family", "why"),
    [("BLIP-2", "hands no features"), ("Molmo 2", "reads all"), ("Qwen3", "sees no pictures")],
)
def test_a_family_that_cannot_be_merged_says_so(
    saved: Saved, caplog: pytest.LogCaptureFixture, family: str, why: str
) -> None:
    with caplog.at_level(logging.WARNING):
        open_local(str(saved(family)), savings=Savings(4))
    assert "ask.merge=4 is off" in caplog.text
    assert why in caplog.text


def test_what_is_kept_is_bounded_and_can_be_freed(saved: Saved, frames: Frames) -> None:
    model = open_local(str(saved("Qwen3-VL")), savings=Savings(kept_prefixes=2, feature_bytes=5000))
    gallery = model.thrift.gallery
    assert gallery is not None
    for number in range(1, 5):
        answer(model, (Turn("system", (f"Rule {number}.",)), *turns(frames[:number])))
        assert len(model.thrift.prefixes) <= 2
        assert gallery.store.nbytes <= 5000
    assert len(model.thrift.prefixes) == 2
    assert len(gallery.store) == 2  # of 2048 bytes each
    model.forget()
    assert len(model.thrift.prefixes) == len(gallery.store) == gallery.store.nbytes == 0


def test_two_talks_in_turn_are_both_kept_where_there_is_room(saved: Saved, frames: Frames) -> None:
    model = open_local(str(saved("Qwen3.5")), savings=Savings(kept_prefixes=2))
    talks_about = [turns(frames[:2]), turns(frames[2:])]
    for talk in talks_about:
        answer(model, talk)
    lengths = [model.thrift.prefixes.take(laid_out(model, talk)).length for talk in talks_about]
    assert all(lengths)


def test_a_long_text_is_read_in_stretches_and_kept(saved: Saved) -> None:
    model, plain = open_local(str(saved("Qwen3"))), open_local(str(saved("Qwen3")), savings=NONE)
    long = (Turn("user", ("It rains. " * 150, "Why?")),)
    other = (Turn("user", ("It rains. " * 150, "Where?")),)
    assert answer(model, long) == answer(plain, long)
    prompt = laid_out(model, other)
    assert prompt.seams == (512, 1024, 1536)[: len(prompt.seams)]
    assert model.thrift.prefixes.take(prompt).length == prompt.seams[-1]
    model.forget()
    assert answer(model, other) == answer(plain, other)


def test_an_answer_that_fails_leaves_nothing_behind(saved: Saved, frames: Frames) -> None:
    model = open_local(str(saved("Qwen3-VL")))
    answer(model, turns(frames))
    broken = (Turn("user", (Frame(0, 0.0, np.zeros((40, 64, 3), np.uint8)), "What?")),)
    inputs = model._inputs(broken)
    inputs["image_grid_thw"] = inputs["image_grid_thw"] * 0 + 1
    with pytest.raises(ModelError, match="the model failed"):
        "".join(model.stream(broken, max_tokens=2))
    assert answer(model, turns(frames)) == answer(
        open_local(str(saved("Qwen3-VL")), savings=NONE), turns(frames)
    )


def test_the_settings_say_how_much(saved: Saved) -> None:
    settings = AskSettings(model=f"hf:{saved('Qwen3-VL')}", merge=4, kept_prefixes=0, kept_picture_mb=1)
    model = open_model(settings)
    assert isinstance(model, LocalChat)
    assert model.thrift.gallery is not None
    assert model.thrift.gallery.merge == 4


@pytest.mark.parametrize("name", ["merge", "kept_prefixes", "kept_picture_mb"])
def test_less_than_nothing_is_refused(name: str) -> None:
    wrong: dict[str, Any] = {name: -1}
    with pytest.raises(SettingsError, match=f"ask.*{name}"):
        AskSettings(**wrong)
