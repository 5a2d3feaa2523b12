"""No two modules need each other."""

from __future__ import annotations

import ast
from graphlib import CycleError, TopologicalSorter

from tests.project.package_files import ROOT, package_files


def name_of(parts: tuple[str, ...]) -> str:
    return ".".join(("video_vlm", *(parts[:-1] if parts[-1] == "__init__" else parts)))


def imported_by(text: str, modules: set[str]) -> set[str]:
    """The modules that a module imports, also inside its functions."""
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names} & modules or {node.module}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found & modules


def test_imports_go_in_no_circle() -> None:
    texts = {
        name_of(path.relative_to(ROOT).with_suffix("").parts): path.read_text(encoding="utf-8")
        for path in package_files()
    }
    graph = {name: imported_by(text, set(texts)) for name, text in texts.items()}
    assert sum(map(len, graph.values())) > 1_000
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        raise AssertionError(f"in a circle: {' -> '.join(error.args[1])}") from error
