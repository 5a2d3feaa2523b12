"""Draw the road from a file to a cited answer: the picture of the README.

    python examples/road_picture.py docs/pictures/road.svg

It needs nothing but Python. The same script writes the same bytes every time. Its colours follow the reader's
light or dark theme.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path

__all__ = ["BOXES", "ROADS", "Box", "draw", "write_picture"]

WIDTH, HEIGHT = 860, 380
BOX_HEIGHT = 64

STYLE = """
  text { font: 15px system-ui, sans-serif; text-anchor: middle }
  .box { fill: #f6f8fa; stroke: #57606a }
  .memory { fill: #ddf4ff; stroke: #0969da }
  .answer { fill: #dafbe1; stroke: #1a7f37 }
  .name { fill: #1f2328; font-weight: 600 }
  .note { fill: #57606a; font-size: 12px }
  .road { fill: none; stroke: #57606a; stroke-width: 1.6; marker-end: url(#tip) }
  .again { stroke-dasharray: 5 4 }
  #tip path { fill: #57606a }
  @media (prefers-color-scheme: dark) {
    .box { fill: #161b22; stroke: #8b949e }
    .memory { fill: #0c2d6b; stroke: #58a6ff }
    .answer { fill: #033a16; stroke: #3fb950 }
    .name { fill: #f0f6fc }
    .note { fill: #a5adb6 }
    .road { stroke: #8b949e }
    #tip path { fill: #8b949e }
  }
"""


@dataclass(frozen=True, slots=True)
class Box:
    """A station of the road: its middle in pixels, its name, and a line or two about it."""

    x: int
    y: int
    width: int
    name: str
    note: str
    kind: str = "box"

    def edge(self, side: str) -> tuple[float, float]:
        """The middle of a side: ``left``, ``right``, ``top`` or ``bottom``."""
        across = {"left": -self.width / 2, "right": self.width / 2}.get(side, 0.0)
        down = {"top": -BOX_HEIGHT / 2, "bottom": BOX_HEIGHT / 2}.get(side, 0.0)
        return self.x + across, self.y + down


BOXES = {
    "film": Box(95, 50, 150, "film", "decoded once"),
    "shots": Box(300, 50, 180, "shots and scenes", "cuts, dissolves, chapters"),
    "observations": Box(560, 50, 240, "observations", "subtitles, text, colours, motion"),
    "memory": Box(560, 180, 240, "memory", "video > chapter > scene > segment", "memory"),
    "question": Box(95, 180, 150, "question", "“... after the storm?”"),
    "operators": Box(300, 180, 180, "time operators", "after, between, how often"),
    "evidence": Box(560, 315, 240, "evidence", "moments with their seconds"),
    "answer": Box(230, 315, 320, "cited answer", "claims [0:23–0:26], coverage, receipt", "answer"),
}
"""The stations by name."""

ROADS = (
    ("film", "right", "shots", "left"),
    ("shots", "right", "observations", "left"),
    ("observations", "bottom", "memory", "top"),
    ("question", "right", "operators", "left"),
    ("operators", "right", "memory", "left"),
    ("memory", "bottom", "evidence", "top"),
    ("evidence", "left", "answer", "right"),
)
"""Straight ways: from a side of one box to a side of another."""

LOOK_AGAIN = "M 680 315 H 770 V 180 H 684"
"""Where the evidence is not sure: frames are decoded, and what is seen goes into the memory."""


def draw() -> str:
    """The picture as SVG."""
    title = "The road from a file to a cited answer"
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{title}">'
    tip = '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
    lines = [
        head,
        f"<title>{title}</title>",
        f"<style>{STYLE}</style>",
        f'{tip}<path d="M0 0 L8 4 L0 8 z"/></marker></defs>',
    ]
    return "\n".join(
        [*lines, *roads(), *(line for box in BOXES.values() for line in station(box)), "</svg>", ""]
    )


def roads() -> Iterator[str]:
    for start, leaving, end, arriving in ROADS:
        (x, y), (to_x, to_y) = BOXES[start].edge(leaving), BOXES[end].edge(arriving)
        yield f'<path class="road" d="M {x:g} {y:g} L {to_x:g} {to_y:g}"/>'
    yield f'<path class="road again" d="{LOOK_AGAIN}"/>'
    for row, words in enumerate(("not sure:", "look again")):
        yield f'<text class="note" x="815" y="{245 + 16 * row}">{words}</text>'


def station(box: Box) -> Iterator[str]:
    x, y = box.edge("left")[0], box.edge("top")[1]
    yield f'<rect class="{box.kind}" x="{x:g}" y="{y:g}" width="{box.width}" height="{BOX_HEIGHT}" rx="8"/>'
    yield f'<text class="name" x="{box.x}" y="{box.y - 3}">{escape(box.name)}</text>'
    yield f'<text class="note" x="{box.x}" y="{box.y + 18}">{escape(box.note)}</text>'


def write_picture(path: Path) -> Path:
    """Write the picture and give back where it is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(draw(), encoding="utf-8", newline="\n")
    return path


def main() -> None:
    """Write the picture that the command line names."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("path", type=Path, help="where to write it, e.g. docs/pictures/road.svg")
    print(write_picture(parser.parse_args().path))


if __name__ == "__main__":
    main()
