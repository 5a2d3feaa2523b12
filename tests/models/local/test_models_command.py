"""``videoqa models``: what suits, whether it fits, and fetching it from a hub on this machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.models.local.hub import Hub
from video_vlm.errors import ModelError
from video_vlm.models.local.memory_fit import AvailableMemory, best_preset, fit_of, stored_weights
from video_vlm.models.local.presets import PRESETS
from video_vlm.models.onnx_text_encoder import ONNX_ENCODERS
from video_vlm.settings import AskSettings

Saved = Callable[[str], Path]
Run = Callable[..., "subprocess.CompletedProcess[str]"]

GIGABYTE = 1_000_000_000
ROOMY, TIGHT = AvailableMemory("memory", 64 * GIGABYTE), AvailableMemory("memory", GIGABYTE // 4)


@pytest.fixture
def hub(saved: Saved) -> Iterator[Hub]:
    files = {path.name: path.read_bytes() for path in saved("Qwen3-VL").iterdir()}
    server = Hub({**files, "pytorch_model.bin": b"code", "modeling_own.py": b"code"})
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def videoqa(tmp_path: Path) -> Run:
    """The command in a process of its own, with a hub cache of its own: the hub's address is read once."""

    def run(*arguments: str, endpoint: str = "http://127.0.0.1:9") -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "HF_HOME": str(tmp_path), "HF_ENDPOINT": endpoint, "NO_COLOR": "1"}
        environment.pop("HF_HUB_OFFLINE", None)
        command = [sys.executable, "-m", "video_vlm.cli", *arguments]
        return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)

    return run


def test_a_model_is_fetched_checked_and_answers(
    hub: Hub, videoqa: Run, sample_film: Path, tmp_path: Path
) -> None:
    pulled = videoqa("models", "pull", "owner/tiny", endpoint=hub.url)
    assert pulled.returncode == 0, pulled.stderr
    folder = Path(pulled.stdout.strip())
    assert (folder / "model.safetensors").is_file()
    assert not {"pytorch_model.bin", "modeling_own.py"} & set(hub.fetched), "code was fetched"

    fetched = len(hub.fetched)
    assert videoqa("models", "pull", "owner/tiny", endpoint=hub.url).returncode == 0
    assert len(hub.fetched) == fetched, "what was there was fetched again"

    checked = videoqa("--json", "models", "check", "owner/tiny")
    assert checked.returncode == 0, checked.stderr
    report = json.loads(checked.stdout)
    assert report["fits"]
    assert report["max_pictures"] > 1
    assert report["weights_bytes"] == 4 * sum(stored_weights(folder).values())

    asked = videoqa(
        "--json",
        "--library",
        str(tmp_path / "library"),
        "ask",
        str(sample_film),
        "What does the keeper carry?",
        "--model",
        "hf:owner/tiny",
        "--set",
        "ask.answer_tokens=8",
    )
    assert asked.returncode in (0, 2, 4), asked.stderr
    assert json.loads(asked.stdout)["receipt"]["model"] == "hf:owner/tiny"


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("owner/none", "there is no model owner/none on the hub"),
        ("owner/gated", "hf auth login"),
        ("no name at all", "OWNER/NAME"),
    ],
)
def test_what_cannot_be_fetched_is_one_line(hub: Hub, videoqa: Run, name: str, says: str) -> None:
    run = videoqa("models", "pull", name, endpoint=hub.url)
    assert run.returncode == 1
    assert says in run.stderr
    assert len(run.stderr.strip().splitlines()) == 1
    assert run.stdout == ""


def test_a_model_without_safetensors_is_refused(videoqa: Run) -> None:
    server = Hub({"config.json": b"{}", "pytorch_model.bin": b"code"})
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    run = videoqa("models", "pull", "owner/tiny", endpoint=server.url)
    server.shutdown()
    server.server_close()
    assert run.returncode == 1
    assert "can run code" in run.stderr


def test_a_hub_that_is_not_reached_is_one_line(videoqa: Run) -> None:
    run = videoqa("models", "pull", "owner/tiny")
    assert run.returncode == 1
    assert "could not be fetched" in run.stderr
    assert "Traceback" not in run.stderr


