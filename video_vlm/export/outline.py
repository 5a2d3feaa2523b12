"""The outline of a video for documents: chapters with their scenes, each with its text and a thumbnail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from video_vlm.memory import MemoryView
from video_vlm.records import Level, Node, Span
from video_vlm.text import one_line

__all__ = ["Outline", "OutlinePart", "outline", "words"]

_JPEG = b"\xff\xd8\xff"


@dataclass(frozen=True, slots=True)
class OutlinePart:
    """A scene, or a chapter with its scenes.

    Texts are one line each; ``coverage`` is the share of the span that was looked at, in ``[0, 1]``; ``jpeg``
    the bytes of a thumbnail, None where there is none.
    """

    number: int
    span: Span
    title: str
    summary: str
    coverage: float
    jpeg: bytes | None = None
    parts: tuple[OutlinePart, ...] = ()


@dataclass(frozen=True, slots=True)
class Outline:
    """A whole video. ``name`` is that of its file, with folders where several files have it; ``missing``
    lists what was not looked at."""

    content_id: str
    name: str
    title: str
    summary: str
    span: Span
    chapters: tuple[OutlinePart, ...]
    missing: tuple[str, ...]
    complete: bool

    @property
    def scenes(self) -> tuple[OutlinePart, ...]:
        return tuple(scene for chapter in self.chapters for scene in chapter.parts)


def outline(memory: MemoryView, *, name: str | None = None) -> Outline:
    """The chapters and scenes of a memory; an unfinished one has its segments as scenes of one chapter.

    Args:
        memory: The memory of one video.
        name: The name of the outline; that of the file if None.
    """
    video, stored = memory.video, memory.stored
    whole = next(iter(memory.nodes(Level.VIDEO)), None)
    scenes = _parts(memory, memory.nodes(Level.SCENE) or memory.nodes(Level.SEGMENT))
    chapters = tuple(
        replace(part, parts=tuple(scene for scene in scenes if part.span.contains(scene.span.middle)))
        for part in _parts(memory, memory.nodes(Level.CHAPTER))
    )
    if not chapters and scenes:
        span = scenes[0].span.cover(scenes[-1].span)
        chapters = (OutlinePart(1, span, "", "", 1.0, scenes[0].jpeg, scenes),)
    return Outline(
        content_id=memory.content_id,
        name=one_line(name or video.path.name),
        title=one_line(video.title or "") or one_line(video.path.stem),
        summary=one_line(whole.text) if whole else "",
        span=whole.span if whole else video.span,
        chapters=chapters,
        missing=tuple(one_line(part) for part in stored.missing),
        complete=stored.complete,
    )


def words(part: OutlinePart) -> str:
    """The text of a scene: its title and its summary; the title only where the summary does not have it."""
    if not part.summary:
        return part.title or f"Scene {part.number}"
    return part.summary if part.title in part.summary else f"{part.title}. {part.summary}"


def _parts(memory: MemoryView, nodes: Sequence[Node]) -> tuple[OutlinePart, ...]:
    return tuple(
        OutlinePart(
            number,
            node.span,
            one_line(node.title or ""),
            one_line(node.text),
            node.coverage,
            _picture(memory, node),
        )
        for number, node in enumerate(nodes, start=1)
    )


def _picture(memory: MemoryView, node: Node) -> bytes | None:
    """The first thumbnail in a node's span. An imported memory may hold any bytes: only JPEG counts."""
    frames = (memory.poster(frame.id) for frame in memory.nodes(Level.FRAME, node.span))
    return next((jpeg for jpeg in frames if jpeg and jpeg.startswith(_JPEG)), None)
