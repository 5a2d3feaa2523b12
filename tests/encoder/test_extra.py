from __future__ import annotations

import pkgutil
from importlib import import_module

import pytest

import video_vlm.encoder
from tests.encoder.conftest import MISSING
from video_vlm.encoder.tower_files import require_models
from video_vlm.errors import MissingExtra


@pytest.mark.skipif(
    bool(MISSING), reason="the models extra is not installed: the encoder's tests are left out"
)
def test_with_the_extra_every_part_of_the_encoder_can_be_imported() -> None:
    for module in pkgutil.iter_modules(video_vlm.encoder.__path__):
        assert import_module(f"video_vlm.encoder.{module.name}").__doc__


@pytest.mark.skipif(not MISSING, reason="the models extra is installed")
def test_without_the_extra_it_says_what_to_type() -> None:
    with pytest.raises(MissingExtra, match="models"):
        require_models("an image tower")
