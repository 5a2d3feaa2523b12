"""``videoqa show``: what the library remembers of a video, as a tree."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from video_vlm.cli.session import Session
from video_vlm.cli.terminal import fitted, one_line, print_json, write
from video_vlm.records import Level, Node

if TYPE_CHECKING:
    from video_vlm.protocols import VideoMemory

__all__ = ["show"]


def show(
    session: Session,
    video: Annotated[
        str, typer.Argument(metavar="VIDEO", help="A video file, or the name or id of one in the library.")
    ],
    depth: Annotated[Level, typer.Option(help="The finest level to show.")] = Level.SEGMENT,
) -> None:
    """Show what is remembered of a video, as a tree.

    From the whole video over chapters, scenes and segments to frames; each line is one node: its level, its
    time, and what is known of it. The video must be in the library.

    Examples:

    \b
      videoqa show film.mp4
      videoqa show film.mp4 --depth scene
      videoqa show film.mp4 --depth frame --json
    """
    with session.open() as videos:
        memory = videos.memory(video)
        shown = set(list(Level)[list(Level).index(depth) :])
        lines = list(walk(memory, memory.nodes(Level.VIDEO), shown))
    if session.json:
        print_json([{**asdict(node), "depth": indent} for indent, node in lines])
        return
    for indent, node in lines:
        line = f"{'  ' * indent}{node.level.value} [{node.span}] {one_line(node.title or node.text)}"
        write(fitted(line.rstrip()))


def walk(
    memory: VideoMemory, nodes: Sequence[Node], shown: set[Level], indent: int = 0
) -> Iterator[tuple[int, Node]]:
    """Every node of the levels ``shown``, depth first, with its depth from ``indent`` on."""
    for node in nodes:
        if node.level in shown:
            yield indent, node
            yield from walk(memory, memory.children(node.id), shown, indent + 1)
