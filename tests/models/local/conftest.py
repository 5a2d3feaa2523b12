from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from tests.models.local.tiny_models import CAPTIONERS, FAMILIES, READ_AS_ONE, TEXT_FAMILIES
from video_vlm.records import Frame

_MADE = {**FAMILIES, **READ_AS_ONE, **TEXT_FAMILIES, **CAPTIONERS}
_NEEDS = {
    "InstructBLIP-Video": ("torchvision",),
    "Molmo 2": ("torchvision",),
    "PerceptionLM": ("torchvision", "timm"),
}
TIMES = (0.0, 3.5, 61.5, 3600.0)


@pytest.fixture(scope="session")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The folder of a family's tiny model, made once."""
    folders: dict[str, Path] = {}

    def make(family: str) -> Path:
        for name in _NEEDS.get(family, ()):
            pytest.importorskip(name, reason=f"the image processor or tower of {family} needs {name}")
        if family not in folders:
            folders[family] = _MADE[family](tmp_path_factory.mktemp("model"))
        return folders[family]

    return make


@pytest.fixture
def frames() -> tuple[Frame, ...]:
    """Pictures that differ, far apart in time and out of step."""
    random = np.random.default_rng(7)
    images = [random.integers(0, 255, (40, 64, 3), dtype=np.uint8) for _ in TIMES]
    return tuple(Frame(round(at * 1000), at, image) for at, image in zip(TIMES, images, strict=True))


@pytest.fixture(scope="session", autouse=True)
def _transformers() -> None:
    pytest.importorskip("transformers", reason="models in this process need the extra [models]")
    if find_spec("torchvision"):
        _let_torchvision_be_imported()


def _let_torchvision_be_imported() -> None:
    """The build on the package index is linked to CUDA: beside a torch for CPUs it misses two operators of
    its own, which no part for pictures calls."""
    import torch

    if torch.version.cuda is None:
        library = torch.library.Library("torchvision", "DEF")
        for name in ("nms", "qnms"):
            library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        _KEPT.append(library)


_KEPT: list[object] = []
"""What would be undone if nobody held it."""
