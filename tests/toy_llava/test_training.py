"""The stages of teaching, made short."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from video_vlm.errors import SettingsError
from video_vlm.toy_llava.model import SmallSettings
from video_vlm.toy_llava.trainer import STAGES, LanguageRequest, train_language

TINY = SmallSettings(tower_width=32, tower_layers=1, width=48, layers=1)
SHORT = tuple(replace(stage, steps=2, batch_size=4) for stage in STAGES)


def request(out: Path, **changes: object) -> LanguageRequest:
    return replace(LanguageRequest(out, stages=SHORT, small=TINY), **changes)  # type: ignore[arg-type]


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(folder / "model.safetensors")


def test_each_stage_changes_what_it_is_to_teach_and_nothing_else(tmp_path: Path) -> None:
    before: dict[str, torch.Tensor] = {}
    for number, stage in enumerate(SHORT):
        out = tmp_path / stage.name
        train_language(request(out, stages=SHORT[: number + 1]))
        after = weights(out)
        if before:
            changed = [name for name, value in after.items() if not torch.equal(value, before[name])]
            assert changed
            assert all(
                f"model.{name}".replace("model.model.", "model.").startswith(stage.learns) for name in changed
            )
        before = after


def test_steps_are_told_and_the_loss_is_a_number(tmp_path: Path) -> None:
    told: list[tuple[str, int]] = []
    report = train_language(request(tmp_path), watch=lambda stage, step, _loss: told.append((stage, step)))

    assert [stage for stage, _ in told] == [stage.name for stage in SHORT for _ in range(2)]
    assert [step for _, step in told] == list(range(1, 2 * len(SHORT) + 1))
    assert report.step == 2 * len(SHORT)
    assert report.loss > 0


def test_a_run_that_was_cut_off_ends_with_the_weights_of_one_that_was_not(tmp_path: Path) -> None:
    class CutOffError(Exception):
        pass

    def cut(_stage: str, step: int, _loss: float) -> None:
        if step == 5:
            raise CutOffError

    train_language(request(tmp_path / "whole"))
    with pytest.raises(CutOffError):
        train_language(request(tmp_path / "cut"), watch=cut)
    train_language(request(tmp_path / "cut", resume=True))

    whole, resumed = weights(tmp_path / "whole"), weights(tmp_path / "cut")
    assert whole.keys() == resumed.keys()
    assert all(torch.equal(value, resumed[name]) for name, value in whole.items())


def test_a_checkpoint_of_other_lessons_is_refused(tmp_path: Path) -> None:
    train_language(request(tmp_path, stages=SHORT[:2]))
    other = replace(SHORT[1], mix=(("read", 1.0),))
    with pytest.raises(SettingsError, match="something else"):
        train_language(request(tmp_path, stages=(SHORT[0], other), resume=True))


def test_nothing_to_learn_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no stage"):
        train_language(request(tmp_path, stages=()))