def test_the_list_names_licence_and_need(videoqa: Run) -> None:
    run = videoqa("models", "list")
    assert run.returncode == 0, run.stderr
    for preset in PRESETS:
        line = next(line for line in run.stdout.splitlines() if line.startswith(preset.name))
        assert preset.licence in line
        assert " GB" in line
    for key, files in ONNX_ENCODERS.items():
        line = next(line for line in run.stdout.splitlines() if line.startswith(f"onnx:{key}"))
        assert files.licence in line
    listed = json.loads(videoqa("--json", "models", "list").stdout)
    assert [one["name"] for one in listed] == [preset.name for preset in PRESETS]
    assert all(one["folder"] is None for one in listed)


class TestFit:
    def test_weights_are_counted_in_their_files(self, saved: Saved) -> None:
        import transformers

        folder = saved("SmolVLM")
        model = transformers.AutoModelForImageTextToText.from_pretrained(folder)
        tied = {id(one): one for one in model.parameters()}
        assert sum(stored_weights(folder).values()) == sum(one.numel() for one in tied.values())

    def test_fewer_bits_need_less(self, saved: Saved) -> None:
        name = str(saved("Qwen3"))
        whole = fit_of(name, AskSettings(), ROOMY)
        half = fit_of(name, AskSettings(dtype="bfloat16"), ROOMY)
        quarter = fit_of(name, AskSettings(quantization="4bit"), ROOMY)
        assert whole.weights_bytes == 2 * half.weights_bytes > 4 * quarter.weights_bytes
        assert half.folder == saved("Qwen3")

    def test_a_longer_talk_needs_more(self, saved: Saved) -> None:
        name = str(saved("Llama"))
        short, long = (fit_of(name, AskSettings(answer_tokens=count), ROOMY) for count in (1, 100_000))
        assert short.cache_bytes <= long.cache_bytes
        # 2 layers, 2 pairs of heads of 8 numbers, keys and values of two bytes, and no more than its 4096
        # tokens.
        assert long.cache_bytes == 2 * 2 * 2 * 2 * 8 * 4096

    def test_the_best_that_fits_is_named(self) -> None:
        settings = AskSettings()
        assert best_preset(settings, TIGHT) is None
        small, large = (
            best_preset(settings, ROOMY),
            best_preset(settings, AvailableMemory("GPU", 64 * GIGABYTE, is_gpu=True)),
        )
        assert small is not None
        assert large is not None
        assert large.name == "Qwen/Qwen3-VL-8B-Instruct"
        assert small.weights_bytes < large.weights_bytes

    def test_what_is_neither_here_nor_known_is_an_error(self) -> None:
        with pytest.raises(ModelError, match="videoqa models pull"):
            fit_of("nobody/nothing", AskSettings(), ROOMY)

    @pytest.mark.parametrize(
        "bad", [b"", b"\xff" * 8, b"\x02\x00\x00\x00\x00\x00\x00\x00[]", b"\x05" + b"\x00" * 7]
    )
    def test_files_that_are_no_safetensors_are_an_error(self, tmp_path: Path, bad: bytes) -> None:
        (tmp_path / "model.safetensors").write_bytes(bad)
        with pytest.raises(ModelError, match=r"model\.safetensors is no safetensors file"):
            stored_weights(tmp_path)


def test_without_a_gpu_a_small_one_is_advised(monkeypatch: pytest.MonkeyPatch) -> None:
    from video_vlm.ask import _who_sees

    memory = SimpleNamespace(available=64 * GIGABYTE)
    monkeypatch.setattr("psutil.virtual_memory", lambda: memory)
    monkeypatch.setattr("video_vlm.models.local.memory_fit.which", lambda _: None)
    advice = _who_sees(Path("film.mp4"), AskSettings())
    assert "videoqa models pull HuggingFaceTB/SmolVLM2-2.2B-Instruct; then videoqa ask film.mp4" in advice
    memory.available = 0
    assert "--model openai:NAME@URL" in _who_sees(Path("film.mp4"), AskSettings())
