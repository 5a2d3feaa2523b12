from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.models.local.tiny_models import CAPTIONERS, FAMILIES, TEXT_FAMILIES
from video_vlm.records import Frame

_MADE = {**FAMILIES, **TEXT_FAMILIES, **CAPTIONERS}
TIMES = (0.0, 3.5, 61.5, 3600.0)


@pytest.fixture(scope="session")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The folder of a family's tiny model, made once."""
    folders: dict[str, Path] = {}

    def make(family: str) -> Path:
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
