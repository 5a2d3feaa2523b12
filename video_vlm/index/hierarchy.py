"""The upper levels of a memory: scenes, chapters and the video, from the segments that were written."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final, Literal

import cv2
import numpy as np

from video_vlm.index.observation_index import ObservationIndex
from video_vlm.memory import MemoryWriter, node_id
from video_vlm.memory.summaries import summarize, without_furniture
from video_vlm.records import (
    Chapter,
    Cut,
    Damage,
    Level,
    Node,
    Observation,
    ObservationKind,
    Shot,
    Span,
    Video,
)
from video_vlm.samplers.chapter_grouping import chapters
from video_vlm.samplers.scene_grouping import (
    GroupedSpan,
    Signature,
    divide,
    scenes,
    signature,
    snap,
    split_at,
    unseen,
)
from video_vlm.samplers.shots import tile
from video_vlm.settings import LevelSettings

__all__ = [
    "SHOTS",
    "chapter_borders",
    "count_shots",
    "covered",
    "cut_observation",
    "hole_observation",
    "holes_in",
    "shots_of",
    "upper_nodes",
]

SHOTS: Final = "shots"
"""The channel that cuts are written under, and holes, which come from another source."""

_HOLES: Final = "recording"
_HOLE: Final = "no pictures: nothing was recorded"

_ONE_IS_ENOUGH_SECONDS: Final = 600.0
_ALWAYS_DECLARED: Final = 20  # a container may have this many chapters at any length
_MIN_DECLARED_SECONDS: Final = 20.0  # if it has more, they are at least this long on average
_SAME_BORDER_SECONDS: Final = 0.5  # a cut this near to a mark is what the mark was set for
_TEXTS: Final[Mapping[Literal["hard", "fade", "dissolve"], str]] = {
    "hard": "cut",
    "fade": "fade between shots",
    "dissolve": "dissolve",
}


def cut_observation(cut: Cut) -> Observation:
    """A cut as an observation, which is the only record of where shots begin; its span is in seconds."""
    text = _TEXTS[cut.kind]
    return Observation(cut.span, ObservationKind.TRANSITION, text, source=SHOTS, confidence=0.9)


def hole_observation(span: Span) -> Observation:
    """A gap in the recording, a span in seconds, as an observation."""
    return Observation(span, ObservationKind.TRANSITION, _HOLE, source=_HOLES)


def holes_in(observations: Iterable[Observation]) -> tuple[Span, ...]:
    """The spans of the gaps among the observations, in order of time."""
    return tuple(sorted(one.span for one in observations if one.source == _HOLES))


def count_shots(observations: Sequence[Observation]) -> int:
    """The number of shots: one begins with the video, at every cut and after every gap. A gap is no shot."""
    cuts = [one.span for one in observations if one.source == SHOTS]
    behind = [hole.end for hole in holes_in(observations)]
    return 1 + len(cuts) + sum(not any(cut.start <= end <= cut.end for cut in cuts) for end in behind)


def shots_of(build: MemoryWriter, *, span: Span) -> tuple[Shot, ...]:
    """The shots of a video, by the cuts that were written; they tile ``span``.

    A segment begins at each cut, so the time of the cut is the start of that segment. A gap in the recording
    counts as one of them.
    """
    kinds = {text: kind for kind, text in _TEXTS.items()}
    starts = [segment.span.start for segment in build.segments()]
    written = build.observations(SHOTS)
    cuts = []
    for said in (one for one in written if one.source == SHOTS):
        inside = starts[bisect_left(starts, said.span.start) : bisect_right(starts, said.span.end)]
        if inside:
            at = min(inside, key=lambda start: abs(start - said.span.middle))
            cuts.append(Cut(said.span, kinds[said.text], said.confidence, at))
    edges = {edge for hole in holes_in(written) for edge in (hole.start, hole.end)} - {cut.at for cut in cuts}
    cuts += [Cut(Span(edge, edge), "hard", 1.0, edge) for edge in edges]
    return tile(sorted(cuts, key=lambda cut: cut.at), span=span)


def upper_nodes(
    build: MemoryWriter,
    observations: Iterable[Observation],
    *,
    video: Video,
    recipe: str,
    damage: Sequence[Damage],
    settings: LevelSettings | None = None,
) -> tuple[Node, ...]:
    """The nodes of the video, its chapters, scenes and segments, each with its parent and a summary that
    cites its children.

    ``recipe`` is the provenance of the nodes; ``damage`` lowers their coverage; ``settings`` holds the
    longest scene in seconds and the number of sentences of each level.
    """
    settings = settings or LevelSettings()
    segments = build.segments()
    scene_parts, chapter_spans = _tree(build, segments, video=video, max_seconds=settings.max_scene_seconds)
    said = ObservationIndex(without_furniture(observations, video.span))
    part_starts = [part.span.start for part in scene_parts]
    holes = set(holes_in(build.observations(SHOTS)))
    make = _NodeMaker(video, recipe, damage, settings)
    segments = tuple(_summarized(build, one, said, settings.segment_sentences) for one in segments)
    top = make.identity(Level.VIDEO, video.span)
    scene_nodes: list[Node] = []
    chapter_nodes: list[Node] = []
    for span in chapter_spans:
        parent = make.identity(Level.CHAPTER, span)
        first, after = (bisect_left(part_starts, edge) for edge in (span.start, span.end))
        inside = [
            make(
                Level.SCENE,
                part.span,
                said,
                parent=parent,
                children=_within(segments, part.span),
                title=_HOLE if part.span in holes else None,
            )
            for part in scene_parts[first:after]
        ]
        scene_nodes += inside
        chapter_nodes.append(
            make(Level.CHAPTER, span, said, parent=top, children=inside, title=_title(video, span))
        )
    whole = make(Level.VIDEO, video.span, said, parent=None, children=chapter_nodes, title=video.title)
    return whole, *chapter_nodes, *scene_nodes, *segments


def covered(span: Span, damage: Iterable[Damage]) -> float:
    """The share of ``span`` that is not damaged."""
    lost = sum(part.duration_seconds for one in damage if (part := span.overlap(one.span)) is not None)
    return 1.0 if span.duration_seconds == 0 else max(0.0, 1.0 - lost / span.duration_seconds)


class _NodeMaker:
    def __init__(self, video: Video, recipe: str, damage: Sequence[Damage], settings: LevelSettings) -> None:
        self._sentences = {
            Level.SCENE: settings.scene_sentences,
            Level.CHAPTER: settings.chapter_sentences,
            Level.VIDEO: settings.video_sentences,
        }
        self._video = video
        self._recipe = recipe
        self._damage = damage

    def identity(self, level: Level, span: Span) -> str:
        return node_id(self._video.content_id, level, span, self._recipe)

    def __call__(
        self,
        level: Level,
        span: Span,
        said: ObservationIndex,
        *,
        parent: str | None,
        children: Sequence[Node],
        title: str | None = None,
    ) -> Node:
        # By length: what was not looked at in a part was not looked at in the whole.
        whole = sum(child.span.duration_seconds for child in children)
        seen = sum(child.coverage * child.span.duration_seconds for child in children)
        return Node(
            self.identity(level, span),
            self._video.content_id,
            level,
            span,
            parent,
            summary=summarize(children, said.overlapping(span), max_sentences=self._sentences[level]),
            title=title,
            coverage=min(covered(span, self._damage), min(1.0, seen / whole) if whole else 1.0),
            provenance=self._recipe,
        )


def _summarized(build: MemoryWriter, segment: Node, said: ObservationIndex, max_sentences: int) -> Node:
    """From what was said in the end, as the levels above: then nothing depends on how a run went."""
    frames = build.frames(segment.id)
    return replace(
        segment, summary=summarize(frames, said.overlapping(segment.span), max_sentences=max_sentences)
    )


def _tree(
    build: MemoryWriter, segments: Sequence[Node], *, video: Video, max_seconds: float
) -> tuple[tuple[GroupedSpan, ...], tuple[Span, ...]]:
    """The scenes and the chapters. Both tile the video; a chapter begins with a scene, a scene with a
    segment."""
    shots = shots_of(build, span=video.span)
    borders = [segment.span.start for segment in segments]
    parts = scenes(shots, (_signatures(build, _within(segments, shot.span)) for shot in shots))
    parts = divide(parts, borders=borders, max_seconds=max_seconds)
    declared = _declared_chapters(video)
    if not declared:
        return parts, chapters(parts)
    # A segment begins at each mark, but for those a memory of before knew nothing of.
    marks = [border for border in chapter_borders(declared) if border < video.span.end]
    starts = [min(borders, key=lambda border: abs(border - mark)) for mark in marks]
    spans = [part.span for part in split_at([GroupedSpan(video.span, parts[0].signature)], starts)]
    return split_at(snap(parts, starts, reach_seconds=_SAME_BORDER_SECONDS), starts), tuple(spans)


def chapter_borders(declared: Sequence[Chapter]) -> tuple[float, ...]:
    """The times in seconds at which chapters begin that divide a video; empty where the marks are too dense
    to be chapters.

    A single chapter from the beginning divides nothing. Hundreds, one for each cue or second, are marks: such
    a video gets chapters of our own, and the marks stay among its observations. A first chapter that begins
    within half a second belongs to the beginning.
    """
    starts = [one.span.start for one in declared]
    is_dense = (
        len(starts) > _ALWAYS_DECLARED
        and (starts[-1] - starts[0]) / (len(starts) - 1) < _MIN_DECLARED_SECONDS
    )
    return () if is_dense else tuple(start for start in starts if start > _SAME_BORDER_SECONDS)


def _declared_chapters(video: Video) -> tuple[Chapter, ...]:
    """The container's chapters, where they divide the video. A single one may be the title of a short one."""
    is_titled = len(video.chapters) == 1 and video.span.duration_seconds <= _ONE_IS_ENOUGH_SECONDS
    return video.chapters if is_titled or chapter_borders(video.chapters) else ()


