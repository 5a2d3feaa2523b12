"""The root folders ``samplers/``, ``memory/`` and ``cli/`` reach every kind of installation as
``video_vlm.*``."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

IMPORT_THE_ROOMS = """
import sys
import video_vlm, video_vlm.cli, video_vlm.memory, video_vlm.samplers, video_vlm.media
modules = [video_vlm, video_vlm.cli, video_vlm.memory, video_vlm.samplers, video_vlm.media]
print(*(module.__file__ for module in modules), sep="\\n")
"""


def packages_below(folder: Path, name: str) -> Iterator[str]:
    if (folder / "__init__.py").is_file():
        yield name
        for child in sorted(folder.iterdir()):
            if child.is_dir() and not child.is_symlink():
                yield from packages_below(child, f"{name}.{child.name}")


def test_the_package_list_is_what_is_on_the_disk(root: Path, pyproject: dict[str, Any]) -> None:
    homes = pyproject["tool"]["setuptools"]["package-dir"]
    on_disk = [package for name, folder in homes.items() for package in packages_below(root / folder, name)]

    assert sorted(pyproject["tool"]["setuptools"]["packages"]) == sorted(on_disk)


def test_the_links_in_the_package_point_at_the_root_folders(root: Path, pyproject: dict[str, Any]) -> None:
    homes = pyproject["tool"]["setuptools"]["package-dir"]
    linked = {name: folder for name, folder in homes.items() if name != folder}
    links = {name: root.joinpath(*name.split(".")) for name in linked}
    if not all(link.is_symlink() for link in links.values()):
        pytest.skip("this checkout was made without symbolic links (git config core.symlinks)")

    assert {name: link.readlink().as_posix() for name, link in links.items()} == {
        name: f"../{folder}" for name, folder in linked.items()
    }


def python_files(checkout: Path) -> set[str]:
    """Every module of the project, by the name it has inside an installation."""
    folders = {
        "video_vlm": "video_vlm",
        "samplers": "video_vlm/samplers",
        "memory": "video_vlm/memory",
        "cli": "video_vlm/cli",
    }
    return {
        f"{inside}/{module.relative_to(checkout / outside).as_posix()}"
        for outside, inside in folders.items()
        for module in (checkout / outside).rglob("*.py")
        if not any(part.is_symlink() for part in module.parents)
    }


def test_the_wheel_holds_every_module_once_and_the_type_marker(built: Path, checkout: Path) -> None:
    (wheel,) = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()

    assert sorted(name for name in names if name.endswith(".py")) == sorted(python_files(checkout))
    assert "video_vlm/py.typed" in names


def test_the_sdist_holds_the_root_folders_and_not_their_links(built: Path) -> None:
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        inside = {Path(*Path(name).parts[1:]).as_posix() for name in archive.getnames()}

    assert {"samplers/__init__.py", "memory/__init__.py", "cli/__init__.py"} <= inside
    assert not [
        name
        for name in inside
        if name.startswith(("video_vlm/samplers", "video_vlm/memory", "video_vlm/cli"))
    ]
    assert {
        "LICENSE",
        "README.md",
        "CHANGELOG.md",
        "Makefile",
        "constraints.txt",
        "examples/sample_film.py",
    } <= inside


def environment(folder: Path) -> Path:
    """An environment that sees this one's packages, except for video_vlm; gives back its Python."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    binaries = folder / ("Scripts" if os.name == "nt" else "bin")
    python = binaries / Path(sys.executable).name
    where = "import sysconfig; print(sysconfig.get_path('purelib'))"
    ours = subprocess.run([python, "-c", where], capture_output=True, text=True, check=True).stdout.strip()
    theirs = [path for path in sys.path if path.endswith(("site-packages", "dist-packages"))]
    # A .pth file is not read in folders that were themselves added by one, so that an editable install stays
    # out.
    Path(ours, "theirs.pth").write_text("\n".join(theirs), encoding="utf-8")
    return python if python.exists() else binaries / "python"


def install(python: Path, *what: str | Path) -> None:
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--quiet", "--force-reinstall"]
    command = [sys.executable, "-m", "pip", "--python", python, "install", *options, *what]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def homes_of_the_rooms(python: Path, elsewhere: Path) -> list[Path]:
    done = subprocess.run(
        [python, "-c", IMPORT_THE_ROOMS], cwd=elsewhere, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return [Path(line) for line in done.stdout.splitlines()]


def test_an_installed_wheel_imports_every_room_from_site_packages(built: Path, tmp_path: Path) -> None:
    python = environment(tmp_path / "env")
    install(python, *built.glob("*.whl"))

    homes = homes_of_the_rooms(python, tmp_path)

    assert all((tmp_path / "env").resolve() in home.resolve().parents for home in homes)


def test_an_editable_install_imports_every_room_from_the_checkout(checkout: Path, tmp_path: Path) -> None:
    python = environment(tmp_path / "env")
    install(python, "--editable", checkout)

    homes = homes_of_the_rooms(python, tmp_path)

    assert all(checkout.resolve() in home.resolve().parents for home in homes)


def test_a_bare_checkout_imports_every_room(checkout: Path, tmp_path: Path) -> None:
    if not (checkout / "video_vlm" / "cli").is_symlink():
        pytest.skip("this checkout was made without symbolic links (git config core.symlinks)")

    homes = homes_of_the_rooms(environment(tmp_path / "env"), checkout)

    assert all(checkout.resolve() in home.resolve().parents for home in homes)


def test_the_installed_command_runs(built: Path, tmp_path: Path) -> None:
    python = environment(tmp_path / "env")
    install(python, *built.glob("*.whl"))

    done = subprocess.run(
        [python.with_name("videoqa"), "--version"], capture_output=True, text=True, check=True
    )

    assert done.stdout.startswith("videoqa ")
