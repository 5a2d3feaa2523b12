"""A real server on this machine, ``transformers serve`` with tiny random models, asked through the product's
client."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from video_vlm.chat import Turn
from video_vlm.errors import ModelError
from video_vlm.models import open_model
from video_vlm.records import Frame
from video_vlm.settings import AskSettings

for _module in ("httpx2", "transformers", "accelerate", "fastapi", "openai", "uvicorn"):
    pytest.importorskip(_module, reason=f"`transformers serve` needs {_module}")

_START = "import sys; from transformers.cli.transformers import main; sys.argv[0] = 'transformers'; main()"
_WORDS = (Turn("system", ("Be short.",)), Turn("user", ("What happens?",)))


def served(folder: Path, log: Path) -> Iterator[str]:
    """The address of a server that has the model in ``folder``."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ("serve", str(folder), "--host", "127.0.0.1", "--port", str(port), "--device", "cpu")
    with log.open("wb") as out:
        server = subprocess.Popen([sys.executable, "-c", _START, *options], stdout=out, stderr=out)
    try:
        while not _answers(f"http://127.0.0.1:{port}/health"):
            assert server.poll() is None, log.read_text(encoding="utf-8")
            time.sleep(0.2)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        server.terminate()
        server.wait()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=1):
            return True
    except (urllib.error.URLError, OSError):
        return False


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    import torch

    from tests.models.local.tiny_models import TEXT_FAMILIES

    torch.manual_seed(
        0
    )  # of some weights the first tokens are of those that one side shows and the other does not
    folder = TEXT_FAMILIES["Qwen3"](tmp_path_factory.mktemp("words"))
    for url in served(folder, folder.parent / "words.log"):
        yield url, folder


@pytest.fixture(scope="module")
def eyes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """Gemma 3's processor needs no torchvision, which `transformers serve` would."""
    from tests.models.local.tiny_models import FAMILIES

    folder = FAMILIES["Gemma 3"](tmp_path_factory.mktemp("eyes"))
    for url in served(folder, folder.parent / "eyes.log"):
        yield url, folder


def test_a_real_server_says_what_the_model_says(words: tuple[str, Path]) -> None:
    """The same tokens, over the wire, as from the model in this process."""
    url, folder = words
    there = open_model(AskSettings(model=f"openai:{folder}@{url}"))
    here = open_model(AskSettings(model=f"hf:{folder}"))
    over_the_wire, in_process = ("".join(model.stream(_WORDS, max_tokens=24)) for model in (there, here))  # type: ignore[union-attr]
    # Random tokens end in the middle of a letter, which the server keeps to itself.
    assert len(over_the_wire) > 8
    assert in_process.startswith(over_the_wire)


def test_a_real_server_takes_pictures_and_a_schema(eyes: tuple[str, Path]) -> None:
    url, folder = eyes
    model = open_model(AskSettings(model=f"openai:{folder}@{url}"))
    pictures = [Frame(at, float(at), np.full((48, 64, 3), 40 * at, np.uint8)) for at in range(3)]
    turns = (_WORDS[0], Turn("user", (*pictures, "What happens?")))
    assert isinstance("".join(model.stream(turns, max_tokens=8, schema={"type": "object"})), str)  # type: ignore[union-attr]


def test_a_model_the_real_server_has_not_is_one_line(words: tuple[str, Path]) -> None:
    url, _ = words
    model = open_model(AskSettings(model=f"openai:nobody/nothing@{url}"))
    with pytest.raises(ModelError) as raised:
        "".join(model.stream(_WORDS, max_tokens=8))  # type: ignore[union-attr]
    assert "\n" not in str(raised.value)
