"""What to type for an extra fits where the package runs from."""

from __future__ import annotations

from pathlib import Path

import pytest

from video_vlm.errors import MissingExtra
from video_vlm.install_command import checkout_folder, install_command


@pytest.fixture
def package(tmp_path: Path) -> Path:
    folder = tmp_path / "video_vlm"
    folder.mkdir()
    return folder


def test_in_a_checkout_the_extra_is_installed_from_it(package: Path) -> None:
    (package.parent / "pyproject.toml").write_text('[project]\nname = "video-vlm"\n', encoding="utf-8")

    assert checkout_folder(package) == package.parent
    assert install_command("models", package=package) == "pip install -e '.[models]'"


@pytest.mark.parametrize("beside", [None, '[project]\nname = "another"\n', "[tool.black]\n", "no = [toml"])
def test_elsewhere_it_comes_from_an_index(package: Path, beside: str | None) -> None:
    if beside is not None:
        (package.parent / "pyproject.toml").write_text(beside, encoding="utf-8")

    assert checkout_folder(package) is None
    assert install_command("models", package=package) == "pip install 'video-vlm[models]'"


def test_these_tests_run_from_the_checkout(root: Path) -> None:
    assert checkout_folder() == root


def test_a_missing_extra_says_it() -> None:
    message = str(MissingExtra("reading on-screen text", "senses"))

    assert message == f"reading on-screen text needs an extra: {install_command('senses')}"
