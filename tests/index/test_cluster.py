"""Files on a Ray cluster: the same memories as from one process, whatever happens to an actor; work only by
token."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import psutil
import pytest

from video_vlm.cli import main
from video_vlm.errors import LibraryError, MissingExtra
from video_vlm.index import index_on_cluster
from video_vlm.memory import open_library

needs_ray = pytest.mark.skipif(
    find_spec("ray") is None, reason="needs Ray: pip install 'video-vlm[distributed]'"
)


def test_a_cluster_elsewhere_cannot_write_to_a_folder_here(tmp_path: Path) -> None:
    with open_library(tmp_path) as library, pytest.raises(LibraryError, match="postgresql"):
        next(index_on_cluster([], library, address="host:6379"))


@pytest.mark.skipif(find_spec("ray") is not None, reason="Ray is installed")
def test_without_ray_it_is_said_what_to_type(tmp_path: Path) -> None:
    with (
        open_library(tmp_path) as library,
        pytest.raises(MissingExtra, match=r"pip install .*\[distributed\]"),
    ):
        next(index_on_cluster([], library))


def test_an_address_without_the_engine_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["index", "film.mp4", "--address", "host:6379"]) == 2
    assert "--engine ray" in capsys.readouterr().err


@pytest.fixture(scope="module")
def films(sample_film: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Three different files of one film, and one that is none."""
    folder = tmp_path_factory.mktemp("films")
    paths = [folder / f"{number}.mp4" for number in range(3)]
    for number, path in enumerate(paths):
        path.write_bytes(sample_film.read_bytes() + bytes([number]))
        path.with_suffix(".srt").write_bytes(sample_film.with_suffix(".srt").read_bytes())
    broken = folder / "broken.mp4"
    broken.write_text("no film")
    return [*paths, broken]


def actors(process: subprocess.Popen[str]) -> Iterator[psutil.Process]:
    """Those with a film in hand."""
    for one in psutil.Process(process.pid).children(recursive=True):
        try:
            if "_Reader.read" in " ".join(one.cmdline()):
                yield one
        except psutil.Error:
            continue


@needs_ray
@pytest.mark.cluster
def test_a_cluster_with_a_killed_actor_remembers_what_one_process_does(
    films: list[Path], postgres: str, tmp_path: Path
) -> None:
    place = f"{postgres}&schema=cluster"
    command = [
        sys.executable,
        "-m",
        "video_vlm.cli",
        "--library",
        place,
        "index",
        "--engine",
        "ray",
        "--jobs",
        "2",
    ]
    process = subprocess.Popen(
        [*command, *map(str, films)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path
    )
    killed = 0
    while not killed and process.poll() is None:
        for one in actors(process):
            one.kill()
            killed += 1
            break
        time.sleep(0.02)
    out, err = process.communicate(timeout=600)
    assert killed == 1, err
    assert process.returncode == 3, out + err
    assert out.count("7 scenes") == 3
    assert "broken.mp4" in err
    with open_library(place) as library, open_library(tmp_path / "straight") as straight:
        assert (
            main(
                ["--library", str(tmp_path / "straight"), "--quiet", "index", "--jobs", "1", *map(str, films)]
            )
            == 3
        )
        known = [stored.video.content_id for stored in straight.videos()]
        assert len(known) == 3
        assert [library.dump(one) for one in known] == [straight.dump(one) for one in known]
        assert library.verify() == ()


@needs_ray
@pytest.mark.cluster
def test_a_cluster_has_no_dashboard_and_takes_no_work_without_its_token(tmp_path: Path) -> None:
    stranger = """
        import sys, ray
        try:
            ray.init(address=sys.argv[1], log_to_driver=False)
            ray.get(ray.remote(lambda: 1).remote(), timeout=20)
        except Exception as error:
            sys.exit(f"refused: {type(error).__name__}: {error}")
    """
    host = f"""
        import os, subprocess, sys
        from video_vlm.index.cluster import _cluster
        with _cluster(None) as ray:
            print("dashboard:", repr(ray._private.worker.get_dashboard_url()))
            address = ray.get_runtime_context().gcs_address
            for token in (None, "f" * 64, os.environ["RAY_AUTH_TOKEN"]):
                own = {{name: value for name, value in os.environ.items() if name != "RAY_AUTH_TOKEN"}}
                own["HOME"] = {str(tmp_path)!r}
                if token:
                    own["RAY_AUTH_TOKEN"] = token
                run = subprocess.run([sys.executable, "-c", {textwrap.dedent(stranger)!r}, address], env=own,
                                     capture_output=True, text=True)
                print("stranger:", run.returncode, run.stderr.strip().splitlines()[-1:] )
    """
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", textwrap.dedent(host)],
        capture_output=True,
        text=True,
        env={name: value for name, value in os.environ.items() if not name.startswith("RAY_")},
        check=False,
    )
    lines = run.stdout.splitlines()
    assert run.returncode == 0
    assert [line.split()[1] for line in lines if line.startswith("stranger")] == ["1", "1", "0"]
    (dashboard,) = [line for line in lines if line.startswith("dashboard")]
    assert dashboard in ("dashboard: ''", "dashboard: None")