def _title(video: Video, span: Span) -> str | None:
    """The title of the container's chapter that covers most of ``span``."""
    shares = [
        (part.duration_seconds, chapter.title)
        for chapter in _declared_chapters(video)
        if (part := span.overlap(chapter.span)) is not None
    ]
    return max(shares)[1] or None if shares else None


def _signatures(build: MemoryWriter, segments: Sequence[Node]) -> list[Signature]:
    """Of a shot's first and last pieces: what its neighbours can be compared with."""
    ends = dict.fromkeys([segments[0], segments[-1]])
    found = []
    for segment in ends:
        frames = build.frames(segment.id)
        chosen = dict.fromkeys([*frames[:1], *frames[len(frames) // 2 : len(frames) // 2 + 1], *frames[-1:]])
        for frame in chosen:
            if (jpeg := build.poster(frame.id)) is None:
                continue
            image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR_RGB)
            if image is None:
                raise ValueError("a poster in the library is not a JPEG")
            found.append(signature(np.asarray(image, np.uint8)))
    return found or [unseen()]


def _within(segments: Sequence[Node], span: Span) -> Sequence[Node]:
    """Those that begin inside ``span``."""
    first, after = (
        bisect_left(segments, edge, key=lambda segment: segment.span.start) for edge in (span.start, span.end)
    )
    return segments[first:after]
