"""Tiny random towers of every kind, written to folders and read back.

Without the extra ``models`` only ``test_extra.py`` is collected, and says so.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from video_vlm.encoder.image_tower import Tower

MISSING = [name for name in ("torch", "transformers", "einops", "safetensors") if find_spec(name) is None]

if MISSING:
    collect_ignore = [
        path.name for path in Path(__file__).parent.glob("test_*.py") if path.name != "test_extra.py"
    ]

TOWER_KINDS = ("siglip", "siglip2", "clip", "vit")


@pytest.fixture(scope="session")
def tower_folder(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Writes a tiny random tower of a kind once a run and gives its folder: 32 pixels, 16 patches, 3
    blocks."""
    written: dict[str, Path] = {}

    def write(kind: str) -> Path:
        if kind not in written:
            written[kind] = tmp_path_factory.mktemp("towers") / kind
            tiny_model(kind).save_pretrained(written[kind])
        return written[kind]

    return write


@pytest.fixture(scope="session")
def tower(tower_folder: Callable[[str], Path]) -> Callable[[str], Tower]:
    """Such a tower, loaded from its folder."""
    from video_vlm.encoder.tower_files import load_tower

    return lambda kind: load_tower(str(tower_folder(kind)))


def tiny_model(kind: str):  # type: ignore[no-untyped-def]
    import torch
    import transformers

    torch.manual_seed(0)
    shape = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 3, "num_attention_heads": 4}
    shape |= {"patch_size": 8} | ({"num_patches": 16} if kind == "siglip2" else {"image_size": 32})
    names = {"siglip": "SiglipVision", "siglip2": "Siglip2Vision", "clip": "CLIPVision", "vit": "ViT"}
    config = getattr(transformers, f"{names[kind]}Config")(**shape)
    return getattr(transformers, f"{names[kind]}Model")(config).eval()
