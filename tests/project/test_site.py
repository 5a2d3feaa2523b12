"""The site that ``make docs`` builds: dead links and anchors are errors, and it asks nothing of the
network."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("sphinx", reason="the site needs the extra docs")
pytest.importorskip("furo", reason="the site needs the extra docs")
pytest.importorskip("myst_parser", reason="the site needs the extra docs")


def build(folder: Path, site: Path) -> subprocess.CompletedProcess[str]:
    """As ``make docs`` does."""
    options = ["-b", "html", "-q", "-E", "-W", "--keep-going"]
    command = [sys.executable, "-m", "sphinx", *options, str(folder), str(site)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def site(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    done = build(root / "docs", folder)
    assert done.returncode == 0, done.stderr
    return folder


def test_every_page_is_in_the_site(root: Path, site: Path) -> None:
    pages = [page.relative_to(root / "docs").with_suffix(".html") for page in (root / "docs").rglob("*.md")]

    assert len(pages) > 20
    assert [page for page in pages if not (site / page).is_file()] == []


def test_the_site_loads_nothing_from_elsewhere(site: Path) -> None:
    loads = re.compile(
        r"<(?:script|img|iframe|source)[^>]*\ssrc=\"(?:https?:)?//|<link[^>]*\shref=\"(?:https?:)?//"
    )
    styles = re.compile(r"(?:url\(|@import)\s*[\"']?(?:https?:)?//")

    assert [
        page.name for page in site.rglob("*.html") if loads.search(page.read_text(encoding="utf-8"))
    ] == []
    assert [
        sheet.name for sheet in site.rglob("*.css") if styles.search(sheet.read_text(encoding="utf-8"))
    ] == []
    assert (site / "searchindex.js").is_file()


@pytest.mark.parametrize("link", ["guide/gone.md", "guide/ask.md#gone", "#gone", "../gone.py"])
def test_a_dead_link_stops_the_build(root: Path, tmp_path: Path, link: str) -> None:
    shutil.copytree(root / "docs", tmp_path / "docs")
    for outside in ("samplers", "video_vlm", "bench", "CONTRIBUTING.md"):
        (tmp_path / outside).symlink_to(root / outside)
    page = tmp_path / "docs" / "index.md"
    page.write_text(f"{page.read_text(encoding='utf-8')}\n[dead]({link})\n", encoding="utf-8")

    done = build(tmp_path / "docs", tmp_path / "site")

    assert done.returncode != 0
    assert [line for line in done.stderr.splitlines() if "xref_missing" in line and "index.md" in line]
    assert "gone" in done.stderr
