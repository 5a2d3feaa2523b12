"""How much of a video was looked at, and the span that was indexed."""

from __future__ import annotations

from video_vlm.protocols import VideoMemory
from video_vlm.records import Coverage, Level, Span

__all__ = ["coverage_of", "whole_span"]


def whole_span(memory: VideoMemory) -> Span:
    """The span that was indexed, in seconds; the container's where nothing was."""
    nodes = memory.nodes(Level.VIDEO) or memory.nodes(Level.SEGMENT)
    return Span(nodes[0].span.start, nodes[-1].span.end) if nodes else memory.video.span


def coverage_of(memory: VideoMemory, *, missing: tuple[str, ...] = ()) -> Coverage:
    """The numbers of scenes and of seconds that were looked at, and of all; the observers; ``missing`` as
    given."""
    scenes = memory.nodes(Level.SCENE)
    whole = whole_span(memory)
    seen = sum(node.span.duration_seconds * node.coverage for node in scenes)
    return Coverage(
        scenes_seen=sum(node.coverage > 0 for node in scenes),
        scenes_total=len(scenes),
        channels=tuple(memory.channels),
        seconds_seen=round(seen, 3),
        seconds_total=round(whole.duration_seconds, 3),
        missing=missing,
    )
