"""Grounding DINO, made tiny from its configuration, through the product's own way to it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.models.local.tiny_models.detector import grounding_dino
from video_vlm.errors import ModelError
from video_vlm.models import open_detector
from video_vlm.models.local import grounding_dino as dino
from video_vlm.settings import AskSettings

IMAGE = np.random.default_rng(3).integers(0, 255, (60, 90, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return grounding_dino(tmp_path_factory.mktemp("detector"))


def test_boxes_are_those_of_the_model(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As transformers' own calls on the same picture and words give them, as shares of the picture."""
    import torch
    import transformers
    from PIL import Image

    monkeypatch.setattr(dino, "_THRESHOLD", 0.0)
    detector = open_detector(AskSettings(detector=f"hf:{folder}", device="cpu"))
    assert detector is not None
    found = detector.detect(IMAGE, "A red Ball.")

    tokens = transformers.AutoTokenizer.from_pretrained(folder)
    pictures = transformers.AutoImageProcessor.from_pretrained(folder, backend="pil")
    processor = transformers.GroundingDinoProcessor(image_processor=pictures, tokenizer=tokens)
    model = transformers.AutoModelForZeroShotObjectDetection.from_pretrained(folder).eval()
    with torch.inference_mode():
        out = model(**processor(images=Image.fromarray(IMAGE), text=["a red ball."], return_tensors="pt"))
    scores = torch.nan_to_num(out.logits.sigmoid(), 0.0).max(dim=-1).values[0]
    centre_x, centre_y, width, height = out.pred_boxes[0].unbind(-1)
    corners = torch.stack(
        [centre_x - width / 2, centre_y - height / 2, centre_x + width / 2, centre_y + height / 2], -1
    )
    order = scores.argsort(descending=True)
    assert len(found) == len(scores)
    assert [one.confidence for one in found] == pytest.approx(scores[order].tolist(), abs=1e-5)
    assert [list(one.box) for one in found] == [
        pytest.approx(box, abs=1e-5) for box in corners[order].clamp(0, 1).tolist()
    ]


def test_what_is_not_surely_there_is_not_found(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dino, "_THRESHOLD", 1.0)
    detector = open_detector(AskSettings(detector=str(folder)))
    assert detector is not None
    assert detector.detect(IMAGE, "blue boat") == []


def test_nobody_detects_unless_named() -> None:
    assert open_detector(AskSettings()) is None


def test_another_kind_of_model_is_refused(tmp_path: Path) -> None:
    import transformers

    config = transformers.BertConfig(vocab_size=8, hidden_size=8, num_hidden_layers=1, num_attention_heads=1)
    transformers.BertModel(config).save_pretrained(tmp_path)
    with pytest.raises(ModelError, match="use Grounding DINO, not bert"):
        open_detector(AskSettings(detector=str(tmp_path)))
