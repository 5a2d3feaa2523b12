"""Weights in fewer bits, through whichever library is installed."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("transformers", reason="models in this process need the extra [models]")

from tests.models.local.tiny_models.parts import save, tokenizer
from video_vlm.chat import Turn
from video_vlm.errors import ModelError
from video_vlm.models.local import LocalChat, open_local, quantize

TURNS = (Turn("user", ("What happens?",)),)
LIBRARIES = ("bitsandbytes", "torchao")


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Qwen3 of 128 dimensions: what is stored by the block needs whole blocks."""
    import transformers

    tokens = tokenizer(())
    config = transformers.Qwen3Config(
        vocab_size=len(tokens),
        hidden_size=128,
        intermediate_size=256,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
        head_dim=64,
        tie_word_embeddings=True,
    )
    return save(tmp_path_factory.mktemp("wide"), transformers.Qwen3ForCausalLM(config), tokens)


def only(library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if no other of them were installed."""
    hidden = {*LIBRARIES} - {library}
    monkeypatch.setattr(quantize, "find_spec", lambda name: None if name in hidden else find_spec(name))


def num_bytes(chat: LocalChat) -> int:
    layers: Any = chat._model.model.layers
    return sum(one.numel() * one.element_size() for weight in layers.parameters() for one in stored(weight))


def stored(weight: Any) -> list[Any]:
    """What lies in memory of a weight: torchao's say that they are as large as before."""
    parts = weight.__tensor_flatten__()[0] if hasattr(weight, "__tensor_flatten__") else ()
    return [getattr(weight, part) for part in parts] or [weight]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("library", "bits", "most"),
    [("bitsandbytes", "8bit", 0.27), ("bitsandbytes", "4bit", 0.15), ("torchao", "8bit", 0.27)],
)
def test_it_is_smaller_and_still_speaks(
    wide: Path, monkeypatch: pytest.MonkeyPatch, library: str, bits: str, most: float
) -> None:
    for needed in (library, "accelerate"):
        pytest.importorskip(needed, reason=f"this way to fewer bits needs {needed}")
    only(library, monkeypatch)
    whole, less = open_local(str(wide)), open_local(str(wide), quantization=bits)
    assert num_bytes(less) < most * num_bytes(whole)
    assert "".join(less.stream(TURNS, max_tokens=8))
    assert less.batch_size == 1, "whose words may differ from those it says alone"


def test_without_a_library_it_is_said_what_to_type(wide: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quantize, "find_spec", lambda _: None)
    with pytest.raises(ModelError, match="needs bitsandbytes or torchao: pip install bitsandbytes"):
        open_local(str(wide), quantization="4bit")


def test_without_accelerate_too(wide: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quantize, "find_spec", lambda name: None if name == "accelerate" else "here")
    with pytest.raises(ModelError, match="pip install accelerate"):
        open_local(str(wide), quantization="8bit")
