"""The picture of the README is what its script draws."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

from examples.road_picture import BOXES, ROADS

SVG = "{http://www.w3.org/2000/svg}"


def test_the_picture_in_the_documentation_is_the_one_that_the_script_draws(
    root: Path, tmp_path: Path
) -> None:
    script, drawn = root / "examples" / "road_picture.py", tmp_path / "new" / "road.svg"

    subprocess.run([sys.executable, script, drawn], check=True, capture_output=True, cwd=tmp_path)

    assert drawn.read_bytes() == (root / "docs" / "pictures" / "road.svg").read_bytes()


def test_the_picture_shows_every_station_and_follows_the_theme(root: Path) -> None:
    text = (root / "docs" / "pictures" / "road.svg").read_text(encoding="utf-8")
    picture = ElementTree.fromstring(text)

    assert len(picture.findall(f"{SVG}rect")) == len(BOXES)
    assert {box.name for box in BOXES.values()} <= {element.text for element in picture.iter(f"{SVG}text")}
    assert "prefers-color-scheme: dark" in text
    assert re.findall(r"(?:href|src)=", text) == []
    assert len(text) < 8000


def test_words_fit_into_their_boxes_and_roads_lead_from_box_to_box() -> None:
    assert [
        name for name, box in BOXES.items() if max(len(box.name) * 8.5, len(box.note) * 6.5) > box.width
    ] == []
    assert {name for start, _, end, _ in ROADS for name in (start, end)} == set(BOXES)
