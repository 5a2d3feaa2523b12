from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from video_vlm.encoder.batches import MakeBatch, batches_in_order
from video_vlm.encoder.checkpoint import load_weights, read_checkpoint, save_tensors
from video_vlm.encoder.question_head import as_numbers
from video_vlm.encoder.saved_encoder import ENCODER_FILE, load_encoder, save_encoder
from video_vlm.encoder.tower_files import load_tower
from video_vlm.encoder.trainer import TrainRequest, train_encoder
from video_vlm.encoder.training import CHECKPOINT, TrainSettings, train
from video_vlm.encoder.video import EncoderSettings, Fold, VideoEncoder
from video_vlm.encoder.world_batches import HELD_OUT, WorldBatches, _seeds, frames_of
from video_vlm.encoder.world_model import (
    ARMS,
    WorldModel,
    frames_of_tokens,
    load_world_model,
    save_world_model,
)
from video_vlm.encoder.world_task import WorldTask, held_out, score
from video_vlm.errors import SettingsError
from video_vlm.world import WorldSettings, ask_all, write_films, write_script

SHORT = TrainSettings(num_steps=4, batch_size=4, save_every=2)


class Line:
    """A task anyone can solve: a line through points that follow from the batch's number."""

    recipe = "line"

    def __init__(self, *, stop_at: int | None = None) -> None:
        torch.manual_seed(0)
        self.model = nn.Linear(3, 1)
        self.stop_at = stop_at

    def batches(self, *, batch_size: int) -> MakeBatch[Tensor]:
        return partial(self.points, batch_size)

    def points(self, batch_size: int, number: int) -> Tensor:
        if number == self.stop_at:
            raise KeyboardInterrupt
        return torch.randn(batch_size, 3, generator=torch.Generator().manual_seed(number))

    def loss(self, batch: Tensor) -> Tensor:
        missed: Tensor = self.model(batch)[:, 0] - batch @ torch.tensor([1.0, -2.0, 3.0])
        return missed.square().mean()


def weights(folder: Path) -> dict[str, Tensor]:
    return dict(read_checkpoint(folder / CHECKPOINT).weights)


def test_what_is_learned_gets_better(tmp_path: Path) -> None:
    losses: list[float] = []
    settings = TrainSettings(num_steps=150, batch_size=16, learning_rate=0.1)

    report = train(Line(), settings, folder=tmp_path, watch=lambda _step, loss: losses.append(loss))

    assert report.step == 150
    assert report.loss < losses[0] / 10


def test_an_interrupt_leaves_a_checkpoint_and_going_on_ends_the_same(tmp_path: Path) -> None:
    settings = TrainSettings(num_steps=9, batch_size=4)
    train(Line(), settings, folder=tmp_path / "whole")

    with pytest.raises(KeyboardInterrupt):
        train(Line(stop_at=5), settings, folder=tmp_path / "parts")
    assert read_checkpoint(tmp_path / "parts" / CHECKPOINT).step == 5
    train(Line(), settings, folder=tmp_path / "parts", resume=True)

    whole, parts = weights(tmp_path / "whole"), weights(tmp_path / "parts")
    assert all(torch.equal(parts[name], whole[name]) for name in whole)


def test_batches_made_ahead_by_other_processes_are_the_same_in_the_same_order() -> None:
    make = WorldBatches(WorldSettings(), grid=3, batch_size=4)

    ahead = list(batches_in_order(make, range(5, 9), num_workers=2))
    here = list(batches_in_order(make, range(5, 9), num_workers=0))

    assert len(ahead) == 4
    for other, own in zip(ahead, here, strict=True):
        assert torch.equal(other.frames, own.frames)
        assert torch.equal(other.facts, own.facts)
        assert torch.equal(other.asked.answer, own.asked.answer)


def test_batches_that_are_accumulated_are_one_step(tmp_path: Path) -> None:
    class Same(Line):
        def points(self, batch_size: int, number: int) -> Tensor:
            return super().points(batch_size, 0)

    for accumulate in (1, 3):
        settings = TrainSettings(num_steps=3, batch_size=8, accumulate=accumulate)
        train(Same(), settings, folder=tmp_path / str(accumulate))

    once, thrice = weights(tmp_path / "1"), weights(tmp_path / "3")
    assert all(torch.allclose(once[name], thrice[name], atol=1e-5) for name in once)


