"""Starting costs nothing: what is heavy is loaded by those who need it, when they need it."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {
    "av",
    "cv2",
    "decord",
    "faiss",
    "numba",
    "onnxruntime",
    "rapidocr",
    "scenedetect",
    "torch",
    "transformers",
}


def loaded_by(code: str) -> set[str]:
    """The top-level modules that a fresh Python has loaded after ``code``."""
    command = f"import sys\n{code}\nprint('MODULES', *{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, check=True)
    return set(done.stdout.rpartition("MODULES")[2].split())


@pytest.mark.parametrize("module", ["video_vlm", "video_vlm.cli", "video_vlm.records", "video_vlm.settings"])
def test_importing_loads_nothing_heavy(module: str) -> None:
    assert not loaded_by(f"import {module}") & HEAVY


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["--version"], ["ask", "--help"], ["library", "where"], ["train", "encoder", "-h"]],
)
def test_a_command_that_reads_no_video_loads_nothing_heavy(arguments: list[str]) -> None:
    assert not loaded_by(f"from video_vlm.cli import main\nassert main({arguments!r}) == 0") & HEAVY


def test_helpers_of_libraries_do_not_spin_beside_a_command() -> None:
    asked = "import cv2, os\nprint(cv2.getNumThreads(), os.environ['OPENBLAS_THREAD_TIMEOUT'])"
    code = f"from video_vlm.cli import main\nmain(['--version'])\n{asked}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.splitlines()[-1] == "1 4"


def test_the_public_names_load_no_model_library() -> None:
    everything = "import video_vlm\nfor name in video_vlm.__all__: getattr(video_vlm, name)"

    assert not loaded_by(everything) & {"torch", "transformers", "rapidocr", "onnxruntime"}
