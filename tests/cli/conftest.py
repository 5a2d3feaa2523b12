"""The command line as a user meets it, in a folder and with a library of its own."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from video_vlm import VideoQA
from video_vlm.cli import main


@dataclass(frozen=True)
class Run:
    """What one command came to."""

    code: int
    out: str
    err: str


Videoqa = Callable[..., Run]


@pytest.fixture(autouse=True)
def _a_place_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An empty current folder, no settings from outside, and a logger that is left as it was."""
    for name in [name for name in os.environ if name.startswith("VIDEOQA_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("VIDEOQA_CONFIG", str(tmp_path / "user.toml"))
    (tmp_path / "user.toml").touch()
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    logger = logging.getLogger("video_vlm")
    handlers, level = logger.handlers, logger.level
    yield
    logger.handlers = handlers
    logger.setLevel(level)


@pytest.fixture
def videoqa(capsys: pytest.CaptureFixture[str]) -> Videoqa:
    """Runs ``videoqa`` in this process and gives its code and what it printed."""

    def run(*arguments: str | Path) -> Run:
        code = main([str(argument) for argument in arguments])
        printed = capsys.readouterr()
        return Run(code, printed.out, printed.err)

    return run


@pytest.fixture(scope="session")
def shelf(sample_film: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library that knows the sample film: to be read, not to be changed."""
    folder = tmp_path_factory.mktemp("shelf") / "library"
    # Not by the command line: what that sets up for its process is set back after a test, not after a
    # session.
    with VideoQA(folder) as videos:
        videos.index(sample_film)
    return folder


@pytest.fixture
def own_shelf(shelf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of that library that may be changed, as the library of this test."""
    folder = Path(shutil.copytree(shelf, tmp_path / "own"))
    monkeypatch.setenv("VIDEOQA_LIBRARY", str(folder))
    return folder
