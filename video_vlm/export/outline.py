"""A video's memory as its documents need it: chapters with their scenes, each with its words and a small
picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from video_vlm.memory import MemoryView
from video_vlm.records import Level, Node, Span
from video_vlm.text import one_line

__all__ = ["Outline", "OutlinePart", "outline", "words"]

_JPEG = b"\xff\xd8\xff"


@dataclass(frozen=True, slots=True)
class OutlinePart:
    """A scene, or a chapter with its scenes. Text is one line each; ``jpeg`` is None where there is no
    picture."""

    number: int
    span: Span
    title: str
    summary: str
    coverage: float
    jpeg: bytes | None = None
    parts: tuple[OutlinePart, ...] = ()


@dataclass(frozen=True, slots=True)
class Outline:
    """A whole video. ``name`` is its file's, with folders before it where several are called so; ``missing``
    is what was not looked at."""

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
    """The chapters and scenes of a memory; of one that is not finished, its segments as scenes of one
    chapter.

    Args:
        memory: Of one video.
        name: What to call its file, where its own name will not do.
    """
    video, stored = memory.video, memory.stored
    whole = next(iter(memory.nodes(Level.VIDEO)), None)
    scenes = _parts(memory, memory.nodes(Level.SCENE) or memory.nodes(Level.SEGMENT))
    chapters = tuple(_with_scenes(part, scenes) for part in _parts(memory, memory.nodes(Level.CHAPTER)))
    if not chapters and scenes:
        chapters = (
            OutlinePart(1, scenes[0].span.cover(scenes[-1].span), "", "", 1.0, scenes[0].jpeg, scenes),
        )
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
    """What is said of a scene: its title and its summary, neither twice."""
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


def _with_scenes(chapter: OutlinePart, scenes: Sequence[OutlinePart]) -> OutlinePart:
    inside = tuple(scene for scene in scenes if chapter.span.contains(scene.span.middle))
    return OutlinePart(
        chapter.number, chapter.span, chapter.title, chapter.summary, chapter.coverage, chapter.jpeg, inside
    )


def _picture(memory: MemoryView, node: Node) -> bytes | None:
    """The first small picture of a stretch; what is no JPEG (an imported memory may hold anything) is
    none."""
    frames = (memory.poster(frame.id) for frame in memory.nodes(Level.FRAME, node.span))
    return next((jpeg for jpeg in frames if jpeg and jpeg.startswith(_JPEG)), None)