def test_a_checkpoint_of_something_else_is_not_gone_on_from(tmp_path: Path) -> None:
    train(Line(), SHORT, folder=tmp_path)
    other = Line()
    other.recipe = "curve"

    with pytest.raises(SettingsError, match="something else"):
        train(other, SHORT, folder=tmp_path, resume=True)


def test_going_on_from_nothing_says_so(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"checkpoint\.safetensors"):
        train(Line(), SHORT, folder=tmp_path, resume=True)


def test_a_loss_that_is_no_number_ends_training_with_the_weights_kept(tmp_path: Path) -> None:
    class Broken(Line):
        def points(self, batch_size: int, number: int) -> Tensor:
            return super().points(batch_size, number) * (torch.inf if number == 2 else 1)

    with pytest.raises(SettingsError, match="at step 3"):
        train(Broken(), SHORT, folder=tmp_path)
    assert all(value.isfinite().all() for value in weights(tmp_path).values())


@pytest.mark.parametrize("wrong", [{"num_steps": 0}, {"batch_size": 0}, {"learning_rate": 0.0}])
def test_training_settings_that_mean_nothing_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(SettingsError, match="training:"):
        TrainSettings(**wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("arm", ARMS)
def test_every_arm_of_the_ablation_learns_and_is_scored(tmp_path: Path, arm: str) -> None:
    torch.manual_seed(0)
    task = WorldTask(WorldModel(ARMS[arm]))

    report = train(task, SHORT, folder=tmp_path)
    scored = score(task.world, num_clips=3)

    assert report.loss < 200
    assert 0 <= scored.twins <= 1
    assert 0 <= scored.order <= 1
    assert 1 / 3 < scored.chance < 0.7


@pytest.mark.parametrize("batch_number", [0, 7, 10**9, 10**12])
def test_no_batch_has_clips_that_are_held_out(batch_number: int) -> None:
    assert all(0 <= seed < HELD_OUT for seed in _seeds(batch_number, 8))


def test_a_model_of_the_world_is_saved_with_all_it_needs(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = WorldModel(ARMS["+ merging 8x"]).eval()
    (clips,) = held_out(2, model.settings.world)
    asked = as_numbers([ask_all(clip.script)[:3] for clip in clips])
    frames, seconds = frames_of(clips)
    pictures = frames_of_tokens(frames)

    save_world_model(model, tmp_path / "world.safetensors", about="a test")
    again = load_world_model(tmp_path / "world.safetensors")

    assert again.settings == model.settings
    with torch.inference_mode():
        assert torch.allclose(again(pictures, seconds, asked), model(pictures, seconds, asked), atol=0.02)


def test_an_encoder_is_saved_without_its_tower_and_comes_back_around_it(tmp_path: Path, tower_folder) -> None:  # type: ignore[no-untyped-def]
    name = str(tower_folder("siglip"))
    settings = EncoderSettings(temporal_depths=(0, 2), initial_gate=0.5, folds=(Fold(1, 2),))
    encoder = VideoEncoder(load_tower(name).requires_grad_(False), settings).eval()
    pictures, seconds = torch.randn(1, 4, 3, 32, 32), torch.arange(4.0)[None]

    save_encoder(encoder, tmp_path / ENCODER_FILE, tower=name)
    again = load_encoder(tmp_path / ENCODER_FILE)

    assert (tmp_path / ENCODER_FILE).stat().st_size < 80_000
    with torch.inference_mode():
        assert torch.allclose(again(pictures, seconds).frames, encoder(pictures, seconds).frames, atol=1e-6)


def test_an_encoder_of_before_reductions_comes_back_as_wide_as_it_was(tmp_path: Path, tower_folder) -> None:  # type: ignore[no-untyped-def]
    name = str(tower_folder("siglip"))
    settings = EncoderSettings(temporal_depths=(0,), temporal_reduction=1, initial_gate=0.5)
    encoder = VideoEncoder(load_tower(name).requires_grad_(False), settings)
    save_encoder(encoder, tmp_path / ENCODER_FILE, tower=name)
    about, weights = load_weights(tmp_path / ENCODER_FILE)
    before = json.loads(about["settings"])
    del before["temporal_reduction"]
    save_tensors(tmp_path / ENCODER_FILE, weights, about={**about, "settings": json.dumps(before)})

    assert load_encoder(tmp_path / ENCODER_FILE).settings == settings


def test_other_weights_are_no_model_of_the_world(tmp_path: Path) -> None:
    train(Line(), SHORT, folder=tmp_path)

    with pytest.raises(SettingsError, match="scripted world"):
        load_world_model(tmp_path / CHECKPOINT)
    with pytest.raises(SettingsError, match="no trained encoder"):
        load_encoder(tmp_path / CHECKPOINT)


@pytest.fixture(scope="session")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of four captioned videos of the scripted world."""
    return write_films(map(write_script, range(4)), tmp_path_factory.mktemp("films")).parent


@pytest.mark.parametrize("contrastive", ["clip", "siglip"])
def test_captioned_videos_train_an_encoder_and_then_its_projector(
    films: Path, tmp_path: Path, contrastive: str
) -> None:
    request = TrainRequest(str(films), tmp_path, contrastive=contrastive, num_frames=4, fewer=2, how=SHORT)  # type: ignore[arg-type]
    projecting = TrainRequest(str(films), tmp_path, stage="projector", num_frames=4, fewer=2, how=SHORT)

    reports = [train_encoder(request), train_encoder(projecting)]

    assert [report.step for report in reports] == [4, 4]
    assert (tmp_path / ENCODER_FILE).is_file()
    assert (tmp_path / "projector.safetensors").is_file()


def test_a_frozen_tower_stays_as_it_is_and_an_unfrozen_block_does_not(films: Path, tmp_path: Path) -> None:
    tower, name = image_text_model(tmp_path / "tower")
    before = {key: value.clone() for key, value in tower.state_dict().items()}

    train_encoder(TrainRequest(str(films), tmp_path / "out", tower=name, unfreeze=1, num_frames=2, how=SHORT))

    after = load_encoder(tmp_path / "out" / ENCODER_FILE).tower.model.state_dict()
    moved = {
        key.split(".")[2]
        for key, value in after.items()
        if not torch.equal(value, before[f"vision_model.{key}"])
    }
    assert moved == {"1"}


def image_text_model(folder: Path) -> tuple[nn.Module, str]:
    """A tiny random CLIP with a tokenizer of letters, in a folder."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import CLIPConfig, CLIPModel, PreTrainedTokenizerFast

    small = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2}
    text = {**small, "vocab_size": 64, "max_position_embeddings": 16, "eos_token_id": 2, "bos_token_id": 1}
    vision = {**small, "image_size": 16, "patch_size": 8}
    torch.manual_seed(0)
    model = CLIPModel(CLIPConfig(text_config=text, vision_config=vision, projection_dim=8))
    model.save_pretrained(folder)
    letters = {
        letter: number
        for number, letter in enumerate(["<pad>", "<s>", "</s>", *"abcdefghijklmnopqrstuvwxyz"])
    }
    tokenizer = Tokenizer(models.WordLevel(letters, unk_token="<pad>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="<pad>", eos_token="</s>").save_pretrained(
        folder
    )
    return model, str(folder)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (None, "one .jsonl file"),
        ("", "at least two"),
        ("{}", "captions.jsonl:1"),
        ("not json", "captions.jsonl:1"),
        ('{"video": "gone.mp4", "caption": "x"}', "no video gone.mp4"),
    ],
)
def test_data_that_is_not_there_is_named_in_one_line(tmp_path: Path, lines: str | None, message: str) -> None:
    if lines is not None:
        (tmp_path / "captions.jsonl").write_text(lines, encoding="utf-8")

    with pytest.raises(SettingsError, match=message):
        train_encoder(TrainRequest(str(tmp_path), tmp_path / "out", how=SHORT))


def test_columns_of_webvid_and_msr_vtt_are_understood(films: Path, tmp_path: Path) -> None:
    from video_vlm.encoder.captions import read_captions

    names = sorted(path.name for path in films.glob("*.mp4"))
    for name in names[:2]:
        (tmp_path / name).write_bytes((films / name).read_bytes())
    rows = [
        f'{{"videoid": "{names[0][:-4]}", "name": "a"}}',
        f'{{"video_id": "{names[1]}", "caption": ["b", "c"]}}',
    ]
    (tmp_path / "any.jsonl").write_text("\n".join(rows), encoding="utf-8")

    assert [video.captions for video in read_captions(tmp_path)] == [("a",), ("b", "c")]
