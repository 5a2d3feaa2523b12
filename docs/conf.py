"""How Sphinx makes the site of these pages: ``make docs``. A dead link or anchor is an error there."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sphinx.application import Sphinx

project = "video_vlm"
html_title = "video_vlm"
html_theme = "furo"
html_show_copyright = False
html_show_sphinx = False
html_copy_source = False
html_show_sourcelink = False
extensions = ["myst_parser"]
nitpicky = True
myst_heading_anchors = 4


def setup(app: Sphinx) -> None:
    """Sphinx calls this when it starts."""
    app.connect("source-read", add_contents)


def add_contents(_app: Sphinx, name: str, source: list[str]) -> None:
    """The contents beside every page are the links of ``index.md``, under its headings: the list stands
    once."""
    if name == "index":
        source[0] = "\n".join([source[0], *contents(source[0])])


def contents(page: str) -> Iterator[str]:
    """A table of contents for each section of a page that has links to other pages."""
    for section in page.split("\n## ")[1:]:
        heading = section.partition("\n")[0]
        links = re.findall(r"\]\(([^):#]+)\.md\)", section)
        inside = [link for link in links if not link.startswith("..")]
        if inside:
            yield "\n".join(["```{toctree}", ":hidden:", f":caption: {heading}", *inside, "```", ""])
