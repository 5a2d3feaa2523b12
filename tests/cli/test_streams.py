"""Standard streams that are closed, full, or read by nobody."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="of shells as on other systems")

QUESTION = "What happens after the keeper falls asleep?"


def shell(library: Path, command: str, redirected: str) -> subprocess.CompletedProcess[str]:
    line = f'"$PYTHON" -m video_vlm.cli --library "$LIBRARY" {command} {redirected}'
    environment = {**os.environ, "PYTHON": sys.executable, "LIBRARY": str(library)}
    return subprocess.run(
        ["/bin/sh", "-c", line], capture_output=True, text=True, env=environment, check=False
    )


@pytest.mark.parametrize(
    "redirected",
    [">&-", ">&- 2>&-", ">&- 2>&- <&-", "2>&- <&-", "2>/dev/full", "| true", "2>&1 >/dev/null | true"],
)
def test_an_answer_nobody_hears_is_no_failure_and_harms_nothing(
    own_shelf: Path, tmp_path: Path, redirected: str
) -> None:
    trace = tmp_path / f"trace {len(redirected)}.json"
    run = shell(
        own_shelf,
        f'ask film.mp4 "{QUESTION}" --trace-file "{trace}" --evidence "{tmp_path}/proof"',
        redirected,
    )
    assert run.returncode == 0
    assert "Error" not in run.stderr
    assert trace.is_file(), "what stands beside the answer is written, whoever hears that"
    if ">&-" not in redirected.split("2")[0] and "|" not in redirected:
        assert "The lamp goes out" in run.stdout
    assert shell(own_shelf, "library verify", "").stdout == "the library is whole\n"


@pytest.mark.parametrize("command", ["--help", "ask --help", "--version", "library --help"])
def test_help_that_nobody_reads_is_no_failure(command: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as pipe:
        run = subprocess.run(
            [sys.executable, "-m", "video_vlm.cli", *command.split()],
            stdout=pipe,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert (run.returncode, run.stderr) == (0, b"")


@pytest.mark.parametrize(
    "command", ["scenes film.mp4", "library list --json", "export film.mp4 --format html", "--version"]
)
def test_a_full_standard_output_is_one_line(own_shelf: Path, command: str) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("there is no /dev/full here")
    run = shell(own_shelf, command, ">/dev/full")
    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr.startswith("videoqa: standard output cannot be written: ")
    assert run.stderr.count("\n") == 1


@pytest.mark.parametrize("redirected", ["2>&-", "2>/dev/full", ">&-"])
def test_an_error_that_cannot_be_told_keeps_its_code_and_leaves_stdout_alone(
    own_shelf: Path, redirected: str
) -> None:
    run = shell(own_shelf, "scenes nothing.mp4", redirected)
    assert (run.returncode, run.stdout) == (1, "")
