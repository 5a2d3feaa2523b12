"""Indexing and asking connect to nobody, look nobody up, and write only into the library and the temporary
folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from video_vlm.telemetry import SWITCHES

pytest.importorskip("rapidocr", reason="ONNX Runtime comes with the extra senses")

WATCH = """
import os, sys

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_TRUNC
ALLOWED = tuple(os.environ["WATCH_ALLOWED"].split(os.pathsep))
MAKING = ("os.mkdir", "os.rename", "os.link", "os.symlink", "os.truncate")
LOG = os.open(os.environ["WATCH_LOG"], os.O_WRONLY | os.O_APPEND)


def note(what):
    os.write(LOG, (what + "\\n").encode("utf-8", "backslashreplace"))


def is_elsewhere(path):
    if isinstance(path, int) or path is None:
        return False
    text = os.path.abspath(os.fsdecode(path))
    return not text.startswith(ALLOWED) and not text.startswith(("/dev/", "/proc/")) and text != os.devnull


def hook(event, arguments):
    if event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr", "socket.getnameinfo"):
        note(f"{event} {arguments!r}")
    elif event in ("socket.connect", "socket.sendto") and isinstance(arguments[1], tuple):
        note(f"{event} {arguments[1]!r}")
    elif event == "open" and isinstance(arguments[2], int) and arguments[2] & WRITING and is_elsewhere(arguments[0]):
        note(f"{event} {arguments[0]!r}")
    elif event == "os.mkdir" and os.path.isdir(arguments[0]):
        pass
    elif event in MAKING and is_elsewhere(arguments[-1] if event == "os.symlink" else arguments[0]):
        note(f"{event} {arguments[0]!r}")


sys.addaudithook(hook)
"""
"""Every Python process of the run imports this first. What C code does it cannot see: the home folder tells
that."""


@pytest.fixture
def surroundings(tmp_path: Path) -> dict[str, str]:
    """An environment with an empty home, a temporary folder and a log of its own, and no variable that says
    no."""
    for name in ("home", "tmp", "library", "watch", "films"):
        (tmp_path / name).mkdir()
    (tmp_path / "watch" / "sitecustomize.py").write_text(WATCH, encoding="utf-8")
    (tmp_path / "watch.log").touch()
    home, temporary = str(tmp_path / "home"), str(tmp_path / "tmp")
    inherited = {name: value for name, value in os.environ.items() if name not in SWITCHES}
    kept = {
        name: value for name, value in inherited.items() if not name.startswith(("VIDEOQA_", "XDG_", "HF_"))
    }
    return {
        **kept,
        **dict.fromkeys(("HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA"), home),
        **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), temporary),
        "PYTHONPATH": os.pathsep.join(
            [str(tmp_path / "watch"), *filter(None, [os.environ.get("PYTHONPATH")])]
        ),
        "PYTHONDONTWRITEBYTECODE": "1",
        "WATCH_LOG": str(tmp_path / "watch.log"),
        "WATCH_ALLOWED": os.pathsep.join([str(tmp_path / "library"), temporary]),
    }


def run(surroundings: dict[str, str], folder: Path, *arguments: str) -> None:
    command = [sys.executable, "-m", "video_vlm.cli", *arguments]
    done = subprocess.run(command, env=surroundings, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_nothing_is_sent_or_kept_for_others(
    sample_film: Path, surroundings: dict[str, str], tmp_path: Path
) -> None:
    films = tmp_path / "films"
    for number in range(2):
        copy = Path(shutil.copy(sample_film, films / f"film-{number}.mp4"))
        copy.write_bytes(copy.read_bytes() + bytes([number]))
    library = ("--library", str(tmp_path / "library"))
    run(surroundings, films, "index", "film-0.mp4", "film-1.mp4", "--jobs", "2", *library)
    run(surroundings, films, "ask", "film-0.mp4", "What is on screen first?", *library)
    run(surroundings, films, "search", "door", *library)
    assert (tmp_path / "watch.log").read_text(encoding="utf-8") == ""
    assert sorted((tmp_path / "home").rglob("*")) == []
    assert sorted(path.name for path in films.iterdir()) == ["film-0.mp4", "film-1.mp4"]


def test_the_watch_sees_what_it_is_there_for(surroundings: dict[str, str], tmp_path: Path) -> None:
    """A look-up, a connection, and a file beside the library, by a process that a process started."""
    inner = (
        "import socket; socket.socket().connect_ex(('127.0.0.1', 9)); "
        "open('stray', 'w'); socket.getaddrinfo('::1', 9)"
    )
    outer = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {inner!r}], check=True)"
    subprocess.run([sys.executable, "-c", outer], env=surroundings, cwd=tmp_path / "films", check=True)
    seen = (tmp_path / "watch.log").read_text(encoding="utf-8").splitlines()
    assert [line.split()[0] for line in seen] == ["socket.connect", "open", "socket.getaddrinfo"]


def test_what_a_user_has_said_stays(surroundings: dict[str, str]) -> None:
    code = "import os, video_vlm.telemetry as t; t.switch_off(); print([os.environ[name] for name in t.SWITCHES])"
    said = {**surroundings, "DO_NOT_TRACK": "0"}
    out = subprocess.run(
        [sys.executable, "-c", code], env=said, capture_output=True, text=True, check=True
    ).stdout
    assert out.strip() == str([*list(SWITCHES.values())[:-1], "0"])
