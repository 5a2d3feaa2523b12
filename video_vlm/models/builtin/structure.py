"""Questions about the video as a video: its length, shots, fades to black, camera."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from video_vlm.models.builtin.draft import Draft, draft
from video_vlm.models.builtin.query import Query
from video_vlm.operators import OperatorKind
from video_vlm.protocols import VideoMemory
from video_vlm.records import Citation, Claim, Level, Observation, ObservationKind, Span, clock

__all__ = ["find_structure"]

_MEDIUM = r"(?:video|film|movie|clip|recording|footage|episode|lecture|talk)"
_DARK = re.compile(
    r"\b(?:picture|screen|image|video|film|it|frame)s?\s+(?:\w+\s+)?(?:go|goes|gone|turn|turns|fade|fades|become|becomes|is|get|gets|went)\s+(?:\w+\s+)?(?:to\s+)?(?:dark|black)\b|\bfades?\s+to\s+black\b|\bblack\s+(?:screen|frame|picture)s?\b",
    re.I,
)
_EDGE_SECONDS = 0.75


def find_structure(query: Query, memory: VideoMemory) -> Draft | None:
    """An answer out of the timing alone, for the few questions that ask for it."""
    text = query.parsed.text
    for pattern, answer in _QUESTIONS:
        if pattern.search(text):
            return answer(query, memory)
    return None


def _length(_query: Query, memory: VideoMemory) -> Draft | None:
    whole = whole_span(memory)
    seconds = whole.duration_seconds
    claim = Claim(f"It lasts {clock(seconds)} ({seconds:.0f} seconds).", (Citation(whole),))
    return draft([claim], 1.0, "length")


def _count_of(what: str, level: Level) -> Callable[[Query, VideoMemory], Draft | None]:
    def count(_query: Query, memory: VideoMemory) -> Draft | None:
        nodes = memory.nodes(level)
        starts = ", ".join(clock(node.span.start) for node in nodes[:12])
        claim = Claim(
            f"{len(nodes)} {what}{'s' if len(nodes) != 1 else ''}, starting at {starts}.",
            tuple(Citation(node.span, node.title or "") for node in nodes),
        )
        return draft([claim], 0.9, f"count of {what}s") if nodes else None

    return count


def _shots(query: Query, memory: VideoMemory) -> Draft | None:
    """Cuts as the detector found them; a shot lies between two."""
    cuts = [item for item in memory.observations(kinds=[ObservationKind.TRANSITION]) if item.source == "shots"]
    asks_cuts = bool(re.search(r"\bcuts\b", query.parsed.text, re.I))
    count = len(cuts) + (not asks_cuts)
    what = "cut" if asks_cuts else "shot"
    where = f", the cuts at {', '.join(clock(item.span.end) for item in cuts[:12])}" if cuts else ""
    claim = Claim(
        f"{count} {what}{'s' if count != 1 else ''}{where}.",
        (Citation(whole_span(memory)), *(_cite(item) for item in cuts)),
    )
    return draft([claim], 0.85, "count of shots") if "shots" in memory.channels else None


def _dark(query: Query, memory: VideoMemory) -> Draft | None:
    """The stretches of black; those at the very edges are not "between" anything."""
    dark = _transitions(memory, "black")
    whole = whole_span(memory)
    if query.parsed.operator.kind is OperatorKind.BETWEEN:
        dark = [
            span for span in dark if span.start > whole.start + _EDGE_SECONDS and span.end < whole.end - _EDGE_SECONDS
        ]
    if not dark:
        return None
    cites = tuple(Citation(span, "black", ObservationKind.TRANSITION) for span in dark)
    if query.parsed.asks_when and query.parsed.extreme:
        cites = cites[-1:] if query.parsed.extreme == "last" else cites[:1]
    where = ", ".join(str(cite.span) for cite in cites)
    times = {1: "Once", 2: "Twice"}.get(len(cites), f"{len(cites)} times")
    return draft(
        [Claim(f"{times} ({len(cites)}): the picture is black at {where}.", cites)], 0.85, "stretches of black"
    )


def _transitions(memory: VideoMemory, word: str) -> list[Span]:
    found = memory.observations(kinds=[ObservationKind.TRANSITION])
    spans = [item.span for item in found if re.search(rf"\b{word}\b", item.text)]
    return _merged(spans)


def _merged(spans: Sequence[Span]) -> list[Span]:
    """Stretches that touch, as one: fade to black, black, fade in."""
    joined: list[Span] = []
    for span in sorted(spans):
        if joined and span.start <= joined[-1].end + 0.25:
            joined[-1] = joined[-1].cover(span)
        else:
            joined.append(span)
    return joined


def _camera(_query: Query, memory: VideoMemory) -> Draft | None:
    moves = [item for item in memory.observations(kinds=[ObservationKind.MOTION]) if "camera" in item.text]
    if not moves:
        return None
    claims = [Claim(f"At {clock(item.span.start)}: {item.text}.", (_cite(item),)) for item in moves[:8]]
    return draft(claims, 0.75, "camera")


def _cite(item: Observation) -> Citation:
    return Citation(item.span, item.text, item.kind)


def whole_span(memory: VideoMemory) -> Span:
    """The stretch that was really indexed."""
    nodes = memory.nodes(Level.VIDEO) or memory.nodes(Level.SEGMENT)
    return Span(nodes[0].span.start, nodes[-1].span.end) if nodes else memory.video.span


_QUESTIONS: tuple[tuple[re.Pattern[str], Callable[[Query, VideoMemory], Draft | None]], ...] = (
    (_DARK, _dark),
    (re.compile(rf"\bhow long (?:is|does|was|lasts?)\s+(?:the|this|that)\s+(?:whole |entire )?{_MEDIUM}\b(?!\s+(?:show|about))|\b(?:length|duration) of (?:the|this) {_MEDIUM}\b", re.I), _length),
    (re.compile(r"\b(?:how many|number of)\s+(?:different\s+|separate\s+)?(?:shots|cuts)\b", re.I), _shots),
    (re.compile(r"\b(?:how many|number of)\s+(?:different\s+|separate\s+)?scenes\b", re.I), _count_of("scene", Level.SCENE)),
    (re.compile(r"\b(?:how many|number of)\s+(?:different\s+|separate\s+)?chapters\b", re.I), _count_of("chapter", Level.CHAPTER)),
    (re.compile(r"\b(?:how|does|is|when|where|which way)\b.*\bcamera\b.*\b(?:move|moves|moving|pan|pans|zooms?|tilts?|still|static)\b", re.I), _camera),
)  # fmt: skip
