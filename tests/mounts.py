"""A file system of one's own for one process, where this machine lets anybody mount one (Linux, user
namespaces)."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

__all__ = ["run_mounted"]


def run_mounted(
    command: Sequence[str], folder: Path, options: str, *, before: str = "true"
) -> subprocess.CompletedProcess[str]:
    """Mounts a tmpfs on ``folder``, runs the shell line ``before`` and then ``command``; nobody else sees the
    mount."""
    unshare, mount = shutil.which("unshare"), shutil.which("mount")
    if not unshare or not mount:
        pytest.skip("no unshare and mount here")
    inside = [unshare, "--user", "--map-root-user", "--mount", "sh", "-c"]
    mounting = f'{mount} -t tmpfs -o {options} tmpfs "{folder}"'
    if subprocess.run([*inside, mounting], capture_output=True, check=False).returncode:
        pytest.skip("no file system may be mounted here")
    line = f'{mounting} && {before} && exec "$@"'
    return subprocess.run([*inside, line, "sh", *command], capture_output=True, text=True, check=False)
