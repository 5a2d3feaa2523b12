"""Image-text towers from folders and from the local hub cache: found, named by what they are, and called."""

from __future__ import annotations

import json
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest

from tests.towers import KINDS, shape_images, write_tower
from video_vlm.encoder.image_text_tower import (
    KNOWN_TOWERS,
    TransformersImageTextEncoder,
    find_image_text_encoder,
    require_image_text_encoder,
)
from video_vlm.encoder.tower_files import load_model
from video_vlm.errors import SettingsError
from video_vlm.settings import SightSettings

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="session")
def sight_folder(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Writes a tiny random image-text tower of a kind once a run and gives its folder."""
    written: dict[str, Path] = {}

    def write(kind: str) -> Path:
        if kind not in written:
            written[kind] = write_tower(tmp_path_factory.mktemp("sights") / kind, kind)
        return written[kind]

    return write


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Path], Path]:
    """An empty hub cache; puts a folder into it under a name, and gives where it lies then."""
    from huggingface_hub import constants

    cache = tmp_path / "hub"
    cache.mkdir()
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(cache))

    def put(name: str, folder: Path) -> Path:
        model = cache / f"models--{name.replace('/', '--')}"
        (model / "refs").mkdir(parents=True)
        (model / "refs" / "main").write_text("abc", encoding="utf-8")
        return Path(shutil.copytree(folder, model / "snapshots" / "abc"))

    return put


@pytest.mark.parametrize("kind", KINDS)
def test_pictures_and_words_become_unit_vectors_of_one_space(
    sight_folder: Callable[[str], Path], kind: str
) -> None:
    tower = TransformersImageTextEncoder(sight_folder(kind))
    pictures = tower.encode_images(shape_images("red", "circle", seed=0, num_frames=3))
    words = tower.encode_texts(["a red circle", "", "zebra " * 50])
    assert pictures.shape == words.shape == (3, tower.dimension)
    assert pictures.dtype == words.dtype == np.float32
    assert np.allclose(np.linalg.norm([*pictures, *words], axis=1), 1.0, atol=1e-5)
    assert tower.encode_images([]).shape == tower.encode_texts([]).shape == (0, tower.dimension)


@pytest.mark.parametrize("kind", KINDS)
def test_they_are_what_transformers_computes(sight_folder: Callable[[str], Path], kind: str) -> None:
    import torch
    from transformers import AutoImageProcessor, AutoModel

    folder = sight_folder(kind)
    pictures = shape_images("blue", "square", seed=1, num_frames=2)
    prepare = AutoImageProcessor.from_pretrained(folder, backend="pil")
    model = AutoModel.from_pretrained(folder).eval()
    with torch.inference_mode():
        plain = model.get_image_features(**prepare(images=pictures, return_tensors="pt")).pooler_output
    expected = torch.nn.functional.normalize(plain, dim=-1).numpy()
    exact, half = (TransformersImageTextEncoder(folder, dtype=dtype) for dtype in ("float32", "bfloat16"))
    assert np.allclose(exact.encode_images(pictures), expected, atol=1e-6)
    assert not np.array_equal(half.encode_images(pictures), expected)
    assert ((half.encode_images(pictures) * expected).sum(axis=1) > 0.999).all()
    assert half.name == exact.name


@pytest.mark.parametrize(
    ("able", "expected"),
    [
        ({}, "float32"),
        ({"avx512_bf16": True}, "bfloat16"),
        ({"amx_bf16": True}, "bfloat16"),
        ({"avx2": True}, "float32"),
    ],
)
def test_it_computes_in_what_the_processor_is_fast_at(
    sight_folder: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch, able: dict[str, bool], expected: str
) -> None:
    import torch

    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: able, raising=False)
    load = Mock(wraps=load_model)
    monkeypatch.setattr("video_vlm.encoder.image_text_tower.load_model", load)
    TransformersImageTextEncoder(sight_folder("siglip"), device="cpu").encode_texts(["red"])
    assert load.call_args.kwargs["dtype"] == getattr(torch, expected)


def test_numbers_that_are_none_are_a_mistake_in_the_settings() -> None:
    with pytest.raises(SettingsError, match=r"sight\.dtype is one of auto, .*, got 'int8'"):
        SightSettings(dtype="int8")


def test_a_tower_is_named_by_what_it_is_not_by_where_it_lies(
    sight_folder: Callable[[str], Path], tmp_path: Path
) -> None:
    folder = sight_folder("siglip")
    name = TransformersImageTextEncoder(folder).name
    copied = Path(shutil.copytree(folder, tmp_path / "copied"))
    assert TransformersImageTextEncoder(copied).name == name
    assert len({TransformersImageTextEncoder(sight_folder(kind)).name for kind in KINDS}) == 3
    assert TransformersImageTextEncoder(write_tower(tmp_path / "other", "siglip", seed=1)).name != name
    settings = copied / "preprocessor_config.json"
    prepared = json.loads(settings.read_text(encoding="utf-8"))
    settings.write_text(json.dumps({**prepared, "image_mean": [0.4, 0.4, 0.4]}), encoding="utf-8")
    assert TransformersImageTextEncoder(copied).name != name


def test_a_tower_goes_to_another_process_without_its_weights(sight_folder: Callable[[str], Path]) -> None:
    tower = TransformersImageTextEncoder(sight_folder("siglip"), label="mine", dtype="bfloat16")
    before = tower.encode_texts(["red"])
    packed = pickle.dumps(tower)
    assert len(packed) < 1000
    again = pickle.loads(packed)
    assert (again.name, again.label, again.dtype) == (tower.name, "mine", "bfloat16")
    assert np.array_equal(again.encode_texts(["red"]), before)


def test_a_known_tower_in_the_cache_is_found_by_itself(
    sight_folder: Callable[[str], Path], hub: Callable[[str, Path], Path]
) -> None:
    assert find_image_text_encoder(SightSettings()) is None
    where = hub(KNOWN_TOWERS[3], sight_folder("siglip"))
    found = find_image_text_encoder(SightSettings())
    assert found is not None
    assert (found.label, found.folder) == (KNOWN_TOWERS[3], where)
    assert find_image_text_encoder(SightSettings(model="none")) is None


def test_any_other_in_the_cache_is_found_by_name(
    sight_folder: Callable[[str], Path], hub: Callable[[str, Path], Path]
) -> None:
    where = hub("somebody/something", sight_folder("clip"))
    assert find_image_text_encoder(SightSettings()) is None
    found = find_image_text_encoder(SightSettings(model="somebody/something"))
    assert found is not None
    assert found.folder == where


def test_a_folder_is_found_by_its_path(sight_folder: Callable[[str], Path]) -> None:
    folder = sight_folder("clip")
    found = find_image_text_encoder(SightSettings(model=str(folder)))
    assert found is not None
    assert found.folder == folder


@pytest.mark.parametrize("name", ["nobody/nothing", "./gone", "C:\\gone", "a/b/c"])
def test_what_is_not_there_is_said_with_what_to_type(hub: Callable[[str, Path], Path], name: str) -> None:
    with pytest.raises(SettingsError, match="videoqa models pull"):
        find_image_text_encoder(SightSettings(model=name))


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("config.json", "{", "cannot be read"),
        ("config.json", '{"model_type": "llama"}', "no image-text tower; known: siglip"),
        ("config.json", '{"model_type": "clip", "projection_dim": "wide"}', "width"),
        ("preprocessor_config.json", None, "no preprocessor_config.json"),
        ("model.safetensors", None, "no safetensors weights"),
    ],
)
def test_a_folder_that_holds_no_tower_is_refused_in_one_line(
    sight_folder: Callable[[str], Path], tmp_path: Path, file: str, text: str | None, message: str
) -> None:
    folder = Path(shutil.copytree(sight_folder("siglip"), tmp_path / "tower"))
    (folder / file).unlink()
    if text is not None:
        (folder / file).write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=message):
        TransformersImageTextEncoder(folder)


@pytest.mark.parametrize("damaged", ["model.safetensors", "tokenizer.json"])
def test_a_damaged_tower_is_refused_when_it_is_loaded(
    sight_folder: Callable[[str], Path], tmp_path: Path, damaged: str
) -> None:
    folder = Path(shutil.copytree(sight_folder("siglip"), tmp_path / "tower"))
    (folder / damaged).write_bytes((folder / damaged).read_bytes()[:100])
    with pytest.raises(SettingsError, match=r"cannot be loaded|no image tower"):
        TransformersImageTextEncoder(folder).encode_texts(["red"])


def test_a_device_that_is_not_there_is_a_mistake_in_the_settings(sight_folder: Callable[[str], Path]) -> None:
    with pytest.raises(SettingsError, match="cannot be loaded"):
        TransformersImageTextEncoder(sight_folder("siglip"), device="abacus").encode_texts(["red"])


def test_loading_shows_no_bar(sight_folder: Callable[[str], Path], capfd: pytest.CaptureFixture[str]) -> None:
    TransformersImageTextEncoder(sight_folder("siglip")).encode_texts(["red"])
    assert "Loading" not in capfd.readouterr().err


def test_who_needs_a_tower_is_told_how_to_have_one() -> None:
    with pytest.raises(SettingsError, match=r"sight\.model=FOLDER"):
        require_image_text_encoder(None)
