"""``constraints.txt`` pins what was tested: everything that is asked for, one plain version each."""

from __future__ import annotations

import re
from importlib.metadata import requires
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ITSELF = "video-vlm"


def pins(root: Path) -> dict[str, Version]:
    lines = (root / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pairs = [line.split("==") for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(name): Version(version) for name, version in pairs}


def test_every_line_is_a_name_and_one_plain_version(root: Path) -> None:
    lines = (root / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = [line for line in lines if not line.startswith("#")]

    assert pinned
    assert [line for line in pinned if not re.fullmatch(r"[a-z0-9.-]+==\d[0-9a-z.]*", line)] == []


def test_everything_asked_for_is_pinned_inside_what_is_asked_for(
    root: Path, pyproject: dict[str, Any]
) -> None:
    project = pyproject["project"]
    asked = [
        *project["dependencies"],
        *(line for extra in project["optional-dependencies"].values() for line in extra),
    ]
    pinned = pins(root)
    wrong = [
        requirement.name
        for requirement in map(Requirement, asked)
        if requirement.name != ITSELF
        and (requirement.name not in pinned or pinned[requirement.name] not in requirement.specifier)
    ]

    assert wrong == []


def test_what_the_base_needs_needs_nothing_that_is_not_pinned(root: Path, pyproject: dict[str, Any]) -> None:
    pinned = pins(root)
    needed = [
        Requirement(line)
        for base in pyproject["project"]["dependencies"]
        for line in requires(Requirement(base).name) or ()
    ]
    unconditional = {
        canonicalize_name(requirement.name) for requirement in needed if requirement.marker is None
    }

    assert unconditional - pinned.keys() == set()
